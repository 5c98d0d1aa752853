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

// plan is what a child needs: nothing (the zero value), one write, or none because of err.
type plan struct {
	verb Verb
	err  error
	// uid and resourceVersion are preconditions: the server answers 409 if they do not match.
	uid             types.UID
	resourceVersion string
	// replicas is sent with the intent of an autoscaled Deployment.
	replicas *int32
}

func (p plan) isEmpty() bool {
	return p.verb == "" && p.err == nil
}

// plan compares the desired state with the current object.
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

// guardedUpdate returns a write that succeeds only against the given object.
func (b *Batch) guardedUpdate(in *intent, current client.Object) plan {
	p := plan{verb: VerbUpdate, uid: current.GetUID(), replicas: b.applier.replicasToSend(in, current)}
	if p.replicas != nil {
		p.resourceVersion = current.GetResourceVersion()
	}
	return p
}

// scaledToZero reports whether an autoscaled Deployment has 0 replicas and needs some. An HPA never scales up from 0, so we must.
func scaledToZero(in *intent, current client.Object) bool {
	deployment, ok := current.(*appsv1.Deployment)
	if !ok || in.minimum == nil || *in.minimum == 0 || in.keepsZero {
		return false
	}
	n := deployment.Spec.Replicas
	return n != nil && *n == 0
}

// replicasToSend returns the replicas to send with an autoscaled Deployment, nil for none. Server-side apply resets a field to
// its default, here 1, when its only owner stops sending it: so while we still own it the current value is sent, and the
// autoscaler's first change takes it from us. At 0 the minimum is sent. It parses managedFields, so it is called only for
// writes.
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

// Applied reports whether the child was last applied from desired, an apply configuration. current is not nil.
func (a *Applier) Applied(current client.Object, desired any) bool {
	in, err := newIntent("", client.ObjectKeyFromObject(current), desired, nil)
	return err == nil && current.GetAnnotations()[a.Annotation] == in.hash
}

// upToDate reports whether the child was last applied from this intent and we still own every desired field. Changing a value
// takes the field from us, so values are not compared: neither the server's defaults nor a webhook that rewrites a value can
// cause repeated writes.
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

// ownFields returns our managedFields entry, or nil. If there are two it returns the one of an apply, which the server lists
// first.
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

// withoutEmptyParents returns the entry of a POST without lists and maps that lost all their fields to others. In such an entry
// each parent looks as if it were owned as a whole.
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

// IsOwnEntry reports whether fieldOwner wrote the managedFields entry, by creating the object or by server-side apply.
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

// isFormerOwner reports whether the controller is a deleted owner of the same name, whose children are about to be
// garbage-collected.
func (b *Batch) isFormerOwner(controller *metav1.OwnerReference) bool {
	gvk, err := b.applier.Client.GroupVersionKindFor(b.owner)
	if err != nil {
		return false
	}
	group := schema.FromAPIVersionAndKind(controller.APIVersion, controller.Kind).GroupKind()
	return group == gvk.GroupKind() && controller.Name == b.owner.GetName()
}
