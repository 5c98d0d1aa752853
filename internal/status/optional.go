package status

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Route is what is known of the route that the spec asks for.
type Route struct {
	// Obstacle is why it is not in place, or nil.
	Obstacle *Obstacle
	// Gateway is where it attaches, with its namespace.
	Gateway v1alpha1.GatewayReference
	// Generation is the route's.
	Generation int64
	// Parents are what the controllers of gateways said of it.
	Parents []gatewayv1.RouteParentStatus
}

// Monitor is what is known of the PodMonitor that the spec asks for.
type Monitor struct {
	// Obstacle is why it is not in place, or nil.
	Obstacle *Obstacle
}

// Obstacle is why an object of a kind that a cluster may lack is not in place.
type Obstacle struct {
	// Reason is one of ConditionRouted and ConditionMonitored.
	Reason string
	// Message says what to do.
	Message string
	// Unknown is set if the object may be in place all the same.
	Unknown bool
}

func (o *Obstacle) condition(conditionType string) metav1.Condition {
	status := metav1.ConditionFalse
	if o.Unknown {
		status = metav1.ConditionUnknown
	}
	return metav1.Condition{Type: conditionType, Status: status, Reason: o.Reason, Message: o.Message}
}

func monitoredCondition(m *Monitor) metav1.Condition {
	if m.Obstacle != nil {
		return m.Obstacle.condition(v1alpha1.ConditionMonitored)
	}
	return metav1.Condition{
		Type: v1alpha1.ConditionMonitored, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonApplied,
		Message: "The PodMonitor is in place; whether a Prometheus selects it is up to that",
	}
}

// routedCondition repeats what the controllers of the gateway said of this generation of the route: all have to accept it, and
// to find what it refers to.
func routedCondition(ms *v1alpha1.Microservice, r *Route) metav1.Condition {
	if r.Obstacle != nil {
		return r.Obstacle.condition(v1alpha1.ConditionRouted)
	}
	c := metav1.Condition{Type: v1alpha1.ConditionRouted, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonPending}
	gateway := r.Gateway.Namespace + "/" + r.Gateway.Name
	answered := false
	for i := range r.Parents {
		p := &r.Parents[i]
		if !r.isParent(&p.ParentRef) {
			continue
		}
		answered = true
		for _, conditionType := range []gatewayv1.RouteConditionType{gatewayv1.RouteConditionAccepted, gatewayv1.RouteConditionResolvedRefs} {
			said := meta.FindStatusCondition(p.Conditions, string(conditionType))
			if said == nil || said.ObservedGeneration < r.Generation {
				c.Message = fmt.Sprintf("The controller of Gateway %s (%s) has not looked at this version of the route yet", gateway, p.ControllerName)
				return c
			}
			if said.Status != metav1.ConditionTrue {
				c.Status, c.Reason = said.Status, said.Reason
				c.Message = fmt.Sprintf("Gateway %s: %s", gateway, cmp.Or(said.Message, said.Reason))
				return c
			}
		}
	}
	if !answered {
		c.Message = fmt.Sprintf("No controller has answered for Gateway %s: does the Gateway exist (kubectl get gateway %s -n %s), and does the controller of its class run?",
			gateway, r.Gateway.Name, r.Gateway.Namespace)
		return c
	}
	c.Status, c.Reason = metav1.ConditionTrue, string(gatewayv1.RouteReasonAccepted)
	c.Message = fmt.Sprintf("Gateway %s leads requests to port %s", gateway, ms.Spec.RoutePort().Name)
	return c
}

func (r *Route) isParent(ref *gatewayv1.ParentReference) bool {
	return string(ref.Name) == r.Gateway.Name && ref.Namespace != nil && string(*ref.Namespace) == r.Gateway.Namespace
}
