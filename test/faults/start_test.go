package faults

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestKilledDuringStart kills the manager at each of the first requests that it sends: while it fills its caches, while it
// takes the lease, right after it has it (F03). With everything in place it writes nothing, however often it starts.
func TestKilledDuringStart(t *testing.T) {
	t.Parallel()
	const requests = 16 // fills eight caches, takes the lease, and goes on
	for at := range requests {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			s := env.openFor(t, Options{LeaderElection: true})
			s.take(t, scenario[0])
			before := len(s.Proxy.Sent(writes))
			s.Operator.Leave()
			injection := s.Proxy.Inject(func(cluster.Request) bool { return true }, at, 1, func(x *Exchange) {
				x.Send()
				s.Operator.Kill()
				x.Cut()
			})
			s.Operator.Return()
			var again time.Time
			s.until(t, "it is killed and starts again", func() bool {
				again = time.Now()
				return s.Proxy.Hits(injection) > 0 && s.Operator.Starts() > 2
			})
			s.until(t, "it has the lease again", func() bool {
				held := s.Proxy.Sent(func(r cluster.Request) bool {
					return r.Resource == "leases" && r.Verb == "update" && r.Code == http.StatusOK
				})
				return len(held) > 0 && held[len(held)-1].At.After(again)
			})
			s.assertQuiet(t)
			if after := s.Proxy.Sent(writes); len(after) > before {
				t.Errorf("a start writes %v", after[before:])
			}
			s.take(t, scenario[1])
		})
	}
}
