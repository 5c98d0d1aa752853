package controller

import (
	"context"
	"errors"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/consistency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/servicetracker"
	"github.com/microservice-dev/microservice-operator/internal/topology"
)

// reconciliationTimeout frees a worker that waits for a request which hangs.
const reconciliationTimeout = 30 * time.Second

// NewScheme knows the Microservice and the kinds of its children.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	return scheme
}

// ManagerOptions returns what the reconciler needs of its manager: small caches. namespaces limits it to those; none means all.
func ManagerOptions(namespaces []string, maxConcurrentReconciles int) (ctrl.Options, error) {
	caches, err := cacheOptions(namespaces)
	if err != nil {
		return ctrl.Options{}, err
	}
	return ctrl.Options{
		Scheme: NewScheme(),
		Cache:  caches,
		Controller: config.Controller{
			MaxConcurrentReconciles: maxConcurrentReconciles,
			ReconciliationTimeout:   reconciliationTimeout,
		},
	}, nil
}

// CacheSynced returns a check that a manager is ready: its cache has read the Microservices of all its namespaces. Without the right to
// read one of them it never is, so that in a rollout the manager before it goes on.
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

// New returns a reconciler that works through the manager. namespaces are those of ManagerOptions.
func New(mgr ctrl.Manager, settings resources.Settings, namespaces []string, clock clock.PassiveClock) *MicroserviceReconciler {
	store := consistency.NewStore(clock)
	return &MicroserviceReconciler{
		Client: mgr.GetClient(),
		Live:   mgr.GetAPIReader(),
		Door: &apply.Door{
			Client:     mgr.GetClient(),
			Live:       mgr.GetAPIReader(),
			Observer:   store,
			FieldOwner: FieldOwner,
			Annotation: v1alpha1.AnnotationApplied,
		},
		Topology:          topology.NewResolver(mgr.GetCache(), servicetracker.New(mgr, namespaces), namespaces, settings.ClusterDomain),
		Consistency:       store,
		Recorder:          mgr.GetEventRecorder(FieldOwner),
		Settings:          settings,
		settled:           unchangedSince[string]{clock: clock},
		autoscalerDeleted: unchangedSince[struct{}]{clock: clock},
		patches:           resources.NewPatches(),
	}
}
