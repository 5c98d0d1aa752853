package explain

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// besides returns what a Microservice asks for and does not have, and can be well without: a route, a PodMonitor. The subject of
// each is the condition.
func besides(ms *v1alpha1.Microservice) []Cause {
	all := []Cause{}
	for _, conditionType := range []string{v1alpha1.ConditionRouted, v1alpha1.ConditionMonitored} {
		c := meta.FindStatusCondition(ms.Status.Conditions, conditionType)
		if c == nil || c.Status == metav1.ConditionTrue || c.ObservedGeneration != ms.Generation {
			continue
		}
		all = append(all, Cause{
			Path: []string{ms.Name}, Subject: conditionType, Reason: c.Reason, Message: c.Message, Since: &c.LastTransitionTime, Cure: cure(ms, c.Reason),
		})
	}
	return all
}
