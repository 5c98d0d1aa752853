package explain

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// secondScaler is reported for a Microservice whose size the operator decides while an autoscaler of somebody else decides it, too.
// One at 0 is left out: a HorizontalPodAutoscaler does nothing there.
func (s *System) secondScaler(ms *v1alpha1.Microservice) []problem {
	if ms.Spec.ScaledExternally() || ms.Spec.Parked() {
		return nil
	}
	var names []string
	for i := range s.world.Autoscalers {
		a := &s.world.Autoscalers[i]
		target := a.Spec.ScaleTargetRef
		if a.Namespace == ms.Namespace && target.Kind == "Deployment" && target.Name == ms.Name && !metav1.IsControlledBy(a, ms) {
			names = append(names, a.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	field, fight := "spec.replicas", "each of the two undoes what the other did"
	if ms.Spec.Autoscaled() {
		field, fight = "spec.autoscaling.maxReplicas", "with two of them neither scales"
	}
	return []problem{{field, fmt.Sprintf("HorizontalPodAutoscaler %s scales its Deployment as the operator does: %s", strings.Join(names, ", "), fight),
		"set autoscaling: {external: {}} instead, which leaves the number to it, or remove it"}}
}
