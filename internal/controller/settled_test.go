package controller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apitypes "k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// settled waits until nothing is left to do in a namespace: the operator's caches have what the server has, a reconcile of
// each Microservice would write nothing, no worker is busy, and Kubernetes' controllers have taken notice of all pods.
func settled(namespace string) {
	GinkgoHelper()
	if operator == nil || operator.ended {
		latest.settled(namespace)
		return
	}
	operator.settled(namespace)
}

func (o *runningOperator) settled(namespace string) {
	GinkgoHelper()
	Eventually(func() error { return o.unsettled(namespace) }, time.Minute).Should(Succeed())
}

// unsettled says what is left to do, nil for nothing.
func (o *runningOperator) unsettled(namespace string) error {
	before, err := o.current(namespace)
	if err != nil {
		return err
	}
	all := &v1alpha1.MicroserviceList{}
	if err := k8s.List(ctx, all, client.InNamespace(namespace)); err != nil {
		return err
	}
	for i := range all.Items {
		if err := o.wouldWrite(client.ObjectKeyFromObject(&all.Items[i])); err != nil {
			return err
		}
	}
	if err := o.controllersWork(namespace); err != nil {
		return err
	}
	if n := metric("controller_runtime_active_workers"); n > 0 {
		return fmt.Errorf("%v workers are busy", n)
	}
	after, err := o.current(namespace)
	if err == nil && !maps.Equal(before, after) {
		return errors.New("something has changed meanwhile")
	}
	return err
}

// wouldWrite says what a reconcile would do.
func (o *runningOperator) wouldWrite(key client.ObjectKey) error {
	result, err := o.probe.Reconcile(ctx, ctrl.Request{NamespacedName: key})
	switch {
	case errors.Is(err, errWouldWrite):
		return fmt.Errorf("%s: %w", key, err)
	case result.RequeueAfter > 0 && result.RequeueAfter <= settledAfter:
		return fmt.Errorf("%s comes again in %s", key, result.RequeueAfter)
	}
	return nil
}

// controllersWork says which Deployment's controller has something left to do. One that has stood still for long is not
// waited for: pods may be at fault.
func (o *runningOperator) controllersWork(namespace string) error {
	all := &appsv1.DeploymentList{}
	if err := k8s.List(ctx, all, client.InNamespace(namespace), client.HasLabels{v1alpha1.LabelName}); err != nil || namespace == "" {
		return err
	}
	for i := range all.Items {
		d := &all.Items[i]
		there, ready := int32(0), int32(0)
		for _, pod := range podsOf(d) {
			there++
			if slices.ContainsFunc(pod.Status.Conditions, isReady) {
				ready++
			}
		}
		stands, _ := o.probe.Planner.Deployments.For(client.ObjectKeyFromObject(d))
		if d.Status.Replicas != there || d.Status.ReadyReplicas != ready || (!status.CountersSettled(d) && stands < settledAfter) {
			return fmt.Errorf("Deployment %s/%s has %d pods of which %d are ready, and says %+v", namespace, d.Name, there, ready, d.Status)
		}
	}
	return nil
}

func isReady(c corev1.PodCondition) bool {
	return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
}

// current returns the versions of what the operator reads in a namespace, where its caches have them all.
func (o *runningOperator) current(namespace string) (map[string]string, error) {
	versions := map[string]string{}
	for _, kind := range childKinds {
		if err := o.compare(versions, listOf(kind.newObject()), client.InNamespace(namespace), client.HasLabels{v1alpha1.LabelName}); err != nil {
			return nil, err
		}
	}
	neighbours := client.InNamespace("")
	if len(o.namespaces) > 0 {
		neighbours = client.InNamespace(namespace)
	}
	if err := o.compare(versions, &v1alpha1.MicroserviceList{}, neighbours); err != nil {
		return nil, err
	}
	if len(o.namespaces) == 0 {
		namespaces := &metav1.PartialObjectMetadataList{}
		namespaces.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
		if err := o.compare(versions, namespaces); err != nil {
			return nil, err
		}
	}
	return versions, nil
}

func (o *runningOperator) compare(versions map[string]string, list client.ObjectList, options ...client.ListOption) error {
	stored, cached := list.DeepCopyObject().(client.ObjectList), list
	if err := k8s.List(ctx, stored, options...); err != nil {
		return err
	}
	if err := o.reconciler.List(ctx, cached, options...); err != nil {
		return err
	}
	want, have := versionsOf(stored), versionsOf(cached)
	if !maps.Equal(want, have) {
		return fmt.Errorf("the cache of %T is behind: it has %v, not %v", list, have, want)
	}
	maps.Copy(versions, want)
	return nil
}

func versionsOf(list client.ObjectList) map[string]string {
	versions := map[string]string{}
	Expect(meta.EachListItem(list, func(o runtime.Object) error {
		object := o.(client.Object)
		versions[fmt.Sprintf("%T %s/%s", object, object.GetNamespace(), object.GetName())] = object.GetResourceVersion()
		return nil
	})).To(Succeed())
	return versions
}

// listOf returns an empty list of objects of a kind.
func listOf(object client.Object) client.ObjectList {
	kinds, _, err := k8s.Scheme().ObjectKinds(object)
	Expect(err).NotTo(HaveOccurred())
	list, err := k8s.Scheme().New(kinds[0].GroupVersion().WithKind(kinds[0].Kind + "List"))
	Expect(err).NotTo(HaveOccurred())
	return list.(client.ObjectList)
}

// succeeded returns how many reconciles of all operators of this process have ended without an error.
func succeeded() float64 {
	return metric("controller_runtime_reconcile_total") - metric("controller_runtime_reconcile_errors_total")
}

// metric returns the sum of a gauge or counter of all operators of this process.
func metric(name string) float64 {
	families, err := metrics.Registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	sum := 0.0
	for _, family := range families {
		if family.GetName() == name {
			for _, m := range family.GetMetric() {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// errWouldWrite is the answer to all that a probe wants to write.
var errWouldWrite = errors.New("a reconcile would write")

// newProbe returns a reconciler that reads the operator's caches, and writes nothing.
func (o *runningOperator) newProbe(mgr ctrl.Manager) *MicroserviceReconciler {
	probe, err := New(mgr, testOptions(o.namespaces, o.clock))
	Expect(err).NotTo(HaveOccurred())
	probe.Client = readOnly{mgr.GetClient()}
	probe.APIReader = k8s
	probe.Applier.Client, probe.Applier.APIReader, probe.Applier.Observer = probe.Client, k8s, blind{}
	probe.Topology, probe.Consistency, probe.Optional = o.reconciler.Topology, o.reconciler.Consistency, o.reconciler.Optional
	return probe
}

type readOnly struct{ client.Client }

func (readOnly) Create(context.Context, client.Object, ...client.CreateOption) error {
	return errWouldWrite
}

func (readOnly) Patch(context.Context, client.Object, client.Patch, ...client.PatchOption) error {
	return errWouldWrite
}

func (readOnly) Delete(context.Context, client.Object, ...client.DeleteOption) error {
	return errWouldWrite
}

func (c readOnly) Status() client.SubResourceWriter {
	return readOnlyStatus{c.Client.Status()}
}

type readOnlyStatus struct{ client.SubResourceWriter }

func (readOnlyStatus) Patch(context.Context, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
	return errWouldWrite
}

// blind does not care for writes.
type blind struct{}

func (blind) WroteAt(apitypes.NamespacedName, string, string)        {}
func (blind) Deleting(apitypes.NamespacedName, string, apitypes.UID) {}
func (blind) DeletionFailed(apitypes.NamespacedName, string)         {}
