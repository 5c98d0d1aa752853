package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/workload"
)

func newEject(o *options) *cobra.Command {
	e := eject{options: o}
	c := &cobra.Command{
		Use:   "eject NAME",
		Short: "Take a Microservice away, and leave its objects and pods as they are",
		Long: `Take a Microservice away, and leave its objects and pods as they are.

The Deployment, the Service and all others stay, without an owner; no pod is restarted. Their manifests are written to a file first, to
keep them by other means from then on. It can be interrupted, and run again.`,
		Example:           o.example("$ eject web -n shop"),
		Args:              exactly(1, "the name of a Microservice"),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) (err error) {
			if e.Client, e.key, err = o.connect(args[0]); err != nil {
				return err
			}
			if e.manifests == "" {
				e.manifests = e.key.Name + "-ejected.yaml"
			}
			return e.run(c.Context())
		},
	}
	c.Flags().StringVar(&e.manifests, "manifests", "", "The file for the manifests of the objects. Default: NAME-ejected.yaml.")
	c.Flags().BoolVar(&e.force, "force", false, "Go on although other Microservices depend on it.")
	c.Flags().DurationVar(&e.timeout, "timeout", time.Minute, "How long to wait until the Microservice is gone.")
	return c
}

// eject takes a Microservice away. What has been done is read from the cluster.
type eject struct {
	client.Client
	*options
	key       dependency.Key
	manifests string
	force     bool
	timeout   time.Duration
}

func (e *eject) run(ctx context.Context) error {
	ms, err := inspect.Get(ctx, e, e.key)
	if err != nil && code(err) != ExitNotFound {
		return err
	}
	children, listErr := e.children(ctx, ms)
	if listErr != nil {
		return listErr
	}
	if ms == nil && len(children) == 0 {
		return err
	}
	if ms != nil {
		if err := e.delete(ctx, ms, children); err != nil {
			return err
		}
	}
	for _, child := range children {
		if err := modify(ctx, e, child, func() { unmark(child) }); err != nil {
			return fmt.Errorf("%w\nTo go on, run the same command again", err)
		}
		print(e.Out, "%s %s is yours\n", inspect.KindOf(child), child.GetName())
	}
	print(e.Out, "%s is no Microservice any more. Its manifests are in %s.\n", e.key.Name, e.manifests)
	return nil
}

// children are the objects that the operator made. After the Microservice has gone, when ms is nil, they are those of its name that
// still have a mark. Of kinds that a cluster may lack, only those have to be readable that ms asks for.
func (e *eject) children(ctx context.Context, ms *v1alpha1.Microservice) ([]client.Object, error) {
	objects, err := inspect.ObjectsIn(ctx, e, e.key.Namespace, inspect.ChildLists()...)
	for _, list := range inspect.OptionalLists() {
		optional, listErr := inspect.ObjectsIn(ctx, e, e.key.Namespace, list)
		if apierrors.IsForbidden(listErr) && (ms == nil || !ms.Spec.AsksFor(inspect.KindOf(list))) {
			continue
		}
		objects, err = append(objects, optional...), errors.Join(err, listErr)
	}
	var own []client.Object
	for _, object := range objects {
		if object.GetName() == e.key.Name && object.GetLabels()[v1alpha1.LabelName] == e.key.Name && marked(object) {
			own = append(own, object)
		}
	}
	return own, err
}

// labelManagedBy says who looks after an object: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
const labelManagedBy = "app.kubernetes.io/managed-by"

func marked(object client.Object) bool {
	return object.GetLabels()[labelManagedBy] == "microservice-operator"
}

// unmark removes the operator's marks from an object. Labels by which objects find each other stay.
func unmark(object client.Object) {
	labels, annotations := object.GetLabels(), object.GetAnnotations()
	delete(labels, labelManagedBy)
	for key := range annotations {
		if strings.HasPrefix(key, v1alpha1.SchemeGroupVersion.Group+"/") && key != v1alpha1.AnnotationAllowedDependents {
			delete(annotations, key)
		}
	}
	object.SetLabels(labels)
	object.SetAnnotations(annotations)
}

