package main

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// readyGeneration is the generation that the object's status says is ready, 0 for none.
func readyGeneration(o *unstructured.Unstructured) int64 {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	observed, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if condition["type"] != "Ready" {
			continue
		}
		if condition["status"] != "True" {
			return 0
		}
		if g, ok := condition["observedGeneration"].(int64); ok {
			return g
		}
		if observed > 0 {
			return observed
		}
		return o.GetGeneration()
	}
	return 0
}
