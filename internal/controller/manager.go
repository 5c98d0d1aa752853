package controller

import (
	"context"
	"errors"
	"net/http"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/consistency"
	"github.com/microservice-dev/microservice-operator/internal/planner"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/restarts"
	"github.com/microservice-dev/microservice-operator/internal/servicetracker"
	"github.com/microservice-dev/microservice-operator/internal/topology"
	"github.com/microservice-dev/microservice-operator/internal/unchanged"
)

// reconciliationTimeout frees a worker whose request hangs.
const reconciliationTimeout = 30 * time.Second

// NewScheme returns a scheme with the Microservice and the kinds of its children.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	utilruntime.Must(gatewayv1.Install(scheme))
	utilruntime.Must(monitoringv1.AddToScheme(scheme))
	return scheme
}

// ManagerOptions returns the manager options that the reconciler needs, above all small caches. namespaces limits them to
// those; empty means all.
func ManagerOptions(namespaces []string, maxConcurrentReconciles int) ctrl.Options {
	return ctrl.Options{
		Scheme: NewScheme(),
		Cache:  cacheOptions(namespaces),
		Controller: config.Controller{
			MaxConcurrentReconciles: maxConcurrentReconciles,
			ReconciliationTimeout:   reconciliationTimeout,
		},
	}
}

// CacheSynced returns a readiness check: the cache has read the Microservices of all watched namespaces. A manager without the
// right to read one of them is never ready, so that a rollout keeps the manager before it.
func CacheSynced(mgr ctrl.Manager) healthz.Checker {
	return func(q *http.Request) error {
		limited, cancel := context.WithTimeout(q.Context(), readinessTimeout)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(limited) {
			return errors.New("the Microservices are not read yet: is it allowed in all namespaces?")
		}
		return nil
	}
}

// readinessTimeout is how long a readiness check may take. The kubelet gives up after a second.
const readinessTimeout = 500 * time.Millisecond

// Options configure a reconciler.
type Options struct {
	// Settings are the operator-wide settings.
	Settings resources.Settings
	// Namespaces are the watched namespaces, as in ManagerOptions.
	Namespaces []string
	// MaxDependentRestarts limits how many dependents of one target restart at the same time because its port number changed; 0
	// is no limit.
	MaxDependentRestarts int
	// Clock is the real clock except in tests.
	Clock clock.PassiveClock
}

// New returns a reconciler that uses the manager's clients and caches. The error says that the manager lacks a part of
// ManagerOptions.
func New(mgr ctrl.Manager, o Options) (*MicroserviceReconciler, error) {
	store := consistency.NewStore(o.Clock)
	optionals, err := newOptionalKinds(mgr, o.Namespaces, store)
	if err != nil {
		return nil, err
	}
	applier := &apply.Applier{
		Client:     mgr.GetClient(),
		APIReader:  mgr.GetAPIReader(),
		Observer:   store,
		Clock:      o.Clock,
		FieldOwner: FieldOwner,
		Annotation: v1alpha1.AnnotationApplied,
	}
	neighbours := topology.NewResolver(mgr.GetCache(), servicetracker.New(mgr, o.Namespaces), o.Namespaces, o.Settings.ClusterDomain, o.Clock)
	return &MicroserviceReconciler{
		Client:      mgr.GetClient(),
		APIReader:   mgr.GetAPIReader(),
		Applier:     applier,
		Topology:    neighbours,
		Consistency: store,
		Optional:    optionals,
		Planner: &planner.Planner{
			Settings:    o.Settings,
			PatchCache:  resources.NewPatchCache(),
			Topology:    neighbours,
			Gate:        restarts.NewGate(o.MaxDependentRestarts, o.Clock),
			Applied:     applier.Applied,
			Deployments: unchanged.New[string](o.Clock),
		},
		Recorder:          mgr.GetEventRecorder(FieldOwner),
		autoscalerDeleted: unchanged.New[struct{}](o.Clock),
	}, nil
}
