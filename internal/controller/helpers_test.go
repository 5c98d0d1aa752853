package controller

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// The words of the specs.

// create stores an object.
func create(object client.Object) {
	GinkgoHelper()
	Expect(k8s.Create(ctx, object, client.FieldValidation("Strict"))).To(Succeed())
}

// edit changes the spec of what is stored, as kubectl patch does.
func edit(ms *v1alpha1.Microservice, change func(*v1alpha1.MicroserviceSpec)) {
	GinkgoHelper()
	before := ms.DeepCopy()
	change(&ms.Spec)
	Expect(k8s.Patch(ctx, ms, client.MergeFrom(before))).To(Succeed())
}

// state is "Ready status/reason", with the abnormal conditions behind it; empty while it does not speak of the stored
// generation.
func state(ms *v1alpha1.Microservice) func() string {
	return func() string {
		now := &v1alpha1.Microservice{}
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(ms), now); err != nil {
			return err.Error()
		}
		ready := meta.FindStatusCondition(now.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || now.Status.ObservedGeneration != now.Generation {
			return ""
		}
		words := []string{fmt.Sprintf("%s/%s", ready.Status, ready.Reason)}
		for _, abnormal := range []string{v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
			if meta.IsStatusConditionTrue(now.Status.Conditions, abnormal) {
				words = append(words, abnormal)
			}
		}
		return strings.Join(words, " ")
	}
}

const (
	available  = "True/Available"
	rollingOut = "False/RollingOut Reconciling"
)

func eventually(ms *v1alpha1.Microservice, want string) {
	GinkgoHelper()
	Eventually(state(ms)).Should(Equal(want))
}

// message is Ready's.
func message(ms *v1alpha1.Microservice) string {
	GinkgoHelper()
	now := &v1alpha1.Microservice{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), now)).To(Succeed())
	ready := meta.FindStatusCondition(now.Status.Conditions, v1alpha1.ConditionReady)
	Expect(ready).NotTo(BeNil())
	return ready.Message
}

// exists reports whether the child of a kind is there.
func exists(ms *v1alpha1.Microservice, child client.Object) func() bool {
	return func() bool {
		return k8s.Get(ctx, client.ObjectKeyFromObject(ms), child) == nil
	}
}

func deploymentOf(ms *v1alpha1.Microservice) *appsv1.Deployment {
	GinkgoHelper()
	d := &appsv1.Deployment{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), d)).To(Succeed())
	return d
}

// deleteDeployment deletes the Deployment of a Microservice, and waits until there is another one.
func deleteDeployment(ms *v1alpha1.Microservice) {
	GinkgoHelper()
	old := deploymentOf(ms)
	Expect(k8s.Delete(ctx, old)).To(Succeed())
	Eventually(func() bool {
		d := &appsv1.Deployment{}
		return exists(ms, d)() && d.UID != old.UID
	}).Should(BeTrue())
}

// wasSent are the operator's requests about a namespace, each as "verb resource", in order.
func sent(r *cluster.Recorder, namespace string) []string {
	var all []string
	for _, q := range r.Requests(namespace) {
		words := q.Verb + " " + q.Resource
		if q.Code >= 400 {
			words += fmt.Sprintf(" -> %d", q.Code)
		}
		all = append(all, words)
	}
	return all
}

// sentFor are those about one object, its children or its status.
func sentFor(ms *v1alpha1.Microservice) []string {
	var all []string
	for _, q := range requests.Requests(ms.Namespace) {
		if q.Name == ms.Name {
			all = append(all, q.Verb+" "+q.Resource)
		}
	}
	slices.Sort(all)
	return all
}

// stored is what the server has now.
func stored(ms *v1alpha1.Microservice) *v1alpha1.Microservice {
	GinkgoHelper()
	now := &v1alpha1.Microservice{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), now)).To(Succeed())
	return now
}

// dependencyState is what status says of one, as "State: message".
func dependencyState(ms *v1alpha1.Microservice, alias string) func() string {
	return func() string {
		for _, d := range stored(ms).Status.Dependencies {
			if d.Name == alias {
				return strings.TrimSuffix(fmt.Sprintf("%s: %s", d.State, d.Message), ": ")
			}
		}
		return ""
	}
}

// condition is "status/reason" of one, empty where there is none.
func condition(ms *v1alpha1.Microservice, conditionType string) func() string {
	return func() string {
		c := meta.FindStatusCondition(stored(ms).Status.Conditions, conditionType)
		if c == nil {
			return ""
		}
		return fmt.Sprintf("%s/%s", c.Status, c.Reason)
	}
}

// dependents are those in status, refused ones in brackets.
func dependents(ms *v1alpha1.Microservice) func() []string {
	return func() []string {
		var all []string
		for _, d := range stored(ms).Status.Dependents {
			name := d.Namespace + "/" + d.Name
			if !d.Permitted {
				name = "(" + name + ")"
			}
			all = append(all, name)
		}
		return all
	}
}

// makePods sets whether the pods of a Microservice are ready, as their kubelet does.
func makePods(ms *v1alpha1.Microservice, ready bool) {
	GinkgoHelper()
	pods := &corev1.PodList{}
	Expect(k8s.List(ctx, pods, client.InNamespace(ms.Namespace), client.MatchingLabels{v1alpha1.LabelName: ms.Name})).To(Succeed())
	Expect(pods.Items).NotTo(BeEmpty())
	for i := range pods.Items {
		before := pods.Items[i].DeepCopy()
		setReady(&pods.Items[i], ready)
		Expect(k8s.Status().Patch(ctx, &pods.Items[i], client.StrategicMergeFrom(before))).To(Succeed())
	}
}

// setReady sets whether a pod is ready since now.
func setReady(pod *corev1.Pod, ready bool) {
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == corev1.PodReady {
			c.Status = corev1.ConditionFalse
			if ready {
				c.Status = corev1.ConditionTrue
			}
			c.LastTransitionTime = metav1.Now()
		}
	}
}

func containAll(words ...string) types.GomegaMatcher {
	var all []types.GomegaMatcher
	for _, w := range words {
		all = append(all, ContainSubstring(w))
	}
	return And(all...)
}
