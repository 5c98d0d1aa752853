package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/status"
	"github.com/microservice-dev/microservice-operator/internal/workload"
)

// Annotations of a takeover that is under way. They make it possible to go on after an interruption.
const (
	// annotationTakeover on the old Deployment is the UID of the Microservice that takes it over.
	annotationTakeover = "apps.microservice.dev/takeover"
	// annotationMinReplicas on the Microservice is the value of spec.autoscaling.minReplicas that it gets back in the end, - for none.
	annotationMinReplicas = "apps.microservice.dev/takeover-min-replicas"
)

func newTakeover(o *options) *cobra.Command {
	w := waitOptions{condition: v1alpha1.ConditionReady}
	var dryRun bool
	var backup string
	c := &cobra.Command{
		Use:   "takeover NAME",
		Short: "Hand a running Deployment over to the Microservice of its name, without an outage",
		Long: `Hand a running Deployment over to the Microservice of its name, without an outage.

Create the Microservice first, with spec.paused: true, as import deployment writes it. The pods go on serving: their ReplicaSet is
adopted by the operator's Deployment, which then rolls from it as in any update. The Service keeps its address.
It can be interrupted at any time, and run again: it goes on where it was. The old objects are saved to a file first.`,
		Example:           o.example("$ import deployment web -n shop > web.yaml\nkubectl apply -f web.yaml\n$ takeover web -n shop --dry-run\n$ takeover web -n shop"),
		Args:              exactly(1, "the name of a Microservice"),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			if err := w.check(); err != nil {
				return err
			}
			kube, key, err := o.connect(args[0])
			if err != nil {
				return err
			}
			if backup == "" {
				backup = key.Name + "-before-takeover.yaml"
			}
			t := &takeover{WithWatch: kube, options: o, key: key, backup: backup, wait: w}
			return t.run(c.Context(), dryRun)
		},
	}
	c.Flags().DurationVar(&w.timeout, "timeout", 10*time.Minute, "How long to wait for the Microservice to be Ready.")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "Check everything, and print the steps only.")
	c.Flags().StringVar(&backup, "backup", "", "The file for the old objects. Default: NAME-before-takeover.yaml.")
	return c
}

// takeover hands a Deployment over. What has been done is read from the cluster.
type takeover struct {
	client.WithWatch
	*options
	key    dependency.Key
	backup string
	wait   waitOptions

	ms *v1alpha1.Microservice
	// old is the Deployment that is handed over, nil when it is gone.
	old *appsv1.Deployment
	// around are the objects of the namespace that may belong to it.
	around []client.Object
	// given are those that the operator would make under the same name.
	given []client.Object
}

// step is one step of a takeover. It does nothing if it has been done.
type step struct {
	words string
	do    func(context.Context) error
}

func (t *takeover) steps() []step {
	return []step{
		{"save the old objects to " + t.backup, t.save},
		{"pause the old Deployment", t.pause},
		{"label its ReplicaSets and pods", t.label},
		{"wait until the cluster finds the pods by the label", t.found},
		{"give the objects of its name to the Microservice, and lead the Service to the labelled pods", t.give},
		{"delete autoscalers of other names; the number of pods stays", t.deleteAutoscalers},
		{"delete the old Deployment without its pods", t.orphan},
		{"let the operator go on", t.unpause},
		{"wait until the Microservice is Ready", func(ctx context.Context) error { return t.follow(ctx, t, t.key, t.wait) }},
		{"set spec.autoscaling.minReplicas as it was", t.restoreMinReplicas},
	}
}

func (t *takeover) run(ctx context.Context, dryRun bool) error {
	if err := t.load(ctx); err != nil {
		return err
	}
	if err := t.preflight(ctx); err != nil {
		return err
	}
	steps := t.steps()
	for n, s := range steps {
		print(t.Out, "%d/%d %s\n", n+1, len(steps), s.words)
		if dryRun {
			continue
		}
		if err := s.do(ctx); err != nil {
			return t.stopped(n, err)
		}
	}
	if dryRun {
		print(t.Out, "Nothing was changed. Every check has passed.\n")
		return nil
	}
	print(t.Out, "%s is taken over. Remove spec.paused from its manifest.\n", t.key.Name)
	return nil
}

// stopped tells how to go on, and the way back.
func (t *takeover) stopped(n int, err error) error {
	if n == 0 {
		return err
	}
	// What exists is replaced, what was deleted is created.
	back := fmt.Sprintf("kubectl replace -f %[1]s; kubectl create -f %[1]s", t.backup)
	if !t.ms.Spec.Paused {
		back = fmt.Sprintf("%s eject %s -n %s", t.called, t.key.Name, t.key.Namespace)
	}
	return &exitError{code: code(err), message: fmt.Sprintf("%v\nThe pods go on serving. To go on, run the same command again. The way back: %s", err, back)}
}

