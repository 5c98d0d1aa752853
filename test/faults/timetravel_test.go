package faults

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// TestTimeTravel has the operator start again and read from an API server that no longer hears from etcd: everything is
// as it was some time ago, while what it writes arrives (F10). It deletes nothing that was made since, and when it reads
// the present again, everything is as it should be.
func TestTimeTravel(t *testing.T) {
	t.Parallel()
	own := ownEnv(t)
	ctx := t.Context()
	s := own.openFor(t, Options{})
	s.take(t, scenario[:5]...)
	link := startLink(t, own.Cluster.EtcdAddress())
	past, err := own.Cluster.StartSecond(ctx, "http://"+link.address)
	if err != nil {
		t.Fatal(err)
	}
	past = identified(past, own.Config)
	time.Sleep(later) // its caches are full
	link.blocked.Store(true)

	// What the past does not know: no autoscaler any more, another image, and a Microservice that is new.
	s.take(t, step{name: "what is not seen", do: all(
		edit("web", func(spec *v1alpha1.MicroserviceSpec) {
			spec.Replicas, spec.Autoscaling, spec.Image = new(int32(2)), nil, "example.com/web:9"
		}),
		create("new", func(spec *v1alpha1.MicroserviceSpec) { spec.Replicas = new(int32(2)) }),
	)})
	before := s.live(t)
	s.Operator.Leave()
	if err := s.Proxy.ReadFrom(past); err != nil {
		t.Fatal(err)
	}
	s.Operator.Return()
	time.Sleep(3 * later) // it works in the past
	if err := s.Proxy.ReadFrom(own.Config); err != nil {
		t.Fatal(err)
	}
	s.arrive(t, &step{name: "the present"})
	s.assertQuiet(t)
	after := s.live(t)
	for key, o := range before {
		now, found := after[key]
		if !found || now.GetUID() != o.GetUID() {
			if kind := o.GetKind(); kind != "Pod" && kind != "ReplicaSet" {
				t.Errorf("O2: %s was deleted, or made anew", key)
			}
		}
	}
	s.report(t, differencesFrom(snapshotOf("", s.Namespace, after), snapshotOf("", s.Namespace, before), historical))
}

// identified is one API server with the identity that clients of another config have.
func identified(server, identity *rest.Config) *rest.Config {
	config := rest.CopyConfig(identity)
	config.Host = server.Host
	return config
}

// link is a TCP connection that can be blocked: what is sent stays where it is.
type link struct {
	address string
	blocked atomic.Bool
	// done ends what is blocked.
	done chan struct{}
}

func startLink(t *testing.T, to string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{address: listener.Addr().String(), done: make(chan struct{})}
	t.Cleanup(func() {
		close(l.done)
		_ = listener.Close()
	})
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go l.join(from, to)
		}
	}()
	return l
}

func (l *link) join(from net.Conn, address string) {
	to, err := net.Dial("tcp", address)
	if err != nil {
		_ = from.Close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.carry(from, to) })
	both.Go(func() { l.carry(to, from) })
	both.Wait()
}

func (l *link) carry(to io.WriteCloser, from io.ReadCloser) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 1<<15)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if l.blocked.Load() {
			<-l.done
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