// delete writes the manifests and deletes the Microservice, but not what it owns.
func (e *eject) delete(ctx context.Context, ms *v1alpha1.Microservice, children []client.Object) error {
	if err := e.preflight(ctx, ms, children); err != nil {
		return err
	}
	var plain []client.Object
	for _, child := range children {
		if !metav1.IsControlledBy(child, ms) {
			return failed(ExitNo, "%s %s carries the label of %s, and does not belong to it: remove the label first", inspect.KindOf(child), child.GetName(), e.key.Name)
		}
		c := child.DeepCopyObject().(client.Object)
		unmark(c)
		plain = append(plain, c)
	}
	text, err := asManifest(e.Scheme(), plain)
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.manifests, text, 0o600); err != nil {
		return fmt.Errorf("writing the manifests: %w", err)
	}
	err = e.Delete(ctx, ms, client.PropagationPolicy(metav1.DeletePropagationOrphan), client.Preconditions{UID: &ms.UID})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting Microservice %s: %w", e.key, err)
	}
	return gone(ctx, e, ms, e.timeout)
}

// keepsCalling tells what a dependent needs to go on calling when there is only a Service, empty for nothing.
func (e *eject) keepsCalling(dependent *v1alpha1.Microservice, children []client.Object) string {
	for i := range dependent.Spec.Dependencies {
		d := &dependent.Spec.Dependencies[i]
		if dependency.TargetOf(dependent, d) == (dependency.Target{Kind: dependency.Microservice, Key: e.key}) {
			return fmt.Sprintf("name the Service in its dependency %s, with service instead of microservice", d.Name)
		}
	}
	for _, child := range children {
		service, ok := child.(*corev1.Service)
		if ok && dependent.Namespace != e.key.Namespace && !dependency.ServiceAdmits(service.Annotations[v1alpha1.AnnotationAllowedDependents], dependent.Namespace) {
			return fmt.Sprintf("admit namespace %s in annotation %s of Service %s", dependent.Namespace, v1alpha1.AnnotationAllowedDependents, service.Name)
		}
	}
	return ""
}

// preflight finds who would bring the Microservice back, or miss it.
func (e *eject) preflight(ctx context.Context, ms *v1alpha1.Microservice, children []client.Object) error {
	var wrong []string
	if words := workload.Tracked("Microservice", ms); words != "" {
		wrong = append(wrong, words)
	}
	if !e.force {
		w, _, err := new(source).world(ctx, e.options) // of other namespaces too, as far as the user may read them
		if err != nil {
			return err
		}
		for _, d := range w.Dependents()[e.key] {
			if cure := e.keepsCalling(d, children); cure != "" {
				wrong = append(wrong, explain.Name(dependency.KeyOf(d), e.key.Namespace)+" depends on it, and its calls would be cut: "+cure)
			}
		}
	}
	missing, err := missingRights(ctx, e, e.key.Namespace, append(optionalRights(children), ejectRights...))
	if err != nil {
		return err
	}
	if wrong = append(wrong, missing...); len(wrong) > 0 {
		return failed(ExitNo, "%s cannot be ejected:\n- %s", e.key.Name, strings.Join(wrong, "\n- "))
	}
	return nil
}

// gone waits until an object that is being deleted is gone, or another one has its name.
func gone(ctx context.Context, c client.Reader, object client.Object, timeout time.Duration) error {
	uid := object.GetUID()
	late := fmt.Sprintf("%s %s is not gone after %s: run the same command again", inspect.KindOf(object), object.GetName(), timeout)
	return poll(ctx, timeout, late, func(ctx context.Context) (bool, error) {
		err := c.Get(ctx, client.ObjectKeyFromObject(object), object)
		return apierrors.IsNotFound(err) || err == nil && object.GetUID() != uid, client.IgnoreNotFound(err)
	})
}
