package faults

import (
	"context"
	"math/rand"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// reopening is how long client-go may leave a watch closed that keeps ending: 30 s, and up to as much at random.
// A step waits for a Deployment's watch, and then for that of Microservices.
const reopening = time.Minute

// TestStorms have something go wrong again and again through the whole scenario (F04, F05, F06, F07).
func TestStorms(t *testing.T) {
	t.Parallel()
	some := func(percent int, fault Fault) func(*Run) {
		return func(s *Run) {
			var mu sync.Mutex
			random := rand.New(rand.NewSource(int64(percent)))
			s.Proxy.Inject(func(r cluster.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				return r.Writes() && random.Intn(100) < percent
			}, 0, 1<<30, fault)
		}
	}
	reference := cachedReference(t)
	conflict := func(x *Exchange) { x.Refuse(http.StatusConflict, "Conflict", 0) }
	for _, storm := range []struct {
		name string
		blow func(*Run)
		// until is when it is over; 0 is never.
		until time.Duration
		// more are the writes that it may cost.
		more int
		// longer is what a step may take more.
		longer time.Duration
	}{
		{name: "10 % of the writes answer 409", blow: some(10, conflict), more: 60},
		{name: "50 % of the writes answer 409", blow: some(50, conflict), more: 200},
		{name: "all writes answer 409 for 20 s", blow: some(100, conflict), until: 20 * time.Second, more: 300},
		{name: "all writes answer 429 for 20 s", until: 20 * time.Second, more: 300,
			blow: some(100, func(x *Exchange) { x.Refuse(http.StatusTooManyRequests, "TooManyRequests", 2*time.Second) })},
		{name: "20 % of the answers are lost", more: 100, blow: some(20, func(x *Exchange) {
			x.Send()
			x.Cut()
		})},
		{name: "20 % of the writes answer 503", more: 100,
			blow: some(20, func(x *Exchange) { x.Refuse(http.StatusServiceUnavailable, "ServiceUnavailable", 0) })},
		{name: "all watches are cut every second", more: 10, longer: 2 * reopening, blow: atInterval(time.Second, func(s *Run) { s.Proxy.CutWatches(ofWork) })},
		{name: "all watches expire every four seconds", more: 10, longer: 2 * reopening, blow: atInterval(4*time.Second, func(s *Run) { s.Proxy.ExpireWatches(ofWork) })},
		{name: "every event is told twice", more: 10, blow: func(s *Run) {
			s.Proxy.OnEvents(func(context.Context, WatchEvent) int { return 2 })
		}},
		{name: "killed every two seconds", more: 60, blow: atInterval(2*time.Second, func(s *Run) { s.Operator.Kill() })},
	} {
		t.Run(storm.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.patience += storm.longer
			storm.blow(s)
			if storm.until > 0 {
				time.AfterFunc(storm.until, s.Proxy.Lift)
			}
			out, err := s.Execute(t.Context(), scenario, reference.Goal(historical))
			if err != nil {
				t.Fatal(err)
			}
			s.report(t, reference.Judge(out, storm.more))
			t.Logf("%d writes, at most %d requests in one second; the steps took %v", len(out.Writes), out.Busiest, out.Times)
		})
	}
}

// atInterval has something happen again and again until the scenario is over.
func atInterval(pause time.Duration, do func(*Run)) func(*Run) {
	return func(s *Run) {
		go func() {
			for !s.over.Load() {
				time.Sleep(pause)
				do(s)
			}
		}()
	}
}

// TestStaleCaches hold the watch of each kind in turn, while users change their mind and children change (F08, F09). The
// operator must neither bring back what was before nor make anything twice.
func TestStaleCaches(t *testing.T) {
	t.Parallel()
	reference := cachedReference(t)
	goal := reference.Goal(func(path string) bool {
		return historical(path) || strings.HasSuffix(path, "bservedGeneration")
	})
	for _, resource := range []string{
		"microservices", "deployments", "services", "networkpolicies", "horizontalpodautoscalers", "serviceaccounts", "poddisruptionbudgets",
	} {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			ctx := t.Context()
			out, err := s.ExecuteWith(ctx, scenario, goal, func(i int) error {
				s.disturb(later + stepQuiet)
				time.AfterFunc(later, s.Proxy.Hold(resource))
				image := func(image string) func(*v1alpha1.MicroserviceSpec) {
					return func(spec *v1alpha1.MicroserviceSpec) { spec.Image = image }
				}
				if scenario[i].name != "image" {
					return nil
				}
				// 1, then 2, then 1, then 2 again, all of it unseen where Microservices are held
				for _, to := range []string{"example.com/web:1", "example.com/web:2"} {
					if err := edit("web", image(to))(ctx, env.Kube, s.Namespace); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			s.report(t, out.Problems)
			for key, n := range reference.counts {
				if got := out.Counts[key]; got != n && !strings.Contains(key, "ReplicaSet of web") {
					t.Errorf("O2: %s %d times, not %d", key, got, n)
				}
			}
		})
	}
}
