package apply

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// pathFilter says whether a field of somebody else is to become ours.
type pathFilter func(fieldpath.Path) bool

// takeOverFilters are what may be to blame for a refusal, from the fewest to the most: what is beside the refused fields, within
// those items of lists that are wanted, too; then all that is there; then all of spec, for a rule about fields that are far from
// each other.
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

// indexes are the brackets in a field's name: spec.ports[2].name.
var indexes = regexp.MustCompile(`\[[^\]]*\]`)

// refusedFields are the structs and lists that hold what the server refuses, as names without indexes: those are of the merged
// object, which nobody has seen. There are none where a field is refused because it cannot be changed: whoever owns what
// beside it, it cannot.
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

// restartedAt is what kubectl rollout restart writes. To drop it would restart the pods once more.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// oldServiceAccount is an old name of serviceAccountName. The server sets it, and whoever changes the other then owns it.
const oldServiceAccount = "serviceAccount"

// ownable leaves out what is somebody else's by contract: the size, where an autoscaler decides, the time of a restart, and what
// the server sets.
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

// below says whether a path leads through fields of these names, whatever items of lists are between them.
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

// isDesired says whether the path leads to something in the intent.
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

// inDesiredItems says whether all items of lists on the path are in the intent.
func inDesiredItems(p fieldpath.Path, desired map[string]any) bool {
	for i := range p {
		if p[i].Key != nil && !isDesired(p[:i+1], desired) {
			return false
		}
	}
	return true
}
