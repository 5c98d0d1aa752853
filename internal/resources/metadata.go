package resources

import (
	"maps"
	"reflect"
	"regexp"
	"slices"

	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// copiedLabels are the labels that children always inherit, by which tools group and show objects. Others are inherited if the
// settings name them: a deployment tool's tracking labels would make it take the children for its own.
var copiedLabels = []string{
	"app.kubernetes.io/part-of",
	"backstage.io/kubernetes-id", // https://backstage.io/docs/features/kubernetes/configuration
}

// reserved is the expression of the CRD's rule for spec.childMetadata.
var reserved = regexp.MustCompile(`^((apps[.]microservice[.]dev|argocd[.]argoproj[.]io|(kustomize|helm)[.]toolkit[.]fluxcd[.]io|meta[.]helm[.]sh|` +
	`applyset[.]kubernetes[.]io|kubectl[.]kubernetes[.]io|deployment[.]kubernetes[.]io)/|app[.]kubernetes[.]io/(name|component|managed-by|instance)$)`)

// Reserved reports whether no user sets this key on children: it belongs to the operator, to Kubernetes, or to a tool that
// tracks by it what it deploys.
func Reserved(key string) bool {
	return reserved.MatchString(key)
}

// CopiedLabels returns the labels of ms that its children inherit. Pods do not, so that an edit of a label restarts nothing.
func (s *Settings) CopiedLabels(ms *v1alpha1.Microservice) map[string]string {
	copied := map[string]string{}
	for _, key := range slices.Concat(copiedLabels, s.CopyLabels) {
		if value, found := ms.Labels[key]; found {
			copied[key] = value
		}
	}
	return copied
}

// addMetadata adds the inherited labels to each child, and what the spec wants on all of them. The builders' own win.
func (s *Set) addMetadata(ms *v1alpha1.Microservice, settings *Settings) {
	added := metav1ac.ObjectMeta().WithLabels(settings.CopiedLabels(ms))
	if o := ms.Spec.ChildMetadata; o != nil {
		added.WithLabels(o.Labels).WithAnnotations(o.Annotations)
	}
	if len(added.Labels)+len(added.Annotations) == 0 {
		return
	}
	maps.DeleteFunc(added.Labels, func(key, _ string) bool { return Reserved(key) })
	for _, child := range s.All() {
		meta := metadataOf(child)
		meta.WithLabels(added.Labels)
		own := meta.Annotations
		meta.Annotations = nil
		meta.WithAnnotations(added.Annotations).WithAnnotations(own)
	}
}

// metadataOf returns the metadata that every apply configuration embeds.
func metadataOf(child any) *metav1ac.ObjectMetaApplyConfiguration {
	return reflect.ValueOf(child).Elem().FieldByName("ObjectMetaApplyConfiguration").Interface().(*metav1ac.ObjectMetaApplyConfiguration)
}
