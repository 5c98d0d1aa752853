package workload

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// tool is a deployment tool that marks the objects that it looks after.
type tool struct {
	name string
	// marks are the labels and annotations of which one marks an object.
	marks []string
	// keep and keepValue are the annotation by which the tool leaves an object alone when it goes from the source.
	keep, keepValue string
	// source is where the object is removed from.
	source string
}

var tools = []tool{
	{ // https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
		name: "Argo CD", marks: []string{"argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"},
		keep: "argocd.argoproj.io/sync-options", keepValue: "Prune=false", source: "the Application's source",
	},
	{ // https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
		name: "Flux", marks: []string{"kustomize.toolkit.fluxcd.io/name"},
		keep: "kustomize.toolkit.fluxcd.io/prune", keepValue: "disabled", source: "the Kustomization's source",
	},
	{ // https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource
		name: "Helm", marks: []string{"meta.helm.sh/release-name", "helm.toolkit.fluxcd.io/name"},
		keep: "helm.sh/resource-policy", keepValue: "keep", source: "the chart",
	},
}

// Tracked tells which deployment tool looks after an object, and how to make it let go. It is empty if none does, or it has been told to.
func Tracked(kind string, object metav1.Object) string {
	for _, t := range tools {
		if t.marked(object) && !strings.Contains(object.GetAnnotations()[t.keep], t.keepValue) {
			return fmt.Sprintf("%s looks after %s %s: let it deploy the annotation %s: %s first, then remove the object from %s",
				t.name, kind, object.GetName(), t.keep, t.keepValue, t.source)
		}
	}
	return ""
}

func (t *tool) marked(object metav1.Object) bool {
	for _, mark := range t.marks {
		if object.GetLabels()[mark] != "" || object.GetAnnotations()[mark] != "" {
			return true
		}
	}
	return false
}

// Untrack removes the marks of deployment tools from an object that they have let go.
func Untrack(object metav1.Object) {
	labels, annotations := object.GetLabels(), object.GetAnnotations()
	for _, t := range tools {
		for _, mark := range append(t.marks, t.keep, "meta.helm.sh/release-namespace", "kustomize.toolkit.fluxcd.io/namespace") {
			delete(labels, mark)
			delete(annotations, mark)
		}
	}
	object.SetLabels(labels)
	object.SetAnnotations(annotations)
}
