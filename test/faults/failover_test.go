package faults

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// The lease as client-go's defaults have it: who does not hear of the leader for 15 s tries, every 2 s with a jitter of
// up to 1.2 times as much again.
const (
	leaseDuration = 15 * time.Second
	retryPeriod   = 2 * time.Second
	jitter        = 1.2
	// atWork is what starting to work may take once the lease is held.
	atWork = 3 * time.Second
)

// pair are two managers that compete for the lease of one namespace.
type pair struct {
	*Subject
	operators [2]*Operator
	proxies   [2]*Proxy
}

func openPair(t *testing.T) *pair {
	t.Helper()
	ctx := t.Context()
	s := openIn(t, lab, lab.Program, "--leader-elect") // no namespace for the lease: it ends, and is replaced below
	s.Operator.Leave()
	p := &pair{Subject: s}
	if err := lab.grantLease(ctx, s.Namespace); err != nil {
		t.Fatal(err)
	}
	for i := range p.operators {
		proxy, err := StartProxy(lab.Config)
		if err != nil {
			t.Fatal(err)
		}
		p.proxies[i] = proxy
		p.operators[i], err = RunOperator(lab.Program, proxy, t.TempDir(),
			"--watch-namespaces="+s.Namespace, "--leader-elect", "--leader-election-namespace="+s.Namespace)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := p.operators[i].Stop(); err != nil {
				t.Error(err)
			}
			proxy.Stop()
		})
	}
	return p
}

// grantLease gives the operator the right to hold a lease in a namespace, as config/rbac does in its own.
func (l *Lab) grantLease(ctx context.Context, namespace string) error {
	at := metav1.ObjectMeta{Namespace: namespace, Name: "leader-election"}
	role := &rbacv1.Role{ObjectMeta: at, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{coordinationv1.GroupName}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"},
	}}}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: at,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: at.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "operator"}},
	}
	for _, o := range []client.Object{role, binding} {
		if err := l.Kube.Create(ctx, o); err != nil {
			return fmt.Errorf("granting a lease: %w", err)
		}
	}
	return nil
}

// leader is the one that wrote last.
func (p *pair) leader(t *testing.T) int {
	t.Helper()
	for range 400 {
		var last [2]time.Time
		for i, proxy := range p.proxies {
			if sent := proxy.Sent(writes); len(sent) > 0 {
				last[i] = sent[len(sent)-1].At
			}
		}
		if last[0] != last[1] {
			if last[0].After(last[1]) {
				return 0
			}
			return 1
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("nobody leads")
	return 0
}

// load changes the image of a Microservice ten times a second until the context ends.
func (p *pair) load(ctx context.Context, ms *v1alpha1.Microservice) {
	for i := 0; ctx.Err() == nil; i++ {
		_ = edit(ms.Name, func(s *v1alpha1.MicroserviceSpec) { s.Image = fmt.Sprintf("example.com/web:%d", i) })(ctx, lab.Kube, ms.Namespace)
		time.Sleep(100 * time.Millisecond)
	}
}

// next is how long after a moment the first write of a manager came.
func (p *pair) next(t *testing.T, i int, from time.Time) time.Duration {
	t.Helper()
	for range 1200 {
		for _, sent := range p.proxies[i].Sent(writes) {
			if sent.At.After(from) {
				return sent.At.Sub(from)
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the other manager does not take over")
	return 0
}

// TestFailOver has the leader go under load, at once and politely (F13). FAULTS=full does each twenty times.
func TestFailOver(t *testing.T) {
	times := 2
	if os.Getenv("FAULTS") == "full" {
		times = 20
	}
	for _, way := range []struct {
		name string
		end  func(*Operator)
		// longest is how long nobody may write.
		longest time.Duration
	}{
		{"killed", (*Operator).Kill, leaseDuration + time.Duration(float64(retryPeriod)*(1+jitter)) + atWork},
		{"asked to end", (*Operator).Terminate, retryPeriod + time.Duration(float64(retryPeriod)*jitter) + atWork},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			p := openPair(t)
			ms := MakeMicroservice(p.Namespace, "web")
			if err := lab.Kube.Create(t.Context(), ms); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go p.load(ctx, ms)
			var took []time.Duration
			for range times {
				time.Sleep(time.Second)
				leader := p.leader(t)
				from := time.Now()
				way.end(p.operators[leader])
				pause := p.next(t, 1-leader, from)
				if pause > way.longest {
					t.Errorf("nobody wrote for %v, more than %v", pause, way.longest)
				}
				took = append(took, pause)
				time.Sleep(3 * time.Second) // the old leader is back, as a follower
			}
			slices.Sort(took)
			t.Logf("%d times: median %v, longest %v", times, took[len(took)/2], took[len(took)-1])
		})
	}
}
