package apply

import (
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// plan is what one child needs: nothing (the zero value), one write, or no write because of err.
type plan struct {
	verb Verb
	err  error
	// uid and resourceVersion guard the write: the server answers 409 where they do not fit.
	uid             types.UID
	resourceVersion string
	// replicas is sent beside the intent, for a Deployment whose size is an autoscaler's.
	replicas *int32
}

func (p plan) isEmpty() bool {
	return p.verb == "" && p.err == nil
}

// plan compares the intent with what is there.
func (b *Batch) plan(in *intent, current client.Object, exists bool) plan {
	if !exists {
		return plan{verb: VerbCreate, replicas: in.minimum}
	}
	if !metav1.IsControlledBy(current, b.owner) {
		return plan{verb: VerbUpdate, err: b.conflict(in.kind, current)}
	}
	if !scaledToZero(in, current) && b.applier.upToDate(in, current) {
		return plan{}
	}
	return b.guardedUpdate(in, current)
}

// guardedUpdate is a write over live, and over nothing else.
func (b *Batch) guardedUpdate(in *intent, current client.Object) plan {
	p := plan{verb: VerbUpdate, uid: current.GetUID(), replicas: b.applier.replicasToSend(in, current)}
	if p.replicas != nil {
		p.resourceVersion = current.GetResourceVersion()
	}
	return p
}

// scaledToZero says that nothing runs where an autoscaler shall decide. It does nothing at 0, so that is a reason to write.
func scaledToZero(in *intent, current client.Object) bool {
	deployment, ok := current.(*appsv1.Deployment)
	if !ok || in.minimum == nil || *in.minimum == 0 {
		return false
	}
	n := deployment.Spec.Replicas
	return n != nil && *n == 0
}

// replicasToSend says which number of replicas to send with a Deployment whose size is an autoscaler's; nil for none. Server-side
// apply resets a field to its default, here 1, when its only owner stops sending it: so while we still own it the live
// number is sent again, and the autoscaler's first change takes it from us. From 0 the minimum is sent. It decodes the
// managedFields, so it is for what is written, not for every look.
func (a *Applier) replicasToSend(in *intent, current client.Object) *int32 {
	deployment, ok := current.(*appsv1.Deployment)
	switch {
	case !ok || in.minimum == nil:
		return nil
	case scaledToZero(in, current):
		return in.minimum
	case owns(a.ownFields(current), "f:spec", "f:replicas"):
		return deployment.Spec.Replicas
	default:
		return nil
	}
}

// Applied reports whether desired, an apply configuration, is what was last asked for of the child. live is not nil.
func (a *Applier) Applied(current client.Object, desired any) bool {
	in, err := newIntent("", client.ObjectKeyFromObject(current), desired, nil)
	return err == nil && current.GetAnnotations()[a.Annotation] == in.hash
}

// upToDate says whether live is what was last asked for: the hash is the same, and every field we want is still ours.
// Whoever changes the value of a field takes it from us, so no values are compared, and neither the server's defaults
// nor a webhook that rewrites a value can start a fight.
func (a *Applier) upToDate(in *intent, current client.Object) bool {
	if current.GetAnnotations()[a.Annotation] != in.hash {
		return false
	}
	entry := a.ownFields(current)
	if a.observed.matches(in, current.GetUID(), entry) {
		return true
	}
	if !in.ownedBy(entry) {
		return false
	}
	a.observed.record(in, current, entry)
	return true
}

// ownFields is our entry in the managedFields, nil where there is none. Of two it is the one of an apply, which the server puts first.
func (a *Applier) ownFields(object client.Object) []byte {
	entries := object.GetManagedFields()
	for i := range entries {
		switch e := &entries[i]; {
		case !IsOwnEntry(*e, a.FieldOwner):
		case e.Operation == metav1.ManagedFieldsOperationUpdate && slices.ContainsFunc(entries, a.isForeign):
			return a.withoutEmptyParents(e.FieldsV1.GetRawBytes(), entries)
		default:
			return e.FieldsV1.GetRawBytes()
		}
	}
	return nil
}

// withoutEmptyParents is the entry of a POST without the lists and maps of which only the hull is still ours. It has a hull for each, and
// that looks like one that is owned as a whole; but then nobody else has a part of it.
func (a *Applier) withoutEmptyParents(entry []byte, all []metav1.ManagedFieldsEntry) []byte {
	var ours fields
	if json.Unmarshal(entry, &ours) != nil {
		return entry
	}
	for i := range all {
		var theirs fields
		if a.isForeign(all[i]) && json.Unmarshal(all[i].FieldsV1.GetRawBytes(), &theirs) == nil {
			ours.dropEmptyParents(theirs)
		}
	}
	left, err := json.Marshal(ours)
	if err != nil {
		return entry
	}
	return left
}

// IsOwnEntry says whether a managedFields entry is one that fieldOwner writes: by creating the object, or by server-side apply.
func IsOwnEntry(e metav1.ManagedFieldsEntry, fieldOwner string) bool {
	return Relevant(e) && e.Manager == fieldOwner
}

func (b *Batch) conflict(kind string, current client.Object) error {
	controller := metav1.GetControllerOf(current)
	if controller == nil {
		return &NameConflictError{Kind: kind, Name: current.GetName()}
	}
	if b.isFormerOwner(controller) {
		return &FormerOwnerError{Kind: kind, Name: current.GetName()}
	}
	return &NameConflictError{Kind: kind, Name: current.GetName(), Controller: controller.Kind + " " + controller.Name}
}

// isFormerOwner recognises a deleted owner of the same name: its children are about to be collected.
func (b *Batch) isFormerOwner(controller *metav1.OwnerReference) bool {
	gvk, err := b.applier.Client.GroupVersionKindFor(b.owner)
	if err != nil {
		return false
	}
	group := schema.FromAPIVersionAndKind(controller.APIVersion, controller.Kind).GroupKind()
	return group == gvk.GroupKind() && controller.Name == b.owner.GetName()
}
