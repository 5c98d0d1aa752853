package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
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
	{Kind: "Namespace"}:                                                 "namespaces",
	{Group: "apps", Kind: "ReplicaSet"}:                                 "replicasets",
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

// noMicroservices is what is wrong with a cluster without the CRD.
const noMicroservices = "the cluster has no Microservices: install the operator first"

func notFound(key dependency.Key) error {
	return failed(ExitNotFound, "there is no Microservice %s in namespace %s", key.Name, key.Namespace)
}

func pointers(list *v1alpha1.MicroserviceList) []*v1alpha1.Microservice {
	all := make([]*v1alpha1.Microservice, len(list.Items))
	for i := range list.Items {
		all[i] = &list.Items[i]
	}
	return all
}

// read returns a Microservice. The error ends the command with the right code.
func read(ctx context.Context, c client.Reader, key dependency.Key) (*v1alpha1.Microservice, error) {
	ms := &v1alpha1.Microservice{}
	switch err := c.Get(ctx, key, ms); {
	case meta.IsNoMatchError(err), isMissingCRD(err):
		return nil, failed(ExitUsage, noMicroservices)
	case apierrors.IsNotFound(err):
		return nil, notFound(key)
	case err != nil:
		return nil, fmt.Errorf("reading Microservice %s: %w", key, err)
	}
	return ms, nil
}

// isMissingCRD reports whether the server does not serve Microservices: then its 404 names no object.
func isMissingCRD(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) && (status.Status().Details == nil || status.Status().Details.Name == "")
}

// maxGets is how many Microservices are read one by one before all are listed instead.
const maxGets = 6

// load adds Microservices to a world. It reads them one by one while they are few, and then lists all that the user may see.
func load(ctx context.Context, c client.Reader, w explain.World, gets *int, keys []dependency.Key) error {
	if *gets+len(keys) > maxGets {
		list := &v1alpha1.MicroserviceList{}
		err := c.List(ctx, list)
		if err == nil {
			w.Add(pointers(list)...)
			for _, key := range keys {
				if w.Microservices[key] == nil {
					w.Absent.Insert(key)
				}
			}
			return nil
		}
		if !apierrors.IsForbidden(err) {
			return fmt.Errorf("listing Microservices: %w", err)
		}
	}
	for _, key := range keys {
		*gets++
		ms, err := read(ctx, c, key)
		switch {
		case err == nil:
			w.Add(ms)
		case code(err) == ExitNotFound:
			w.Absent.Insert(key)
		case apierrors.IsForbidden(err):
			w.Hidden.Insert(key)
		default:
			return err
		}
	}
	return nil
}