// load reads everything. A Deployment that the Microservice controls is not the old one.
func (t *takeover) load(ctx context.Context) (err error) {
	if t.ms, err = inspect.Get(ctx, t, t.key); err != nil {
		return err
	}
	if t.around, err = inspect.ObjectsIn(ctx, t, t.key.Namespace, inspect.ChildLists(t.ms)...); err != nil {
		return err
	}
	desired, err := desiredKinds(t.ms)
	if err != nil {
		return err
	}
	for _, object := range t.around {
		d, isDeployment := object.(*appsv1.Deployment)
		switch {
		case object.GetName() != t.key.Name:
		case isDeployment && !metav1.IsControlledBy(d, t.ms):
			t.old = d
		case !isDeployment && desired.Has(inspect.KindOf(object)):
			t.given = append(t.given, object)
		}
	}
	return nil
}

// desiredKinds are the kinds of which the operator makes an object for a Microservice.
func desiredKinds(ms *v1alpha1.Microservice) (sets.Set[string], error) {
	children, _, err := newRenderer(explain.NewWorld(ms)).children(ms)
	kinds := sets.New[string]()
	for _, child := range children {
		kinds.Insert(child.kind)
	}
	return kinds, err
}

// preflight finds what would stop it on the way. What concerns the old Deployment does not matter any more when that is gone.
func (t *takeover) preflight(ctx context.Context) error {
	var wrong []string
	if t.old != nil {
		wrong = append(t.wrongDeployment(), t.trackers()...)
		if !t.ms.Spec.Paused {
			wrong = append(wrong, "the Microservice is not paused: set spec.paused to true, and try again")
		} else if t.ms.Status.ObservedGeneration != t.ms.Generation {
			wrong = append(wrong, fmt.Sprintf("the operator has not seen the Microservice: does it run? See %s check -n %s", t.called, t.key.Namespace))
		}
	}
	missing, err := missingRights(ctx, t, t.key.Namespace, append(optionalRights(t.given), takeoverRights...))
	if err != nil {
		return err
	}
	wrong = append(wrong, missing...)
	if len(wrong) > 0 {
		return failed(ExitNo, "%s cannot be taken over:\n- %s", t.key.Name, strings.Join(wrong, "\n- "))
	}
	return nil
}

// wrongDeployment tells what is wrong with the old Deployment.
func (t *takeover) wrongDeployment() (wrong []string) {
	if owner := metav1.GetControllerOf(t.old); owner != nil {
		wrong = append(wrong, fmt.Sprintf("the Deployment belongs to %s %s", owner.Kind, owner.Name))
	}
	if t.begun() {
		return wrong
	}
	if t.old.Spec.Paused {
		wrong = append(wrong, "the Deployment is paused: resume it, so that all its pods are of one revision")
	}
	s := &t.old.Status
	if n := ptr.Deref(t.old.Spec.Replicas, 1); s.ObservedGeneration != t.old.Generation || s.UpdatedReplicas != n || s.AvailableReplicas != n || s.Replicas != n {
		wrong = append(wrong, fmt.Sprintf("the Deployment is being rolled out: %d updated and %d available of %d pods", s.UpdatedReplicas, s.AvailableReplicas, n))
	}
	return wrong
}

func (t *takeover) begun() bool { return t.old.Annotations[annotationTakeover] == string(t.ms.UID) }

// trackers names the deployment tools that would write against the takeover.
func (t *takeover) trackers() (wrong []string) {
	for _, object := range append([]client.Object{t.old}, t.given...) {
		if words := workload.Tracked(inspect.KindOf(object), object); words != "" {
			wrong = append(wrong, words)
		}
	}
	return wrong
}

// save writes the old objects, unless an earlier run has: the file must have them as they were.
func (t *takeover) save(context.Context) error {
	if t.old == nil || t.begun() {
		return nil
	}
	// The Service comes before the Deployment: on the way back it must select new pods when they come.
	objects := slices.Concat(t.given, []client.Object{t.old}, t.autoscalers())
	text, err := asManifest(t.Scheme(), objects)
	if err != nil {
		return err
	}
	if err := os.WriteFile(t.backup, text, 0o600); err != nil {
		return fmt.Errorf("saving the old objects: %w", err)
	}
	return nil
}

// pause stops the old Deployment from making a ReplicaSet when it sees that its own differs from it.
func (t *takeover) pause(ctx context.Context) error {
	if t.old == nil || t.begun() {
		return nil
	}
	return modify(ctx, t, t.old, func() {
		t.old.Spec.Paused = true
		metav1.SetMetaDataAnnotation(&t.old.ObjectMeta, annotationTakeover, string(t.ms.UID))
	})
}

