package controller

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/argocd"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("Every tool", func() {
	It("reads the same from the same object, in every situation", func() {
		ns := newNamespace()
		versions := watchVersions(ns)
		ms := MakeMicroservice(ns, "web")
		ms.Spec.Dependencies = []v1alpha1.Dependency{{Name: "payments", StartPolicy: v1alpha1.StartAfterAvailable}}
		ms.Spec.Rollout = &v1alpha1.Rollout{Strategy: v1alpha1.RolloutRollingUpdate, ProgressDeadlineSeconds: new(int32(15))}
		ms.Finalizers = []string{"example.com/kept"} // so that it can be seen while it is deleted
		spec := func(change func(*v1alpha1.MicroserviceSpec)) func() {
			return func() { edit(ms, change) }
		}
		healthy := func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate, s.Env, s.Image = nil, nil, "example.com/web:1" }
		stuck := func(s *v1alpha1.MicroserviceSpec) {
			s.PodTemplate = &v1alpha1.PodTemplatePatch{Annotations: map[string]string{"example.com/stuck": "yes"}}
		}
		policy := refuse(ns, "apps", "deployments")
		allow(policy)
		steps := []struct {
			situation    string
			do           func()
			state        string
			kstatus, lua string
		}{
			{"first start held", func() { create(ms) }, held, "InProgress", "Progressing"},
			{"available", func() { create(MakeMicroservice(ns, "payments")) }, available, "Current", "Healthy"},
			{"a dependency is down", func() { makePods(MakeMicroservice(ns, "payments"), false) }, available, "Current", "Healthy"},
			{"rolling out", spec(stuck), rollingOut, "InProgress", "Progressing"},
			{"past the deadline", func() {}, "False/ProgressDeadlineExceeded Stalled", "Failed", "Degraded"},
			{"rolled back", spec(healthy), available, "Current", "Healthy"},
			{"pods cannot start", spec(faulty("image")), "False/ImagePullFailed Reconciling", "InProgress", "Progressing"},
			{"mended", spec(healthy), available, "Current", "Healthy"},
			{"under the minimum", func() { makePods(ms, false) }, "False/Unavailable Reconciling", "InProgress", "Progressing"},
			{"back", func() { makePods(ms, true) }, available, "Current", "Healthy"},
			{"neither routed nor scraped", func() {
				edit(ms, func(s *v1alpha1.MicroserviceSpec) {
					s.Route = &v1alpha1.Route{Hostnames: []string{"shop.example.com"}}
					s.Observability = &v1alpha1.Observability{Metrics: &v1alpha1.Metrics{Port: s.Ports[0].Name}}
				})
				Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("False/GatewayNotSet"))
				Expect(condition(ms, v1alpha1.ConditionMonitored)()).To(Equal("False/CRDNotInstalled"))
			}, available, "Current", "Healthy"},
			{"no longer asked for", spec(func(s *v1alpha1.MicroserviceSpec) { s.Route, s.Observability = nil, nil }), available, "Current", "Healthy"},
			{"a child is refused", func() {
				policy = refuse(ns, "apps", "deployments")
				edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
			}, "False/ApplyFailed Reconciling", "InProgress", "Progressing"},
			{"allowed again", func() { allow(policy) }, available, "Current", "Healthy"},
			{"a spec that cannot be used", spec(func(s *v1alpha1.MicroserviceSpec) {
				s.Env = []corev1.EnvVar{{Name: "not=valid", Value: "x"}}
			}), "False/InvalidSpec Stalled", "Failed", "Degraded"},
			{"edited", spec(healthy), available, "Current", "Healthy"},
			{"paused, nothing to write", spec(func(s *v1alpha1.MicroserviceSpec) { s.Paused = true }), available, "Current", "Suspended"},
			{"paused, changes wait", spec(func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:3" }), "Unknown/Paused", "InProgress", "Suspended"},
			{"parked", spec(func(s *v1alpha1.MicroserviceSpec) { s.Paused, s.Replicas = false, new(int32(0)) }), "True/Parked", "Current", "Healthy"},
			{"at 0, and its own autoscaler may leave it there", spec(scaledExternally(0)), "True/ScaledToZero", "Current", "Healthy"},
			{"starting from 0", func() {
				edit(ms, stuck)
				eventually(ms, "True/ScaledToZero")
				scale(ms, 1)
			}, rollingOut, "InProgress", "Progressing"},
			{"scaled to 0 while it starts", func() { scale(ms, 0) }, "True/ScaledToZero", "Current", "Healthy"},
			{"as its own autoscaler wants", func() { edit(ms, healthy); scale(ms, 1) }, available, "Current", "Healthy"},
			{"at 0, although its own autoscaler promises more", func() { scale(ms, 0); edit(ms, scaledExternally(2)) },
				"False/Unavailable Reconciling", "InProgress", "Progressing"},
			{"a child's name is taken", func() {
				svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"}}
				patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"ownerReferences":null}}`))
				Expect(k8s.Patch(ctx, svc, patch)).To(Succeed())
				edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Replicas = nil })
			}, "False/NameConflict Stalled", "Failed", "Degraded"},
			{"deleted", func() { Expect(k8s.Delete(ctx, ms)).To(Succeed()) }, "", "Terminating", ""},
		}
		for _, step := range steps {
			By(step.situation)
			step.do()
			if step.state != "" {
				eventually(ms, step.state)
			}
			wantTools(ms, step.kstatus, step.lua)
		}
		Expect(k8s.Patch(ctx, ms, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		versions.check()
	})
})

// wantTools asks each tool. Argo CD does not run its script on what is being deleted.
func wantTools(ms *v1alpha1.Microservice, wantKstatus, wantLua string) {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), object)).To(Succeed())
	Expect(kstatusOf(object)).To(Equal(wantKstatus))
	if wantLua == "" {
		return
	}
	Expect(luaOf(object)).To(Equal(wantLua))
	ready := meta.IsStatusConditionTrue(stored(ms).Status.Conditions, v1alpha1.ConditionReady)
	Expect(kubectlWaits(ms)).To(Equal(ready), "kubectl wait --for=condition=Ready")
}

func kstatusOf(object *unstructured.Unstructured) string {
	GinkgoHelper()
	computed, err := status.Compute(object)
	Expect(err).NotTo(HaveOccurred())
	return computed.Status.String()
}

// luaOf is what Argo CD shows, with the script built in and in argocd-cm.
func luaOf(object *unstructured.Unstructured) string {
	GinkgoHelper()
	builtIn, message, err := argocd.Health(object.Object, true)
	Expect(err).NotTo(HaveOccurred())
	Expect(message).NotTo(BeEmpty())
	configured, _, err := argocd.Health(object.Object, false)
	Expect(err).NotTo(HaveOccurred())
	Expect(configured).To(Equal(builtIn))
	return builtIn
}

// kubectlWaits reports whether the command ends well.
func kubectlWaits(ms *v1alpha1.Microservice) bool {
	GinkgoHelper()
	err := exec.CommandContext(ctx, cluster.Program("kubectl"), "--kubeconfig", kubeconfig, "wait", "--for=condition=Ready",
		"microservice/"+ms.Name, "-n", ms.Namespace, "--timeout=1s").Run()
	return err == nil
}

// versions are all that the objects of a namespace ever were.
type versions struct {
	mu            sync.Mutex
	microservices []*unstructured.Unstructured
	deployments   []*appsv1.Deployment
}

func watchVersions(namespace string) *versions {
	GinkgoHelper()
	v := &versions{}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("MicroserviceList"))
	v.watch(list, namespace, func(o runtime.Object) { v.microservices = append(v.microservices, o.(*unstructured.Unstructured)) })
	v.watch(&appsv1.DeploymentList{}, namespace, func(o runtime.Object) { v.deployments = append(v.deployments, o.(*appsv1.Deployment)) })
	return v
}

func (v *versions) watch(list client.ObjectList, namespace string, keep func(runtime.Object)) {
	GinkgoHelper()
	w, err := k8s.Watch(ctx, list, client.InNamespace(namespace))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(w.Stop)
	go func() {
		for event := range w.ResultChan() {
			if event.Type == watch.Error {
				continue // the watch ends with the suite
			}
			v.mu.Lock()
			keep(event.Object)
			v.mu.Unlock()
		}
	}()
}

// check finds no version in which the tools contradict each other, or which says more than is so.
func (v *versions) check() {
	GinkgoHelper()
	v.mu.Lock()
	defer v.mu.Unlock()
	Expect(len(v.microservices)).To(BeNumerically(">", 40))
	for _, object := range v.microservices {
		ms := &v1alpha1.Microservice{}
		Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, ms)).To(Succeed())
		is := func(condition string) bool { return meta.IsStatusConditionTrue(ms.Status.Conditions, condition) }
		at := fmt.Sprintf("version %s: %v", ms.ResourceVersion, ms.Status.Conditions)
		Expect(is(v1alpha1.ConditionReconciling) && is(v1alpha1.ConditionStalled)).To(BeFalse(), at)
		if ms.DeletionTimestamp != nil {
			continue
		}
		health := map[string]string{"Current": "Healthy", "InProgress": "Progressing", "Failed": "Degraded"}[kstatusOf(object)]
		if got := luaOf(object); !ms.Spec.Paused || got != "Suspended" {
			Expect(got).To(Equal(health), at)
		}
		if is(v1alpha1.ConditionReady) && ms.Status.ObservedGeneration == ms.Generation && !ms.Spec.Parked() && !ms.Spec.Paused {
			Expect(v.finished(ms)).To(BeEmpty(), at)
		}
	}
	first := v.microservices[0]
	Expect(kstatusOf(first)).To(Equal("InProgress"), "created, not yet seen")
	Expect(luaOf(first)).To(Equal("Progressing"), "created, not yet seen")
}

// finished is what the Deployment lacked when ms was written; empty for nothing.
func (v *versions) finished(ms *v1alpha1.Microservice) string {
	GinkgoHelper()
	var last *appsv1.Deployment
	for _, d := range v.deployments {
		if d.Name == ms.Name && version(d) < version(ms) {
			last = d
		}
	}
	var missing []string
	lacks := func(what string, is bool) {
		if !is {
			missing = append(missing, what)
		}
	}
	if last == nil {
		return "there was none"
	}
	lacks("image", last.Spec.Template.Spec.Containers[0].Image == ms.Spec.Image)
	// What somebody else resized may be newer than what the status was computed from.
	lacks("observed", last.Status.ObservedGeneration >= last.Generation || ms.Spec.ScaledExternally())
	lacks("updated", last.Status.UpdatedReplicas == last.Status.Replicas)
	for _, c := range last.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing {
			lacks("finished", c.Reason == "NewReplicaSetAvailable")
		}
	}
	return strings.Join(missing, ", ")
}

// version orders all objects of a server.
func version(o client.Object) int {
	GinkgoHelper()
	n, err := strconv.Atoi(o.GetResourceVersion())
	Expect(err).NotTo(HaveOccurred())
	return n
}
