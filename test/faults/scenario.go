package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/wrappers"
)

// step is one thing that users do, and what comes of it.
type step struct {
	name string
	do   func(context.Context, client.Client, string) error
	// dependencies is the reason of web's DependenciesReady at the end, DependenciesAvailable where nothing is said.
	dependencies string
	// ready is the reason of web's Ready at the end, Available where nothing is said.
	ready string
	// also says why the namespace is not yet what the step comes to, where the words above do not.
	also func(context.Context, client.Client, string) error
}

// scenario is the life of three Microservices: web depends on api, later on a database that comes late.
var scenario = []step{
	{name: "create", do: all(
		create("api", func(s *v1alpha1.MicroserviceSpec) { s.Replicas = new(int32(2)) }),
		create("web", func(s *v1alpha1.MicroserviceSpec) {
			s.Replicas = new(int32(2))
			s.Dependencies = []v1alpha1.Dependency{{Name: "api"}}
		}),
	)},
	{name: "image", do: edit("web", func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })},
	{name: "add a dependency", dependencies: v1alpha1.ReasonDependencyNotFound,
		do: edit("web", func(s *v1alpha1.MicroserviceSpec) {
			s.Dependencies = append(s.Dependencies, v1alpha1.Dependency{Name: "db"})
		})},
	{name: "create the dependency", do: create("db", func(s *v1alpha1.MicroserviceSpec) { s.Replicas = new(int32(2)) })},
	{name: "autoscale", do: edit("web", func(s *v1alpha1.MicroserviceSpec) {
		s.Replicas, s.Autoscaling = nil, &v1alpha1.Autoscaling{MinReplicas: new(int32(3)), MaxReplicas: 5}
	})},
	{name: "rename a port", do: edit("api", func(s *v1alpha1.MicroserviceSpec) {
		s.Ports = []v1alpha1.Port{{Name: "grpc", Port: 9090, TargetPort: 8080}}
	})},
	{name: "another target port", do: edit("api", func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].TargetPort = 8090 })},
	{name: "a version that dies", ready: v1alpha1.ReasonCrashLooping, do: edit("web", func(s *v1alpha1.MicroserviceSpec) {
		s.Ports[0].TargetPort = 8081
		s.PodTemplate = &v1alpha1.PodTemplatePatch{Annotations: map[string]string{"example.com/fault": "crash"}}
	})},
	{name: "a version that lives", do: edit("web", func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil })},
	{name: "withdraw consent", dependencies: v1alpha1.ReasonDependencyNotPermitted,
		do: edit("api", func(s *v1alpha1.MicroserviceSpec) {
			s.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromNone}
		})},
	{name: "consent again", do: edit("api", func(s *v1alpha1.MicroserviceSpec) { s.AllowedDependents = nil })},
	{name: "remove a dependency", do: edit("web", func(s *v1alpha1.MicroserviceSpec) { s.Dependencies = s.Dependencies[:1] })},
	{name: "fix the size", do: edit("web", func(s *v1alpha1.MicroserviceSpec) {
		s.Replicas, s.Autoscaling = new(int32(2)), nil
	})},
	{name: "delete", dependencies: v1alpha1.ReasonDependencyNotFound, do: remove("api")},
}

// smallest is the least number of replicas that any step asks for.
const smallest = 2

func all(steps ...func(context.Context, client.Client, string) error) func(context.Context, client.Client, string) error {
	return func(ctx context.Context, c client.Client, namespace string) error {
		for _, do := range steps {
			if err := do(ctx, c, namespace); err != nil {
				return err
			}
		}
		return nil
	}
}

func create(name string, change func(*v1alpha1.MicroserviceSpec)) func(context.Context, client.Client, string) error {
	return func(ctx context.Context, c client.Client, namespace string) error {
		ms := wrappers.MakeMicroservice(namespace, name)
		change(&ms.Spec)
		return c.Create(ctx, ms)
	}
}

func edit(name string, change func(*v1alpha1.MicroserviceSpec)) func(context.Context, client.Client, string) error {
	return func(ctx context.Context, c client.Client, namespace string) error {
		return retry.RetryOnConflict(retry.DefaultRetry, func() error {
			ms := &v1alpha1.Microservice{}
			if err := c.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, ms); err != nil {
				return err
			}
			change(&ms.Spec)
			return c.Update(ctx, ms)
		})
	}
}

