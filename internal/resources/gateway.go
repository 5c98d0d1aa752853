package resources

import (
	"cmp"
	"slices"

	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1ac "sigs.k8s.io/gateway-api/applyconfiguration/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// GatewayOf returns the Gateway that the route of ms attaches to, with its namespace, or nil if there is no route, or no Gateway
// is named.
func (s *Settings) GatewayOf(ms *v1alpha1.Microservice) *v1alpha1.GatewayReference {
	if ms.Spec.RouteKind() == "" {
		return nil
	}
	return cmp.Or(ms.NamedGateway(), s.Gateway)
}

// httpRoute builds the HTTPRoute: requests for the hosts whose path has one of the prefixes go to a port of the Service.
func httpRoute(ms *v1alpha1.Microservice, s *Settings) *gatewayv1ac.HTTPRouteApplyConfiguration {
	gateway := s.GatewayOf(ms)
	if gateway == nil || ms.Spec.RouteKind() != v1alpha1.RouteHTTP {
		return nil
	}
	spec := gatewayv1ac.HTTPRouteSpec().WithParentRefs(parentOf(gateway)).WithHostnames(hostnames(ms.Spec.Route)...)
	for _, paths := range rulePaths(ms.Spec.Route) {
		spec.WithRules(httpRule(ms, paths))
	}
	return gatewayv1ac.HTTPRoute(ms.Name, ms.Namespace).
		WithLabels(labels(ms)).
		WithOwnerReferences(owner(ms)).
		WithSpec(spec)
}

// rulePaths returns the paths of each rule. A rule that strips a prefix may have one path only: a validation of Gateway API's.
func rulePaths(route *v1alpha1.Route) [][]string {
	if !route.StripPrefix {
		return [][]string{route.Paths}
	}
	return slices.Collect(slices.Chunk(route.Paths, 1))
}

func httpRule(ms *v1alpha1.Microservice, paths []string) *gatewayv1ac.HTTPRouteRuleApplyConfiguration {
	rule := gatewayv1ac.HTTPRouteRule().WithBackendRefs(gatewayv1ac.HTTPBackendRef().
		WithName(gatewayv1.ObjectName(ms.Name)).WithPort(ms.Spec.RoutePort().Port))
	for _, path := range paths {
		rule.WithMatches(gatewayv1ac.HTTPRouteMatch().WithPath(gatewayv1ac.HTTPPathMatch().
			WithType(gatewayv1.PathMatchPathPrefix).WithValue(path)))
	}
	if ms.Spec.Route.StripPrefix {
		rule.WithFilters(gatewayv1ac.HTTPRouteFilter().WithType(gatewayv1.HTTPRouteFilterURLRewrite).
			WithURLRewrite(gatewayv1ac.HTTPURLRewriteFilter().WithPath(gatewayv1ac.HTTPPathModifier().
				WithType(gatewayv1.PrefixMatchHTTPPathModifier).WithReplacePrefixMatch("/"))))
	}
	if timeout := ms.Spec.Route.Timeout; timeout != "" {
		rule.WithTimeouts(gatewayv1ac.HTTPRouteTimeouts().WithRequest(gatewayv1.Duration(timeout)))
	}
	return rule
}

// grpcRoute builds the GRPCRoute: calls to the hosts go to a port of the Service.
func grpcRoute(ms *v1alpha1.Microservice, s *Settings) *gatewayv1ac.GRPCRouteApplyConfiguration {
	gateway := s.GatewayOf(ms)
	if gateway == nil || ms.Spec.RouteKind() != v1alpha1.RouteGRPC {
		return nil
	}
	backend := gatewayv1ac.GRPCBackendRef().WithName(gatewayv1.ObjectName(ms.Name)).WithPort(ms.Spec.RoutePort().Port)
	return gatewayv1ac.GRPCRoute(ms.Name, ms.Namespace).
		WithLabels(labels(ms)).
		WithOwnerReferences(owner(ms)).
		WithSpec(gatewayv1ac.GRPCRouteSpec().
			WithParentRefs(parentOf(gateway)).
			WithHostnames(hostnames(ms.Spec.Route)...).
			WithRules(gatewayv1ac.GRPCRouteRule().WithBackendRefs(backend)))
}

func parentOf(gateway *v1alpha1.GatewayReference) *gatewayv1ac.ParentReferenceApplyConfiguration {
	parent := gatewayv1ac.ParentReference().
		WithNamespace(gatewayv1.Namespace(gateway.Namespace)).
		WithName(gatewayv1.ObjectName(gateway.Name))
	if gateway.SectionName != "" {
		parent.WithSectionName(gatewayv1.SectionName(gateway.SectionName))
	}
	return parent
}

func hostnames(route *v1alpha1.Route) []gatewayv1.Hostname {
	all := make([]gatewayv1.Hostname, 0, len(route.Hostnames))
	for _, host := range route.Hostnames {
		all = append(all, gatewayv1.Hostname(host))
	}
	return all
}

// gatewayRule admits the pods of the gateway to the port of the route. Which pods these are depends on the implementation; by
// default they carry the label that Gateway API gives to what is made for a Gateway, in its namespace
// (https://gateway-api.sigs.k8s.io/geps/gep-1762/).
func gatewayRule(ms *v1alpha1.Microservice, s *Settings, previous dependency.PodPorts) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	gateway := s.GatewayOf(ms)
	if gateway == nil {
		return nil
	}
	peers := s.GatewayPeers
	if len(peers) == 0 {
		peers = []dependency.Pods{{Namespace: gateway.Namespace, Labels: map[string]string{gatewayv1.GatewayNameLabelKey: gateway.Name}}}
	}
	rule := networkingv1ac.NetworkPolicyIngressRule().
		WithPorts(policyPorts(s.withMesh(dependency.NetworkPorts(&ms.Spec, ms.Spec.RoutePort(), previous)))...)
	for i := range peers {
		rule.WithFrom(podPeer(&peers[i], nil).peer)
	}
	return rule
}
