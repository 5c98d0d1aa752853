package faults

import (
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// manager is the field manager of the operator's writes.
const manager = "microservice-operator"

// world is what is there at one moment of the history.
type world map[string]*unstructured.Unstructured

// invariants are what must hold at each moment: oracle O4.
func invariants(events []Event) []string {
	var problems []string
	now, images := world{}, map[string]any{}
	for _, e := range events {
		before := now[e.key()]
		if e.Type == watch.Deleted {
			delete(now, e.key())
			continue
		}
		now[e.key()] = e.Object
		for _, problem := range []string{
			foreign(e), anotherSelector(e, before), unguardedPod(e, now), tooSmall(e, now), readyTooEarly(e, before, now, images),
		} {
			if problem != "" && !slices.Contains(problems, problem) {
				problems = append(problems, problem)
			}
		}
	}
	return problems
}

// foreign is a write of what no Microservice owns.
func foreign(e Event) string {
	if !slices.Contains(childKinds, e.Kind) || ownedByMicroservice(e.Object) {
		return ""
	}
	for _, entry := range e.Object.GetManagedFields() {
		if entry.Manager == manager {
			return fmt.Sprintf("O4: the operator wrote %s, which no Microservice controls", e.key())
		}
	}
	return ""
}

func ownedByMicroservice(o *unstructured.Unstructured) bool {
	owner := metav1.GetControllerOf(o)
	return owner != nil && owner.Kind == "Microservice"
}

// anotherSelector is a Deployment that takes other pods than before.
func anotherSelector(e Event, before *unstructured.Unstructured) string {
	if e.Kind != "Deployment" || before == nil || before.GetUID() != e.Object.GetUID() {
		return ""
	}
	if fmt.Sprint(field(before, "spec", "selector")) != fmt.Sprint(field(e.Object, "spec", "selector")) {
		return fmt.Sprintf("O4: %s has another selector", e.key())
	}
	return ""
}

// unguardedPod is a pod of a Microservice that comes to be without its NetworkPolicy.
func unguardedPod(e Event, now world) string {
	name := e.Object.GetLabels()[v1alpha1.LabelName]
	if e.Kind != "Pod" || e.Type != watch.Added || name == "" || now["NetworkPolicy/"+name] != nil {
		return ""
	}
	if now["Microservice/"+name] == nil {
		return "" // it was just deleted, and the collector takes children in any order
	}
	return fmt.Sprintf("O4: a pod of %s comes before its NetworkPolicy", name)
}

// tooSmall is a Deployment with fewer replicas than any step asks for, unless somebody else decides about its size.
func tooSmall(e Event, now world) string {
	if e.Kind != "Deployment" || !ownedByMicroservice(e.Object) {
		return ""
	}
	if owner := now["Microservice/"+e.Object.GetName()]; owner != nil && field(owner, "spec", "autoscaling", "external") != nil {
		return ""
	}
	if n, found, _ := unstructured.NestedInt64(e.Object.Object, "spec", "replicas"); found && n < smallest {
		return fmt.Sprintf("O4: %s has %d replicas, and at least %d were asked for at any time", e.key(), n, smallest)
	}
	return ""
}

// readyTooEarly is a status that is written and says Ready=True of a generation that the Deployment does not run. images
// remembers what each generation asks for.
func readyTooEarly(e Event, before *unstructured.Unstructured, now world, images map[string]any) string {
	if e.Kind != "Microservice" {
		return ""
	}
	name, uid := e.Object.GetName(), e.Object.GetUID()
	images[fmt.Sprint(uid, e.Object.GetGeneration())] = field(e.Object, "spec", "image")
	if before != nil && reflect.DeepEqual(field(before, "status"), field(e.Object, "status")) {
		return "" // it was true when it was written
	}
	conditions, _, _ := unstructured.NestedSlice(e.Object.Object, "status", "conditions")
	for _, c := range conditions {
		c, _ := c.(map[string]any)
		if c["type"] != v1alpha1.ConditionReady || c["status"] != "True" {
			continue
		}
		deployment := now["Deployment/"+name]
		if deployment == nil {
			return fmt.Sprintf("O4: %s is ready without a Deployment", name)
		}
		want := images[fmt.Sprint(uid, c["observedGeneration"])]
		if runs := imageOf(deployment); runs != want {
			return fmt.Sprintf("O4: generation %v of %s is ready, and its Deployment has image %v, not %v", c["observedGeneration"], name, runs, want)
		}
	}
	return ""
}

// imageOf is what the first container of a Deployment runs.
func imageOf(deployment *unstructured.Unstructured) any {
	containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	return containers[0].(map[string]any)["image"]
}

func field(o *unstructured.Unstructured, path ...string) any {
	value, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	return value
}