// label sets the label by which the operator's Deployment finds the ReplicaSets, and its Service the pods. Pods that the ReplicaSets
// make from now on are born with it.
func (t *takeover) label(ctx context.Context) error {
	if t.old == nil {
		return nil
	}
	sets := &appsv1.ReplicaSetList{}
	if err := t.List(ctx, sets, client.InNamespace(t.key.Namespace), client.MatchingLabels(t.old.Spec.Selector.MatchLabels)); err != nil {
		return fmt.Errorf("listing the ReplicaSets: %w", err)
	}
	own := map[string]bool{}
	for i := range sets.Items {
		set := &sets.Items[i]
		if !metav1.IsControlledBy(set, t.old) {
			continue
		}
		own[set.Name] = true
		if set.Labels[v1alpha1.LabelName] == t.key.Name && set.Spec.Template.Labels[v1alpha1.LabelName] == t.key.Name {
			continue
		}
		if err := modify(ctx, t, set, func() {
			metav1.SetMetaDataLabel(&set.ObjectMeta, v1alpha1.LabelName, t.key.Name)
			metav1.SetMetaDataLabel(&set.Spec.Template.ObjectMeta, v1alpha1.LabelName, t.key.Name)
		}); err != nil {
			return err
		}
	}
	return t.labelPods(ctx, own)
}

// labelPods labels pods until all have the label: some may have been made on the way.
func (t *takeover) labelPods(ctx context.Context, of map[string]bool) error {
	for labelled := false; !labelled; {
		pods := &corev1.PodList{}
		if err := t.List(ctx, pods, client.InNamespace(t.key.Namespace), client.MatchingLabels(t.old.Spec.Selector.MatchLabels)); err != nil {
			return fmt.Errorf("listing the pods: %w", err)
		}
		labelled = true
		for i := range pods.Items {
			pod := &pods.Items[i]
			owner := metav1.GetControllerOf(pod)
			if owner == nil || !of[owner.Name] || pod.Labels[v1alpha1.LabelName] == t.key.Name {
				continue
			}
			labelled = false
			err := modify(ctx, t, pod, func() { metav1.SetMetaDataLabel(&pod.ObjectMeta, v1alpha1.LabelName, t.key.Name) })
			if client.IgnoreNotFound(err) != nil {
				return err
			}
		}
	}
	return nil
}

