package workload

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/utils/ptr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/difference"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// setPodTemplate sets the patch that turns the generated pods into those that run, and tells what it cannot.
func (i *importer) setPodTemplate() error {
	i.setMetadata()
	generated, err := i.render()
	if err != nil {
		return err
	}
	i.adjust(generated)
	from, err := specified(generated)
	if err != nil {
		return err
	}
	to, err := specified(i.pod)
	if err != nil {
		return err
	}
	patch, err := patchFor(from, to)
	if err != nil {
		return err
	}
	if len(patch) > 0 {
		raw, err := json.Marshal(patch)
		if err != nil {
			return fmt.Errorf("encoding the patch: %w", err)
		}
		i.template().Spec = &runtime.RawExtension{Raw: raw}
		i.commentPatch(patch)
	}
	return i.compare(to)
}

// adjust brings the pod into the form of a generated one, where the difference means nothing.
func (i *importer) adjust(generated *corev1.PodSpec) {
	app := appOf(generated)
	i.app.Name = v1alpha1.ContainerName
	i.shareContainerPorts(app)
	if i.app.ImagePullPolicy == "" {
		i.app.ImagePullPolicy = app.ImagePullPolicy
	} else if app.ImagePullPolicy != i.app.ImagePullPolicy {
		i.spec.ImagePullPolicy, app.ImagePullPolicy = i.app.ImagePullPolicy, i.app.ImagePullPolicy
	}
	i.pod.ServiceAccountName = i.spec.ServiceAccountName
	if i.pod.EnableServiceLinks == nil {
		i.pod.EnableServiceLinks = ptr.To(corev1.DefaultEnableServiceLinks)
	}
}

func (i *importer) template() *v1alpha1.PodTemplatePatch {
	if i.spec.PodTemplate == nil {
		i.spec.PodTemplate = &v1alpha1.PodTemplatePatch{}
	}
	return i.spec.PodTemplate
}

// setMetadata keeps the labels and annotations of the pods: Services, policies and monitors select by them.
func (i *importer) setMetadata() {
	podLabels := maps.Clone(i.Deployment.Spec.Template.Labels)
	maps.DeleteFunc(podLabels, func(key, _ string) bool {
		return key == appsv1.DefaultDeploymentUniqueLabelKey || strings.HasPrefix(key, v1alpha1.SchemeGroupVersion.Group+"/")
	})
	if len(podLabels) > 0 {
		i.template().Labels = podLabels
	}
	if annotations := ownAnnotations(i.Deployment.Spec.Template.Annotations); len(annotations) > 0 {
		i.template().Annotations = annotations
	}
}

// render returns the pod that the operator makes of the Microservice as it is so far.
func (i *importer) render() (*corev1.PodSpec, error) {
	set, err := resources.For(resources.Input{Microservice: i.Microservice, Settings: resources.DefaultSettings()})
	if err != nil {
		return nil, fmt.Errorf("rendering it: %w", err)
	}
	raw, err := json.Marshal(set.Deployment.Spec.Template.Spec)
	if err != nil {
		return nil, fmt.Errorf("rendering it: %w", err)
	}
	pod := &corev1.PodSpec{}
	return pod, json.Unmarshal(raw, pod)
}

func appOf(pod *corev1.PodSpec) *corev1.Container {
	return &pod.Containers[slices.IndexFunc(pod.Containers, func(c corev1.Container) bool { return c.Name == v1alpha1.ContainerName })]
}

// shareContainerPorts makes the ports of the container those that are generated, as far as the numbers are the same: ports of a
// container inform people and name numbers, and open nothing.
func (i *importer) shareContainerPorts(app *corev1.Container) {
	ports := slices.Clone(app.Ports)
	for _, own := range i.app.Ports {
		if own.Protocol == "" {
			own.Protocol = corev1.ProtocolTCP
		}
		if !slices.ContainsFunc(app.Ports, func(p corev1.ContainerPort) bool {
			return p.ContainerPort == own.ContainerPort && p.Protocol == own.Protocol
		}) {
			ports = append(ports, own)
		}
	}
	i.app.Ports = ports
}

// compare renders the Microservice with its patch, and tells what differs from the pod.
func (i *importer) compare(want map[string]any) error {
	generated, err := i.render()
	if err != nil {
		return err
	}
	for n := range generated.Containers { // where the pod has none, the server sets the one that the operator sends
		for m := range i.pod.Containers {
			if c := &i.pod.Containers[m]; c.Name == generated.Containers[n].Name && c.ImagePullPolicy == "" {
				generated.Containers[n].ImagePullPolicy = ""
			}
		}
	}
	got, err := specified(generated)
	if err != nil {
		return err
	}
	for _, d := range difference.All(want, got) {
		i.Differences = append(i.Differences, fmt.Sprintf("%s: %s, will be %s", d.Path, difference.Words(d.Want), difference.Words(d.Got)))
	}
	return nil
}

