package explain

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// A missing route is told, with a cure for each reason that the operator or Gateway API has, and makes nothing unwell.
func TestBesides(t *testing.T) {
	for reason, cure := range map[string]string{
		v1alpha1.ReasonCRDNotInstalled:  "install",
		v1alpha1.ReasonVersionNotServed: "upgrade",
		v1alpha1.ReasonForbidden:        "role",
		v1alpha1.ReasonUnreadable:       "tries again",
		v1alpha1.ReasonGatewayNotSet:    "spec.route.gateway",
		v1alpha1.ReasonPending:          "wait",
		v1alpha1.ReasonNameConflict:     "delete the object",
		v1alpha1.ReasonApplyFailed:      "remove what the message names",
		"NotAllowedByListeners":         "admit namespace shop",
		"NoMatchingListenerHostname":    "spec.route.hostnames",
		"NoMatchingParent":              "sectionName",
		"UnsupportedValue":              "remove",
		"IncompatibleFilters":           "stripPrefix",
		"UnsupportedProtocol":           "appProtocol",
		"BackendNotFound":               "kubectl get service web -n shop",
		"RefNotPermitted":               "Gateway's team",
		"InvalidKind":                   "Gateway's team",
	} {
		ms := &v1alpha1.Microservice{}
		ms.Namespace, ms.Name, ms.Generation, ms.Status.ObservedGeneration = "shop", "web", 2, 2
		ms.Status.Conditions = []metav1.Condition{
			{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, ObservedGeneration: 2},
			{Type: v1alpha1.ConditionRouted, Status: metav1.ConditionFalse, Reason: reason, ObservedGeneration: 2},
			{Type: v1alpha1.ConditionMonitored, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonApplied, ObservedGeneration: 2},
		}
		a := Why(NewWorld(ms), dependency.KeyOf(ms))
		if !a.Healthy || len(a.Causes) > 0 {
			t.Errorf("%s makes it unwell: %+v", reason, a.Causes)
		}
		if len(a.Besides) != 1 || a.Besides[0].Subject != v1alpha1.ConditionRouted || a.Besides[0].Reason != reason || !strings.Contains(a.Besides[0].Cure, cure) {
			t.Errorf("%s: %+v, want a cure with %q", reason, a.Besides, cure)
		}
		ms.Generation = 3
		if a := Why(NewWorld(ms), dependency.KeyOf(ms)); len(a.Besides) > 0 {
			t.Errorf("%s of an older spec is told: %+v", reason, a.Besides)
		}
	}
}
