package apply

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// pathFilter selects fields to take over from other managers.
type pathFilter func(fieldpath.Path) bool

// takeOverFilters returns filters for the fields that may have caused a refusal, from the narrowest to the widest: siblings of
// the refused fields within desired list items; all siblings; all of spec, for rules about fields that are far apart.
func takeOverFilters(refusal error, desired map[string]any) []pathFilter {
	refused := refusedFields(refusal)
	if len(refused) == 0 {
		return nil
	}
	near := func(p fieldpath.Path) bool {
		return ownable(p, desired) && slices.ContainsFunc(refused, func(names []string) bool { return below(p, names...) })
	}
	return []pathFilter{
		func(p fieldpath.Path) bool { return near(p) && inDesiredItems(p, desired) },
		near,
		func(p fieldpath.Path) bool { return ownable(p, desired) && below(p, "spec") },
	}
}

// indexes matches the brackets in a field's name, as in spec.ports[2].name.
var indexes = regexp.MustCompile(`\[[^\]]*\]`)

// refusedFields returns the parents of the refused fields, as names without indexes: the indexes are those of the merged
// object, which we have not read. It returns nothing if a field was refused as immutable: taking over its siblings cannot help.
func refusedFields(refusal error) [][]string {
	var status apierrors.APIStatus
	if !errors.As(refusal, &status) || status.Status().Details == nil {
		return nil
	}
	var refused [][]string
	for _, cause := range status.Status().Details.Causes {
		if strings.Contains(cause.Message, "immutable") || strings.Contains(cause.Message, "may not change once set") {
			return nil
		}
		names := strings.Split(indexes.ReplaceAllString(cause.Field, ""), ".")
		if names[0] == "spec" {
			refused = append(refused, names[:max(1, len(names)-1)])
		}
	}
	return refused
}

// restartedAt is the annotation written by kubectl rollout restart. Removing it would restart the pods once more.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// oldServiceAccount is the deprecated alias of serviceAccountName. The server sets it, so whoever changes the other field owns
// it.
const oldServiceAccount = "serviceAccount"

// ownable excludes fields that belong to others by contract: the size of an autoscaled Deployment, the time of a restart, and
// what the server sets.
func ownable(p fieldpath.Path, desired map[string]any) bool {
	switch {
	case below(p, "spec", "template", "metadata", "annotations", restartedAt), below(p, "spec", "template", "spec", oldServiceAccount):
		return false
	case below(p, "spec", "replicas"):
		return isDesired(p, desired)
	default:
		return true
	}
}

// below reports whether a path passes through fields of these names, ignoring list items in between.
func below(p fieldpath.Path, names ...string) bool {
	for i := range p {
		if len(names) == 0 {
			return true
		}
		if p[i].FieldName == nil {
			continue
		}
		if *p[i].FieldName != names[0] {
			return false
		}
		names = names[1:]
	}
	return len(names) == 0
}

// isDesired reports whether the path leads to a value in the desired state.
func isDesired(p fieldpath.Path, desired map[string]any) bool {
	value := any(desired)
	for i := range p {
		step, err := fieldpath.SerializePathElement(p[i])
		next, found := stepInto(value, step)
		if err != nil || !found {
			return false
		}
		value = next
	}
	return true
}

// inDesiredItems reports whether every list item on the path is in the desired state.
func inDesiredItems(p fieldpath.Path, desired map[string]any) bool {
	for i := range p {
		if p[i].Key != nil && !isDesired(p[:i+1], desired) {
			return false
		}
	}
	return true
}