// found waits until the controller of EndpointSlices has seen the labels: otherwise the Service would lose, for a moment, the pods of which
// that has not heard yet. A Service beside it, which nobody calls, shows what it knows.
func (t *takeover) found(ctx context.Context) error {
	if t.old == nil || !slices.ContainsFunc(t.given, func(o client.Object) bool { return inspect.KindOf(o) == "Service" }) {
		return nil
	}
	selector := map[string]string{v1alpha1.LabelName: t.key.Name}
	probe := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: t.key.Namespace, Name: "takeover-" + string(t.ms.UID)},
		Spec:       corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Selector: selector},
	}
	if err := t.Create(ctx, probe, client.FieldOwner(fieldOwner)); client.IgnoreAlreadyExists(err) != nil {
		return fmt.Errorf("creating a Service: %w", err)
	}
	late := fmt.Sprintf("the endpoints do not have all pods after %s", t.wait.timeout)
	err := poll(ctx, t.wait.timeout, late, func(ctx context.Context) (bool, error) {
		pods, known := &corev1.PodList{}, &discoveryv1.EndpointSliceList{}
		if err := t.List(ctx, pods, client.InNamespace(t.key.Namespace), client.MatchingLabels(selector)); err != nil {
			return false, fmt.Errorf("listing the pods: %w", err)
		}
		if err := t.List(ctx, known, client.InNamespace(t.key.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: probe.Name}); err != nil {
			return false, fmt.Errorf("listing the endpoints: %w", err)
		}
		seen := endpointPods(known)
		for i := range pods.Items {
			if pod := &pods.Items[i]; pod.DeletionTimestamp == nil && status.PodReady(pod) && !seen.Has(pod.UID) {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		return err // the next run uses the Service, and deletes it
	}
	if err := t.Delete(ctx, probe); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting Service %s: %w", probe.Name, err)
	}
	return nil
}

// endpointPods are the pods that slices have as ready.
func endpointPods(list *discoveryv1.EndpointSliceList) sets.Set[types.UID] {
	pods := sets.New[types.UID]()
	for i := range list.Items {
		for _, e := range list.Items[i].Endpoints {
			if e.TargetRef != nil && ptr.Deref(e.Conditions.Ready, true) {
				pods.Insert(e.TargetRef.UID)
			}
		}
	}
	return pods
}

// give makes the Microservice the owner of the objects of its name. That is their consent: the operator adopts nothing by itself.
func (t *takeover) give(ctx context.Context) error {
	for _, object := range t.given {
		if metav1.IsControlledBy(object, t.ms) {
			continue
		}
		if owner := metav1.GetControllerOf(object); owner != nil {
			return failed(ExitNo, "%s %s belongs to %s %s", inspect.KindOf(object), object.GetName(), owner.Kind, owner.Name)
		}
		if err := modify(ctx, t, object, func() {
			labels := object.GetLabels()
			if labels == nil {
				labels = map[string]string{}
			}
			labels[v1alpha1.LabelName] = t.key.Name
			object.SetLabels(labels)
			object.SetOwnerReferences(append(object.GetOwnerReferences(), metav1.OwnerReference{
				APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "Microservice", Name: t.ms.Name, UID: t.ms.UID, Controller: ptr.To(true),
			}))
			workload.Untrack(object)
			if service, ok := object.(*corev1.Service); ok {
				service.Spec.Selector = map[string]string{v1alpha1.LabelName: t.key.Name}
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// deleteAutoscalers deletes those that would write the number of replicas against the operator.
func (t *takeover) deleteAutoscalers(ctx context.Context) error {
	for _, h := range t.autoscalers() {
		if err := t.Delete(ctx, h); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting HorizontalPodAutoscaler %s: %w", h.GetName(), err)
		}
	}
	return nil
}

// autoscalers are those of the Deployment that are not given. One that is to go on, under spec.autoscaling.external, is not among
// them.
func (t *takeover) autoscalers() []client.Object {
	if t.ms.Spec.ScaledExternally() {
		return nil
	}
	var all []client.Object
	for _, object := range t.around {
		h, ok := object.(*autoscalingv2.HorizontalPodAutoscaler)
		if ok && h.Spec.ScaleTargetRef.Kind == "Deployment" && h.Spec.ScaleTargetRef.Name == t.key.Name && !slices.Contains(t.given, object) {
			all = append(all, h)
		}
	}
	return all
}

// orphan deletes the old Deployment, and leaves its ReplicaSets and pods to the one that the operator makes.
func (t *takeover) orphan(ctx context.Context) error {
	if t.old == nil {
		return nil
	}
	if err := t.label(ctx); err != nil { // pods that were made since
		return err
	}
	err := t.Delete(ctx, t.old, client.PropagationPolicy(metav1.DeletePropagationOrphan), client.Preconditions{UID: &t.old.UID})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting the old Deployment: %w", err)
	}
	return gone(ctx, t, t.old, t.wait.timeout)
}

// unpause lets the operator make its Deployment. It is as large as the old one: for an autoscaler that means a minimum, for a while.
func (t *takeover) unpause(ctx context.Context) error {
	if !t.ms.Spec.Paused {
		return nil
	}
	running, err := t.running(ctx)
	if err != nil {
		return err
	}
	return modify(ctx, t, t.ms, func() {
		t.ms.Spec.Paused = false
		if a := t.ms.Spec.Autoscaling; a != nil && running > t.ms.Spec.GuaranteedReplicas() {
			minimum := minReplicasOf(a)
			before := "-"
			if *minimum != nil {
				before = fmt.Sprint(**minimum)
			}
			metav1.SetMetaDataAnnotation(&t.ms.ObjectMeta, annotationMinReplicas, before)
			*minimum = &running
			if a.External == nil {
				*minimum = ptr.To(min(running, a.MaxReplicas))
			}
		}
	})
}

// minReplicasOf is the field that says with how many replicas the operator creates the Deployment.
func minReplicasOf(a *v1alpha1.Autoscaling) **int32 {
	if a.External != nil {
		return &a.External.MinReplicas
	}
	return &a.MinReplicas
}

// running is how many pods the labelled ReplicaSets want.
func (t *takeover) running(ctx context.Context) (int32, error) {
	sets := &appsv1.ReplicaSetList{}
	if err := t.List(ctx, sets, client.InNamespace(t.key.Namespace), client.MatchingLabels{v1alpha1.LabelName: t.key.Name}); err != nil {
		return 0, fmt.Errorf("listing the ReplicaSets: %w", err)
	}
	var n int32
	for i := range sets.Items {
		n += ptr.Deref(sets.Items[i].Spec.Replicas, 1)
	}
	return n, nil
}

func (t *takeover) restoreMinReplicas(ctx context.Context) error {
	if _, found := t.ms.Annotations[annotationMinReplicas]; !found {
		return nil
	}
	var parsed int32
	return modify(ctx, t, t.ms, func() {
		before := t.ms.Annotations[annotationMinReplicas]
		delete(t.ms.Annotations, annotationMinReplicas)
		if a := t.ms.Spec.Autoscaling; a != nil {
			minimum := minReplicasOf(a)
			*minimum = nil
			if _, err := fmt.Sscan(before, &parsed); err == nil {
				*minimum = &parsed
			}
		}
	})
}
