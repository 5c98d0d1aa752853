package optional_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr/funcr"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/internal/optional"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

const kind = "HTTPRoute"

// world is a cluster, and somebody who watches one optional kind in it.
type world struct {
	*testing.T
	server *cluster.Cluster
	admin  client.Client
	config *rest.Config
	kinds  *optional.Kinds
	queue  workqueue.TypedRateLimitingInterface[reconcile.Request]

	mu      sync.Mutex
	changed int
	logged  []string
}

func newWorld(t *testing.T) *world {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(apiextensionsv1.AddToScheme(scheme))
	utilruntime.Must(gatewayv1.Install(scheme))
	w := &world{T: t, server: cluster.StartFor(t)}
	admin, err := client.New(w.server.Config, client.Options{Scheme: scheme})
	w.must(err)
	w.admin, w.config = admin, w.server.Config
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start watches the kind as an operator does that has just started.
func (w *world) start(namespaces ...string) {
	w.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.Cleanup(cancel)
	log.SetLogger(funcr.New(func(prefix, args string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.logged = append(w.logged, prefix+" "+args)
	}, funcr.Options{}))
	mgr, err := ctrl.NewManager(w.config, ctrl.Options{Scheme: w.admin.Scheme(), Metrics: metricsserver.Options{BindAddress: "0"}})
	w.must(err)
	ours, err := labels.Parse("ours")
	w.must(err)
	in := map[string]cache.Config{}
	for _, namespace := range namespaces {
		in[namespace] = cache.Config{}
	}
	w.kinds, err = optional.New(mgr, in, optional.Kind{
		Name: kind, Object: &gatewayv1.HTTPRoute{}, Cache: cache.ByObject{Label: ours}, Handler: &handler.EnqueueRequestForObject{},
	})
	w.must(err)
	w.queue = workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	w.Cleanup(w.queue.ShutDown)
	w.kinds.Start(ctx, w.queue, func(string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.changed++
	})
}

// becomes waits until the kind has a status, and its reader fits to that.
func (w *world) becomes(want optional.Status) {
	w.Helper()
	cluster.Await(w, func() error {
		if got := w.kinds.Ask(kind); got.Status != want || (w.kinds.Reader(kind) != nil) != (want == optional.Served) {
			return fmt.Errorf("the kind is %+v, want %d", got, want)
		}
		return nil
	})
}

// sees waits for the event of a route, and reads it.
func (w *world) sees(name string) {
	w.Helper()
	cluster.Await(w, func() error {
		if w.queue.Len() == 0 {
			return fmt.Errorf("nothing is heard of %s", name)
		}
		return nil
	})
	request, _ := w.queue.Get()
	w.queue.Done(request)
	if request.Name != name {
		w.Errorf("%s is heard of, want %s", request.Name, name)
	}
	w.must(w.kinds.Reader(kind).Get(context.Background(), request.NamespacedName, &gatewayv1.HTTPRoute{}))
}

func (w *world) createRoute(name string) {
	w.Helper()
	route := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: map[string]string{"ours": ""}}}
	w.must(w.admin.Create(context.Background(), route))
}

// follows expects that the kind is served, and that what happens to its objects is heard.
func (w *world) follows() {
	w.Helper()
	w.becomes(optional.Served)
	w.createRoute("web")
	w.sees("web")
}

// quiet expects that nobody complained.
func (w *world) quiet() {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.logged) > 0 {
		w.Errorf("it is logged:\n%s", strings.Join(w.logged, "\n"))
	}
}

func TestKinds(t *testing.T) {
	for name, test := range map[string]func(*world){
		"there": func(w *world) {
			w.must(w.server.InstallOptional(kind))
			w.start()
			w.follows()
		},
		"there, in some namespaces": func(w *world) {
			w.must(w.server.InstallOptional(kind))
			w.start("default", "kube-public")
			w.follows()
		},
		"absent, and it comes": func(w *world) {
			w.start()
			w.becomes(optional.NotInstalled)
			w.must(w.server.InstallOptional(kind))
			w.follows()
		},
		"it goes, and comes back": func(w *world) {
			w.must(w.server.InstallOptional(kind))
			w.start()
			w.becomes(optional.Served)
			w.must(w.server.RemoveOptional(kind))
			w.becomes(optional.NotInstalled)
			w.must(w.server.InstallOptional(kind))
			w.follows()
		},
		"a write tells that it is gone": func(w *world) {
			w.must(w.server.InstallOptional(kind))
			w.start()
			w.becomes(optional.Served)
			w.kinds.Gone(kind)
			w.becomes(optional.NotInstalled)
			w.becomes(optional.Served) // it was not true
		},
		"another version": func(w *world) {
			crds, err := cluster.OptionalCRDs()
			w.must(err)
			crd := crds[kind].DeepCopy()
			var others []string
			for i := range crd.Spec.Versions {
				v := &crd.Spec.Versions[i]
				if v.Served = v.Name != gatewayv1.GroupVersion.Version; v.Served {
					others = append(others, v.Name)
				}
			}
			w.must(w.admin.Create(context.Background(), crd))
			w.start()
			w.becomes(optional.OtherVersion)
			if got := w.kinds.Ask(kind).Detail; got != strings.Join(others, ", ") {
				w.Errorf("the versions are %q, want %q", got, others)
			}
			w.must(w.server.InstallOptional(kind))
			w.becomes(optional.Served)
		},
		"no right, until it is given": func(w *world) {
			w.must(w.server.InstallOptional(kind))
			config, err := w.server.AddUser("somebody")
			w.must(err)
			w.config = config
			w.start()
			w.becomes(optional.Forbidden)
			if got := w.kinds.Ask(kind).Detail; !strings.Contains(got, `"somebody" cannot list resource "httproutes"`) {
				w.Errorf("the detail is %q", got)
			}
			role, err := cluster.ReadRole(cluster.OptionalRoles[0])
			w.must(err)
			w.must(w.admin.Create(context.Background(), role))
			w.must(cluster.Bind(context.Background(), w.admin, "somebody", role.Name, ""))
			w.becomes(optional.Served)
		},
		"nobody asks, and there are objects": func(w *world) {
			w.must(w.server.InstallOptional(kind))
			w.createRoute("web")
			w.start()
			w.sees("web")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			test(w)
			w.quiet()
		})
	}
}

// Nobody asks, and there is no object: one look at the start, and no watch.
func TestKindsThatNobodyUses(t *testing.T) {
	w := newWorld(t)
	w.must(w.server.InstallOptional(kind))
	requests := cluster.NewRecorder()
	w.config = requests.Wrap(w.config)
	w.start()
	cluster.Await(t, func() error {
		if n := len(requests.Lists("httproutes", "")); n != 1 {
			return fmt.Errorf("%d lists", n)
		}
		return nil
	})
	if w.kinds.Reader(kind) != nil {
		t.Error("it is read")
	}
	if got := w.kinds.Ask(kind).Status; got != optional.Reading {
		t.Errorf("the first question finds %v: it was watched before", got)
	}
	w.becomes(optional.Served)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != 1 {
		t.Errorf("%d changes are told, want 1", w.changed)
	}
}