func remove(name string) func(context.Context, client.Client, string) error {
	return func(ctx context.Context, c client.Client, namespace string) error {
		return c.Delete(ctx, wrappers.MakeMicroservice(namespace, name))
	}
}

// settled says why the namespace is not yet what the step comes to; nil when it is.
func (s *step) settled(ctx context.Context, c client.Client, namespace string) error {
	list := &v1alpha1.MicroserviceList{}
	if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range list.Items {
		ms := &list.Items[i]
		if ms.Status.ObservedGeneration != ms.Generation {
			return fmt.Errorf("%s: generation %d is not observed", ms.Name, ms.Generation)
		}
		ready := v1alpha1.ReasonAvailable
		if ms.Name == "web" {
			ready = cmp.Or(s.ready, ready)
		}
		if err := says(ms, v1alpha1.ConditionReady, ready); err != nil {
			return err
		}
		if err := portsAtRest(ctx, c, ms, ready); err != nil {
			return err
		}
		if err := scaled(ms); err != nil {
			return err
		}
		if len(ms.Spec.Dependencies) == 0 {
			continue
		}
		if err := says(ms, v1alpha1.ConditionDependenciesReady, cmp.Or(s.dependencies, v1alpha1.ReasonDependenciesAvailable)); err != nil {
			return err
		}
	}
	if s.also != nil {
		if err := s.also(ctx, c, namespace); err != nil {
			return err
		}
	}
	return s.gone(ctx, c, namespace)
}

// portsAtRest says that the ports of pods which are gone are not forgotten yet. They are when a version is rolled out.
func portsAtRest(ctx context.Context, c client.Client, ms *v1alpha1.Microservice, ready string) error {
	if ready != v1alpha1.ReasonAvailable {
		return nil
	}
	d := &appsv1.Deployment{}
	if err := c.Get(ctx, client.ObjectKeyFromObject(ms), d); err != nil {
		return err
	}
	if previous := d.Annotations[v1alpha1.AnnotationPreviousPorts]; previous != "" {
		return fmt.Errorf("%s: %s are not forgotten", ms.Name, previous)
	}
	return nil
}

// scaled says how a Microservice has not its size yet, for which an autoscaler takes its time, and takes it back.
func scaled(ms *v1alpha1.Microservice) error {
	if n := ms.Spec.Replicas; n != nil && ms.Status.Replicas != *n {
		return fmt.Errorf("%s: there are %d replicas, not %d", ms.Name, ms.Status.Replicas, *n)
	}
	a := ms.Spec.Autoscaling
	if a == nil || a.External != nil {
		return nil
	}
	active := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionAutoscaling)
	if active == nil || active.Reason == v1alpha1.ReasonAutoscalerPending {
		return fmt.Errorf("%s: its autoscaler has not reported", ms.Name)
	}
	if n := ms.Status.AvailableReplicas; n < *a.MinReplicas {
		return fmt.Errorf("%s: %d replicas are available, and its autoscaler has not made them %d", ms.Name, n, *a.MinReplicas)
	}
	return nil
}

func says(ms *v1alpha1.Microservice, condition, reason string) error {
	c := meta.FindStatusCondition(ms.Status.Conditions, condition)
	if c == nil || c.Reason != reason {
		return fmt.Errorf("%s: %s is %v, not %s", ms.Name, condition, c, reason)
	}
	return nil
}

// gone waits for the collector to take the children of what was deleted.
func (s *step) gone(ctx context.Context, c client.Client, namespace string) error {
	if s.name != "delete" {
		return nil
	}
	for _, kind := range childKinds {
		child, err := c.Scheme().New(kinds[kind].GroupVersion().WithKind(kind))
		if err != nil {
			return err
		}
		err = c.Get(ctx, types.NamespacedName{Namespace: namespace, Name: "api"}, child.(client.Object))
		if err == nil {
			return errors.New("the " + kind + " is still there")
		}
		if !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}
