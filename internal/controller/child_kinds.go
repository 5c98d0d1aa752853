package controller

import (
	"context"
	"fmt"
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// Names of kinds that are used beyond their entry in the table.
const (
	kindMicroservice   = "Microservice"
	kindDeployment     = "Deployment"
	kindAutoscaler     = "HorizontalPodAutoscaler"
	kindServiceAccount = "ServiceAccount"
	kindService        = "Service"
	kindPodMonitor     = "PodMonitor"
)

// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=services;serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=get;list;watch;create;patch;delete

// childKinds are the child kinds in the order in which they are applied. To add a kind, add an entry with its RBAC rule here
// and a builder in package resources. Deployment and HorizontalPodAutoscaler are not pruned with the others: the first exists
// as long as the Microservice, the second is deleted before replicas are sent.
var childKinds = []childKind{
	newChildKind(desired(func(s *resources.Set) any { return s.ServiceAccount }), childOptions{prerequisite: true, prune: true},
		func(*corev1.ServiceAccount) {}),
	newChildKind(desired(func(s *resources.Set) any { return s.NetworkPolicy }), childOptions{prerequisite: true, prune: true},
		func(p *networkingv1.NetworkPolicy) { p.Spec = networkingv1.NetworkPolicySpec{} }),
	newChildKind(desired(func(s *resources.Set) any { return s.Service }), childOptions{prune: true},
		func(s *corev1.Service) { s.Spec = corev1.ServiceSpec{Type: s.Spec.Type} }),
	newChildKind(desired(func(s *resources.Set) any { return s.DisruptionBudget }), childOptions{prune: true},
		func(p *policyv1.PodDisruptionBudget) {
			p.Spec, p.Status = policyv1.PodDisruptionBudgetSpec{}, policyv1.PodDisruptionBudgetStatus{}
		}),
	newChildKind(desired(func(s *resources.Set) any { return s.Deployment }), childOptions{},
		func(d *appsv1.Deployment) {
			d.Spec = appsv1.DeploymentSpec{
				Replicas: d.Spec.Replicas, Paused: d.Spec.Paused, ProgressDeadlineSeconds: d.Spec.ProgressDeadlineSeconds,
				Template: portsOnly(&d.Spec.Template),
			}
		}),
	newChildKind(desired(func(s *resources.Set) any { return s.Autoscaler }), childOptions{},
		func(a *autoscalingv2.HorizontalPodAutoscaler) { a.Spec = autoscalingv2.HorizontalPodAutoscalerSpec{} }),
}

// portsOnly returns a template with the application's ports and nothing else.
func portsOnly(t *corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	var ports corev1.PodTemplateSpec
	for _, c := range t.Spec.Containers {
		if c.Name == v1alpha1.ContainerName && len(c.Ports) > 0 {
			ports.Spec.Containers = []corev1.Container{{Name: v1alpha1.ContainerName, Ports: c.Ports}}
		}
	}
	return ports
}

// childKind holds what the controller needs to handle children of one kind.
type childKind struct {
	childOptions
	name string
	// desired returns the apply configuration, or nil if no child is desired.
	desired func(*resources.Set) any
	// newObject returns an empty object.
	newObject func() client.Object
	// read returns nil if the child does not exist.
	read   func(ctx context.Context, reader client.Reader, key types.NamespacedName) (client.Object, error)
	apply  func(ctx context.Context, b *apply.Batch, desired any, current client.Object, options ...apply.Option) client.Object
	remove func(ctx context.Context, b *apply.Batch, current client.Object)
	// trim drops the fields of a cached child that are not read.
	trim func(client.Object)
}

type childOptions struct {
	// prerequisite marks a kind that pods must not run without: while it cannot be written, the Deployment is not written
	// either.
	prerequisite bool
	// prune marks a kind that is deleted when it is no longer desired.
	prune bool
}

// desired turns a typed nil into an untyped one.
func desired(get func(*resources.Set) any) func(*resources.Set) any {
	return func(s *resources.Set) any {
		if d := get(s); !reflect.ValueOf(d).IsNil() {
			return d
		}
		return nil
	}
}

func newChildKind[T any, P apply.Object[T]](desired func(*resources.Set) any, options childOptions, trim func(P)) childKind {
	name := reflect.TypeFor[T]().Name()
	return childKind{
		childOptions: options,
		name:         name,
		desired:      desired,
		newObject:    func() client.Object { return P(new(T)) },
		read: func(ctx context.Context, reader client.Reader, key types.NamespacedName) (client.Object, error) {
			child := P(new(T))
			err := reader.Get(ctx, key, child, client.UnsafeDisableDeepCopy)
			if apierrors.IsNotFound(err) {
				return nil, nil
			}
			if err != nil {
				return nil, fmt.Errorf("reading %s %s: %w", name, key, err)
			}
			return child, nil
		},
		apply: func(ctx context.Context, b *apply.Batch, desired any, current client.Object, options ...apply.Option) client.Object {
			child, _ := current.(P)
			if child = apply.Apply[T](ctx, b, desired, child, options...); child == nil {
				return nil
			}
			return child
		},
		remove: func(ctx context.Context, b *apply.Batch, current client.Object) {
			child, _ := current.(P)
			apply.Delete[T](ctx, b, child)
		},
		trim: func(child client.Object) {
			if child, ok := child.(P); ok {
				trim(child)
			}
		},
	}
}

// prerequisiteNames are the names of the kinds without which no pod is started or changed.
var prerequisiteNames = func() (names []string) {
	for _, kind := range childKinds {
		if kind.prerequisite {
			names = append(names, kind.name)
		}
	}
	return names
}()
