package cli

import (
	"fmt"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// fieldOwner is the field manager of what the plugin writes.
const fieldOwner = "kubectl-msvc"

// client returns a client that knows its kinds without discovery: that would be a request for each API group of the cluster.
func (o *options) client() (client.WithWatch, error) {
	config, err := o.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 50, 100
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	utilruntime.Must(gatewayv1.Install(scheme))
	utilruntime.Must(monitoringv1.AddToScheme(scheme))
	return client.NewWithWatch(config, client.Options{Scheme: scheme, Mapper: mapper(scheme)})
}

// connect returns a client, and the key of a Microservice in the namespace of the flags.
func (o *options) connect(name string) (client.WithWatch, dependency.Key, error) {
	namespace, err := o.namespace()
	if err != nil {
		return nil, dependency.Key{}, err
	}
	kube, err := o.client()
	return kube, dependency.Key{Namespace: namespace, Name: name}, err
}

// mapper returns a mapper of all kinds that the plugin knows.
func mapper(scheme *runtime.Scheme) meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for kind := range scheme.AllKnownTypes() {
		if plural := plurals[kind.GroupKind()]; plural != "" {
			scope := meta.RESTScopeNamespace
			if kind.Group == authorizationv1.GroupName || kind.Kind == "Namespace" {
				scope = meta.RESTScopeRoot
			}
			m.AddSpecific(kind, kind.GroupVersion().WithResource(plural), kind.GroupVersion().WithResource(plural), scope)
		}
	}
	return m
}

// plurals are the resources of the kinds.
var plurals = map[schema.GroupKind]string{
	{Group: v1alpha1.SchemeGroupVersion.Group, Kind: "Microservice"}:    "microservices",
	{Group: "apps", Kind: "Deployment"}:                                 "deployments",
	{Kind: "ConfigMap"}:                                                 "configmaps",
	{Kind: "Namespace"}:                                                 "namespaces",
	{Group: "apps", Kind: "ReplicaSet"}:                                 "replicasets",
	{Kind: "Event"}:                                                     "events",
	{Kind: "Pod"}:                                                       "pods",
	{Kind: "Service"}:                                                   "services",
	{Kind: "ServiceAccount"}:                                            "serviceaccounts",
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:                 "networkpolicies",
	{Group: "policy", Kind: "PodDisruptionBudget"}:                      "poddisruptionbudgets",
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:             "horizontalpodautoscalers",
	{Group: gatewayv1.GroupName, Kind: "HTTPRoute"}:                     "httproutes",
	{Group: gatewayv1.GroupName, Kind: "GRPCRoute"}:                     "grpcroutes",
	{Group: monitoring.GroupName, Kind: monitoringv1.PodMonitorsKind}:   "podmonitors",
	{Group: discoveryv1.GroupName, Kind: "EndpointSlice"}:               "endpointslices",
	{Group: coordinationv1.GroupName, Kind: "Lease"}:                    "leases",
	{Group: authorizationv1.GroupName, Kind: "SelfSubjectAccessReview"}: "selfsubjectaccessreviews",
}