// commentPatch marks what the patch loosens.
func (i *importer) commentPatch(patch map[string]any) {
	const tighten = "remove it to be as strict as the operator's default"
	i.commentDropped(patch, map[string]string{"securityContext": tighten, "topologySpreadConstraints": tighten}, "podTemplate", "spec")
	for _, key := range []string{"enableServiceLinks", "automountServiceAccountToken"} {
		if patch[key] == true {
			i.comment(tighten, "podTemplate", "spec", key)
		}
	}
	app := named(patch["containers"], v1alpha1.ContainerName)
	i.commentDropped(app, map[string]string{
		"securityContext": tighten,
		"lifecycle":       "remove it, so that a pod serves for 5 s more while it is taken out of the Service",
		"readinessProbe":  "remove it for a probe of the first port",
	}, "podTemplate", "spec", "containers", v1alpha1.ContainerName)
}

// commentDropped comments the fields of a patch that drop what the operator would set, and put nothing in its place.
func (i *importer) commentDropped(patch map[string]any, texts map[string]string, path ...string) {
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		if reflect.DeepEqual(patch[key], replace()) || reflect.DeepEqual(patch[key], []any{replace()}) {
			i.comment(texts[key], append(slices.Clone(path), key)...)
		}
	}
}

// specified returns the fields of a pod without those that the API server would fill in.
func specified(pod *corev1.PodSpec) (map[string]any, error) {
	fields, err := difference.Fields(pod)
	if err != nil {
		return nil, fmt.Errorf("encoding the pod: %w", err)
	}
	dropDefaults(fields)
	return fields, nil
}

// patchFor returns a strategic-merge patch without nulls, which a client-side apply would lose.
func patchFor(from, to map[string]any) (map[string]any, error) {
	patch, err := strategicpatch.CreateTwoWayMergeMapPatch(from, to, corev1.PodSpec{})
	if err != nil {
		return nil, fmt.Errorf("comparing the pods: %w", err)
	}
	return withoutNulls(patch, from, to), nil
}

// withoutNulls replaces the map around a null by what should be there, and drops the order of lists, for which the operator has its own.
func withoutNulls(patch, from, to map[string]any) map[string]any {
	for key, value := range patch {
		if strings.HasPrefix(key, "$setElementOrder/") {
			delete(patch, key)
			continue
		}
		patch[key] = withoutNull(value, from[key], to[key])
	}
	return patch
}

// replace is the directive by which what is there is replaced as a whole.
func replace() map[string]any { return map[string]any{"$patch": "replace"} }

func withoutNull(value, from, to any) any {
	before, _ := from.(map[string]any)
	after, _ := to.(map[string]any)
	_, isList := from.([]any)
	switch v := value.(type) {
	case map[string]any:
		if !hasNull(v) {
			return withoutNulls(v, before, after)
		}
		whole := replace()
		maps.Copy(whole, after)
		return whole
	case []any:
		if after, _ := to.([]any); len(after) == 0 || slices.ContainsFunc(v, isNotNamed) {
			return append([]any{replace()}, after...)
		}
		for n, item := range v {
			if fields, isMap := item.(map[string]any); isMap {
				v[n] = withoutNulls(fields, named(from, fields["name"]), named(to, fields["name"]))
			}
		}
	case nil:
		if isList {
			return []any{replace()}
		}
		return replace()
	}
	return value
}

// isNotNamed reports whether an item that loses fields, or goes, is found by something else than its name.
func isNotNamed(item any) bool {
	fields, isMap := item.(map[string]any)
	_, goes := fields["$patch"]
	return isMap && fields["name"] == nil && (goes || hasNull(fields))
}

func hasNull(fields map[string]any) bool {
	for _, value := range fields {
		nested, _ := value.(map[string]any)
		if value == nil || hasNull(nested) {
			return true
		}
	}
	return false
}

// named returns the item of a list with a name.
func named(list, name any) map[string]any {
	items, _ := list.([]any)
	for _, item := range items {
		if fields, isMap := item.(map[string]any); isMap && name != nil && fields["name"] == name {
			return fields
		}
	}
	return nil
}
