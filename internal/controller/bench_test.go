package controller

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// A reconcile of the demo's frontend, which has all six children and seven dependencies, with everything up to date. It
// goes through the real manager, its caches and its client. The bars are 0 requests, 250 us and 1,000 allocations.
func BenchmarkReconcileInPlace(b *testing.B) {
	startBenchmark(b)
	ns := newNamespace()
	shop := onlineBoutique(ns)
	for _, ms := range shop {
		create(ms)
	}
	finish(shop)
	frontend := named(shop, "frontend")
	look := func(b *testing.B) {
		requests.Reset()
		b.ReportAllocs()
		for b.Loop() {
			reconcileDirectly(frontend)
		}
		Expect(requests.Requests("")).To(BeEmpty())
	}
	b.Run("with a podTemplate", look)
	edit(frontend, withoutPatch)
	finish(shop)
	b.Run("without", look)
	fill(1000)
	b.Run("without, among 1000 more", look)
}

// withoutPatch removes the patch, which costs as much as the rest of a reconcile.
func withoutPatch(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil }

// startBenchmark starts what the specs have, but for the controllers: they would disturb.
func startBenchmark(b *testing.B) {
	b.Helper()
	RegisterTestingT(b)
	SetDefaultEventuallyTimeout(time.Minute)
	ctrl.SetLogger(logr.Discard())
	stop := startServer()
	operator = startOperator(requests.Wrap(operatorConfig))
	b.Cleanup(func() {
		operator.stop()
		stop()
	})
}

// finish writes the status of each Deployment and each autoscaler as their controllers do when nothing is left to do, and
// waits until the operator has taken notice.
func finish(all []*v1alpha1.Microservice) {
	settled("")
	for _, ms := range all {
		Eventually(exists(ms, &appsv1.Deployment{})).Should(BeTrue())
		d := deploymentOf(ms)
		d.Status = appsv1.DeploymentStatus{
			ObservedGeneration: d.Generation,
			Replicas:           *d.Spec.Replicas, UpdatedReplicas: *d.Spec.Replicas,
			ReadyReplicas: *d.Spec.Replicas, AvailableReplicas: *d.Spec.Replicas,
			Conditions: []appsv1.DeploymentCondition{
				{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, Reason: "MinimumReplicasAvailable"},
				{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
			},
		}
		Expect(k8s.Status().Update(ctx, d)).To(Succeed())
		if !ms.Spec.Autoscaled() {
			continue
		}
		hpa := &autoscalingv2.HorizontalPodAutoscaler{}
		Eventually(exists(ms, hpa)).Should(BeTrue())
		hpa.Status.CurrentReplicas, hpa.Status.DesiredReplicas = *d.Spec.Replicas, *d.Spec.Replicas
		for _, condition := range []autoscalingv2.HorizontalPodAutoscalerConditionType{autoscalingv2.AbleToScale, autoscalingv2.ScalingActive} {
			hpa.Status.Conditions = append(hpa.Status.Conditions, autoscalingv2.HorizontalPodAutoscalerCondition{
				Type: condition, Status: corev1.ConditionTrue, Reason: "Test"})
		}
		Expect(k8s.Status().Update(ctx, hpa)).To(Succeed())
	}
	for _, ms := range all {
		eventually(ms, available)
		Eventually(condition(ms, v1alpha1.ConditionDependenciesReady)).Should(HavePrefix("True"))
	}
	settled("")
}

// fill makes so many more Microservices with their children.
func fill(n int) {
	ns := newNamespace()
	var atOnce sync.WaitGroup
	for worker := range 8 {
		atOnce.Go(func() {
			for i := worker; i < n; i += 8 {
				ms := MakeMicroservice(ns, fmt.Sprintf("more-%d", i))
				ms.Spec.Replicas = new(int32(0)) // whether a Deployment rolls out is of no interest
				create(ms)
			}
		})
	}
	atOnce.Wait()
	Eventually(func() int {
		list := &appsv1.DeploymentList{}
		Expect(k8s.List(ctx, list, client.InNamespace(ns))).To(Succeed())
		return len(list.Items)
	}).Should(Equal(n))
	settled("")
}

// reconcileDirectly calls Reconcile once.
func reconcileDirectly(ms *v1alpha1.Microservice) {
	_, err := operator.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
	Expect(err).NotTo(HaveOccurred())
}

// The children of the demo's frontend: built, then encoded and hashed as they are before they are compared.
func BenchmarkChildren(b *testing.B) {
	RegisterTestingT(b)
	for name, change := range map[string]func(*v1alpha1.MicroserviceSpec){
		"with a podTemplate": func(*v1alpha1.MicroserviceSpec) {},
		"without":            withoutPatch,
	} {
		in := frontendInput()
		change(&in.Microservice.Spec)
		b.Run("build, "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				build(in)
			}
		})
		b.Run("build and hash, "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				hash(in.Microservice, build(in))
			}
		})
	}
}

// frontendInput is what the children of the demo's frontend follow from.
func frontendInput() resources.Input {
	shop := onlineBoutique("shop")
	frontend := named(shop, "frontend")
	frontend.UID = "f8b8a1a6-2c0d-4b3e-9a55-0d1c7f3f2b11"
	there := map[dependency.Key]*v1alpha1.Microservice{}
	for _, ms := range shop {
		there[dependency.KeyOf(ms)] = ms
	}
	return resources.Input{
		Microservice: frontend,
		Settings:     resources.DefaultSettings(),
		Dependencies: dependency.Resolve(dependency.Input{Microservice: frontend, Microservices: there}),
		Dependents:   dependency.Dependents(frontend, []*v1alpha1.Microservice{named(shop, "loadgenerator")}, nil),
	}
}

func named(all []*v1alpha1.Microservice, name string) *v1alpha1.Microservice {
	for _, ms := range all {
		if ms.Name == name {
			return ms
		}
	}
	return nil
}

func build(in resources.Input) *resources.Set {
	wanted, err := resources.For(in)
	Expect(err).NotTo(HaveOccurred())
	return wanted
}

// hash takes the children to the applier, which is closed: they are encoded and hashed, and not sent.
func hash(ms *v1alpha1.Microservice, wanted *resources.Set) {
	const closed = true
	b := (&apply.Applier{}).NewBatch(ms, closed)
	(&MicroserviceReconciler{}).applyChildren(context.Background(), b, ms, wanted, children{})
	Expect(b.Changes()).To(HaveLen(6))
}
