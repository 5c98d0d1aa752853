package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestKilledDuringStart kills the manager at each of the first requests that it sends: while it fills its caches, while it
// takes the lease, right after it has it (F03). With everything in place it writes nothing, however often it starts.
func TestKilledDuringStart(t *testing.T) {
	const requests = 16 // fills eight caches, takes the lease, and goes on
	for at := range requests {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			if err := journey[0].do(t.Context(), lab.Kube, s.Namespace); err != nil {
				t.Fatal(err)
			}
			if err := s.settle(t.Context(), &journey[0]); err != nil {
				t.Fatal(err)
			}
			before := len(s.Proxy.Sent(writes))
			s.Operator.Leave()
			injection := s.Proxy.Inject(func(cluster.Request) bool { return true }, at, 1, func(x *Exchange) {
				x.Send()
				s.Operator.Kill()
				x.Cut()
			})
			s.Operator.Return()
			for range 200 {
				if s.Proxy.Hits(injection) > 0 && s.Operator.Starts() > 2 {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if s.Proxy.Hits(injection) == 0 {
				t.Fatalf("it sends fewer than %d requests when it starts", at+1)
			}
			for _, problem := range append(s.silence(t.Context()), s.words()...) {
				t.Error(problem)
			}
			if after := s.Proxy.Sent(writes); len(after) > before {
				t.Errorf("a start writes %v", after[before:])
			}
			if err := journey[1].do(t.Context(), lab.Kube, s.Namespace); err != nil {
				t.Fatal(err)
			}
			if err := s.settle(t.Context(), &journey[1]); err != nil {
				t.Errorf("it does not work any more: %v", err)
			}
		})
	}
}
