package topology

import (
	"fmt"
	"math/rand"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// What somebody has just edited comes before the neighbours of a change.
func TestEnqueueComesAfterEdits(t *testing.T) {
	q := priorityqueue.New[reconcile.Request]("neighbours")
	defer q.ShutDown()
	edited := dependency.Key{Namespace: "shop", Name: "edited"}
	Enqueue(q, dependency.Key{Namespace: "shop", Name: "a"}, dependency.Key{Namespace: "shop", Name: "b"})
	q.Add(reconcile.Request{NamespacedName: edited})
	if first, _ := q.Get(); first.NamespacedName != edited {
		t.Errorf("%s comes first", first)
	}
}

// At the start, what was created or edited while no operator was there comes before the thousands that are in place.
func TestUnseenGenerationsComeFirstAtTheStart(t *testing.T) {
	ms := func(name string, observed int64) *v1alpha1.Microservice {
		ms := MakeMicroservice("shop", name)
		ms.Generation, ms.Status.ObservedGeneration = 2, observed
		return ms
	}
	q := priorityqueue.New[reconcile.Request]("start")
	defer q.ShutDown()
	h := (&Resolver{}).MicroserviceHandler()
	for _, object := range []*v1alpha1.Microservice{ms("in-place", 2), ms("edited", 1), ms("new", -1)} {
		Enqueue(q, dependency.KeyOf(object)) // as the watch for the Microservice itself does
		h.Create(t.Context(), event.CreateEvent{Object: object, IsInInitialList: true}, q)
	}
	var order []string
	for range 3 {
		request, _ := q.Get()
		order = append(order, request.Name)
	}
	if order[2] != "in-place" {
		t.Errorf("they come in the order %v", order)
	}
}

// One Microservice flips among 10,000 with 40,000 edges: the time from the watch's event until everybody whom it concerns
// is in the queue, through the real cache and its index. The bar is 1 ms.
func BenchmarkFanOut(b *testing.B) {
	const nodes, edgesEach = 10_000, 4
	key := func(i int) (namespace, name string) { return fmt.Sprintf("ns%02d", i%50), fmt.Sprintf("m%05d", i) }
	random := rand.New(rand.NewSource(1))
	all := make([]*v1alpha1.Microservice, nodes)
	for i := range all {
		all[i] = MakeMicroservice(key(i))
		all[i].UID, all[i].Generation = types.UID(fmt.Sprintf("uid-%d", i)), 1
		all[i].Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromAll}
		for e := range edgesEach {
			namespace, name := key(random.Intn(nodes))
			if e == 0 && i%10 == 0 {
				namespace, name = key(0) // a hub, with a tenth of all
			}
			all[i].Spec.Dependencies = append(all[i].Spec.Dependencies, v1alpha1.Dependency{
				Name: fmt.Sprintf("d%d", e), Microservice: &v1alpha1.ObjectReference{Namespace: namespace, Name: name},
			})
		}
	}
	ctx, r := b.Context(), NewResolver(filledCache(b, all), nil, nil, "cluster.local", clock.RealClock{})
	for name, which := range map[string]func(i int) int{
		"of anyone": func(i int) int { return 1 + i%(nodes-1) },
		"of a hub":  func(int) int { return 0 },
	} {
		b.Run(name, func(b *testing.B) {
			q := priorityqueue.New[reconcile.Request]("fan-out")
			defer q.ShutDown()
			handler, enqueued := r.MicroserviceHandler(), 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				before := all[which(i)]
				after := *before
				meta.SetStatusCondition(&after.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionAvailable, Status: metav1.ConditionTrue, Reason: "Test"})
				handler.Update(ctx, event.UpdateEvent{ObjectOld: before, ObjectNew: &after}, q)
				b.StopTimer()
				for ; q.Len() > 0; enqueued++ {
					request, _ := q.Get()
					q.Done(request)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(enqueued)/float64(b.N), "enqueued/op")
		})
	}
}

// filledCache is a real cache with the index of targets, of Microservices that no server has.
func filledCache(b *testing.B, all []*v1alpha1.Microservice) cache.Cache {
	b.Helper()
	source := fcache.NewFakeControllerSource()
	for _, ms := range all {
		source.Add(ms)
	}
	kind := v1alpha1.SchemeGroupVersion.WithKind("Microservice")
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(kind, meta.RESTScopeNamespace)
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		b.Fatal(err)
	}
	c, err := cache.New(&rest.Config{}, cache.Options{
		Scheme: scheme, Mapper: mapper, HTTPClient: &http.Client{},
		NewInformer: func(_ toolscache.ListerWatcher, o runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
			return toolscache.NewSharedIndexInformer(source, o, resync, indexers)
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := AddIndexes(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	go func() { _ = c.Start(b.Context()) }()
	if !c.WaitForCacheSync(b.Context()) {
		b.Fatal("the cache is not filled")
	}
	return c
}
