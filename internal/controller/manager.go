package controller

import (
	"context"
	"errors"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// reconciliationTimeout frees a worker that waits for a watch that stands still: a read waits until the cache has seen
// the operator's own writes. Children are read past the cache after a third of it.
const reconciliationTimeout = 30 * time.Second

// NewScheme knows the Microservice and the kinds of its children.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	return scheme
}

// ManagerOptions are what the reconciler needs of its manager: small caches that have seen the operator's own writes.
// namespaces limits it to those; none means all.
func ManagerOptions(namespaces []string, maxConcurrentReconciles int) (ctrl.Options, error) {
	caches, err := cacheOptions(namespaces)
	if err != nil {
		return ctrl.Options{}, err
	}
	options := ctrl.Options{
		Scheme: NewScheme(),
		Cache:  caches,
		Client: client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: new(true)}},
		Controller: config.Controller{
			MaxConcurrentReconciles: maxConcurrentReconciles,
			ReconciliationTimeout:   reconciliationTimeout,
		},
	}
	if len(namespaces) > 1 {
		options.NewClient = clientPerNamespace(namespaces)
	}
	return options, nil
}

// Filled is what makes a manager ready: its cache has read the Microservices of all its namespaces. Without the right to
// read one of them it never is, so that in a rollout the manager before it goes on.
func Filled(mgr ctrl.Manager) healthz.Checker {
	return func(q *http.Request) error {
		limited, cancel := context.WithTimeout(q.Context(), patience)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(limited) {
			return errors.New("the Microservices are not read yet: is it allowed in all namespaces?")
		}
		return nil
	}
}

// patience is how long a look at the cache may take. The kubelet gives up after a second.
const patience = 500 * time.Millisecond

// New is a reconciler that works through the manager. namespaces are those of ManagerOptions.
func New(mgr ctrl.Manager, settings resources.Settings, namespaces []string) *MicroserviceReconciler {
	r := &MicroserviceReconciler{
		Client: mgr.GetClient(),
		Door: &apply.Door{
			Client:     mgr.GetClient(),
			Live:       mgr.GetAPIReader(),
			FieldOwner: FieldOwner,
			Annotation: v1alpha1.AnnotationApplied,
		},
		Recorder:   mgr.GetEventRecorder(FieldOwner),
		Cache:      mgr.GetCache(),
		Live:       mgr.GetAPIReader(),
		Settings:   settings,
		Namespaces: sets.New(namespaces...),
		services:   newServices(mgr),
		cycles:     &cycles{outdated: make(chan struct{}, 1)},
		patches:    resources.NewPatches(),
	}
	r.cycles.search = r.searchCycles
	return r
}
