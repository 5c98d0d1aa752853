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
	// replicas is sent beside the wish, for a Deployment whose size is an autoscaler's.
	replicas *int32
}

func (p plan) inPlace() bool {
	return p.verb == "" && p.err == nil
}

// plan compares the wish with what is there.
func (b *Batch) plan(w *wish, live client.Object, exists bool) plan {
	if !exists {
		return plan{verb: Create, replicas: w.minimum}
	}
	if !metav1.IsControlledBy(live, b.owner) {
		return plan{verb: Update, err: b.conflict(w.kind, live)}
	}
	if !stopped(w, live) && b.door.inPlace(w, live) {
		return plan{}
	}
	return b.guarded(w, live)
}

// guarded is a write over live, and over nothing else.
func (b *Batch) guarded(w *wish, live client.Object) plan {
	p := plan{verb: Update, uid: live.GetUID(), replicas: b.door.size(w, live)}
	if p.replicas != nil {
		p.resourceVersion = live.GetResourceVersion()
	}
	return p
}

// stopped says that nothing runs where an autoscaler shall decide. It does nothing at 0, so that is a reason to write.
func stopped(w *wish, live client.Object) bool {
	deployment, ok := live.(*appsv1.Deployment)
	if !ok || w.minimum == nil || *w.minimum == 0 {
		return false
	}
	n := deployment.Spec.Replicas
	return n != nil && *n == 0
}

// size says which number of replicas to send with a Deployment whose size is an autoscaler's; nil for none. Server-side
// apply resets a field to its default, here 1, when its only owner stops sending it: so while we still own it the live
// number is sent again, and the autoscaler's first change takes it from us. From 0 the minimum is sent. It decodes the
// managedFields, so it is for what is written, not for every look.
func (d *Door) size(w *wish, live client.Object) *int32 {
	deployment, ok := live.(*appsv1.Deployment)
	switch {
	case !ok || w.minimum == nil:
		return nil
	case stopped(w, live):
		return w.minimum
	case owned(d.entryOf(live), "f:spec", "f:replicas"):
		return deployment.Spec.Replicas
	default:
		return nil
	}
}

// Applied reports whether desired, an apply configuration, is what was last asked for of the child. live is not nil.
func (d *Door) Applied(live client.Object, desired any) bool {
	w, err := newWish("", client.ObjectKeyFromObject(live), desired, nil)
	return err == nil && live.GetAnnotations()[d.Annotation] == w.hash
}

// inPlace says whether live is what was last asked for: the hash is the same, and every field we want is still ours.
// Whoever changes the value of a field takes it from us, so no values are compared, and neither the server's defaults
// nor a webhook that rewrites a value can start a fight.
func (d *Door) inPlace(w *wish, live client.Object) bool {
	if live.GetAnnotations()[d.Annotation] != w.hash {
		return false
	}
	entry := d.entryOf(live)
	if d.memory.matches(w, live.GetUID(), entry) {
		return true
	}
	if !w.ownedBy(entry) {
		return false
	}
	d.memory.remember(w, live, entry)
	return true
}

// entryOf is our entry in the managedFields, nil where there is none. Of two it is the one of an apply, which the server puts first.
func (d *Door) entryOf(object client.Object) []byte {
	entries := object.GetManagedFields()
	for i := range entries {
		switch e := &entries[i]; {
		case !OwnEntry(*e, d.FieldOwner):
		case e.Operation == metav1.ManagedFieldsOperationUpdate && slices.ContainsFunc(entries, d.foreign):
			return d.withoutLost(e.FieldsV1.GetRawBytes(), entries)
		default:
			return e.FieldsV1.GetRawBytes()
		}
	}
	return nil
}

// withoutLost is the entry of a POST without the lists and maps of which only the hull is still ours. It has a hull for each, and
// that looks like one that is owned as a whole; but then nobody else has a part of it.
func (d *Door) withoutLost(entry []byte, all []metav1.ManagedFieldsEntry) []byte {
	var ours fields
	if json.Unmarshal(entry, &ours) != nil {
		return entry
	}
	for i := range all {
		var theirs fields
		if d.foreign(all[i]) && json.Unmarshal(all[i].FieldsV1.GetRawBytes(), &theirs) == nil {
			ours.dropHulls(theirs)
		}
	}
	left, err := json.Marshal(ours)
	if err != nil {
		return entry
	}
	return left
}

// OwnEntry says whether a managedFields entry is one that fieldOwner writes: by creating the object, or by server-side apply.
func OwnEntry(e metav1.ManagedFieldsEntry, fieldOwner string) bool {
	return Relevant(e) && e.Manager == fieldOwner
}

func (b *Batch) conflict(kind string, live client.Object) error {
	controller := metav1.GetControllerOf(live)
	if controller == nil {
		return &NameConflictError{Kind: kind, Name: live.GetName()}
	}
	if b.isFormerOwner(controller) {
		return &GoingAwayError{Kind: kind, Name: live.GetName()}
	}
	return &NameConflictError{Kind: kind, Name: live.GetName(), Controller: controller.Kind + " " + controller.Name}
}

// isFormerOwner recognises a deleted owner of the same name: its children are about to be collected.
func (b *Batch) isFormerOwner(controller *metav1.OwnerReference) bool {
	gvk, err := b.door.Client.GroupVersionKindFor(b.owner)
	if err != nil {
		return false
	}
	group := schema.FromAPIVersionAndKind(controller.APIVersion, controller.Kind).GroupKind()
	return group == gvk.GroupKind() && controller.Name == b.owner.GetName()
}
