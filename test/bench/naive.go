package main

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// naive is a reconciler as tutorials write it: CreateOrUpdate for each child, then the status. It has the children and
// the Ready condition of ours and none of the rest, so that what differs is what the design costs or saves.
type naive struct {
	client.Client
}

func runNaive() error {
	ctrl.SetLogger(zap.New())
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	scheme, err := cluster.NewScheme()
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(config, naiveOptions(scheme))
	if err != nil {
		return err
	}
	err = ctrl.NewControllerManagedBy(mgr).For(&v1alpha1.Microservice{}).
		Owns(&corev1.ServiceAccount{}).Owns(&networkingv1.NetworkPolicy{}).Owns(&corev1.Service{}).
		Owns(&policyv1.PodDisruptionBudget{}).Owns(&appsv1.Deployment{}).Owns(&autoscalingv2.HorizontalPodAutoscaler{}).
		Complete(&naive{mgr.GetClient()})
	if err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}

func naiveOptions(scheme *runtime.Scheme) ctrl.Options {
	return ctrl.Options{
		Scheme:     scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{MaxConcurrentReconciles: bareInFlight},
	}
}

// Reconcile makes each child like the one that is built.
func (r *naive) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	ms := &v1alpha1.Microservice{}
	if err := r.Get(ctx, req.NamespacedName, ms); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	set, err := resources.For(resources.Input{Microservice: ms, Settings: resources.DefaultSettings()})
	if err != nil {
		return ctrl.Result{}, err
	}
	deployment := &appsv1.Deployment{}
	for _, child := range []struct {
		live, wanted client.Object
		built        any
		set          func(live, wanted client.Object)
	}{
		{&corev1.ServiceAccount{}, &corev1.ServiceAccount{}, set.ServiceAccount, func(client.Object, client.Object) {}},
		{&networkingv1.NetworkPolicy{}, &networkingv1.NetworkPolicy{}, set.NetworkPolicy, func(live, wanted client.Object) {
			live.(*networkingv1.NetworkPolicy).Spec = wanted.(*networkingv1.NetworkPolicy).Spec
		}},
		{&corev1.Service{}, &corev1.Service{}, set.Service, func(live, wanted client.Object) {
			l, w := live.(*corev1.Service), wanted.(*corev1.Service)
			l.Spec.Type, l.Spec.Ports, l.Spec.Selector = w.Spec.Type, w.Spec.Ports, w.Spec.Selector
		}},
		{&policyv1.PodDisruptionBudget{}, &policyv1.PodDisruptionBudget{}, set.DisruptionBudget, func(live, wanted client.Object) {
			live.(*policyv1.PodDisruptionBudget).Spec = wanted.(*policyv1.PodDisruptionBudget).Spec
		}},
		{deployment, &appsv1.Deployment{}, set.Deployment, func(live, wanted client.Object) {
			live.(*appsv1.Deployment).Spec = wanted.(*appsv1.Deployment).Spec
		}},
		{&autoscalingv2.HorizontalPodAutoscaler{}, &autoscalingv2.HorizontalPodAutoscaler{}, set.Autoscaler, func(live, wanted client.Object) {
			live.(*autoscalingv2.HorizontalPodAutoscaler).Spec = wanted.(*autoscalingv2.HorizontalPodAutoscaler).Spec
		}},
	} {
		if err := as(child.built, child.wanted); err != nil {
			return ctrl.Result{}, err
		}
		child.live.SetName(ms.Name)
		child.live.SetNamespace(ms.Namespace)
		if _, err := controllerutil.CreateOrUpdate(ctx, r.Client, child.live, func() error {
			child.live.SetLabels(child.wanted.GetLabels())
			child.set(child.live, child.wanted)
			return controllerutil.SetControllerReference(ms, child.live, r.Scheme())
		}); err != nil {
			return ctrl.Result{}, err
		}
	}
	return ctrl.Result{}, r.report(ctx, ms, deployment)
}

func (r *naive) report(ctx context.Context, ms *v1alpha1.Microservice, d *appsv1.Deployment) error {
	ready := metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse, Reason: "RollingOut", ObservedGeneration: ms.Generation}
	if d.Status.ObservedGeneration == d.Generation && d.Status.AvailableReplicas > 0 {
		ready.Status, ready.Reason = metav1.ConditionTrue, "Available"
	}
	changed := meta.SetStatusCondition(&ms.Status.Conditions, ready)
	if !changed && ms.Status.ObservedGeneration == ms.Generation {
		return nil
	}
	ms.Status.ObservedGeneration = ms.Generation
	return r.Status().Update(ctx, ms)
}
