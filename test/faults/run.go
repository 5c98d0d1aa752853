package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// Lab is the cluster in which runs take place.
type Lab struct {
	Cluster *cluster.Cluster
	Kube    client.Client
	Dynamic dynamic.Interface
	// Program is the manager to run, with the rights of the user of Config.
	Program string
	Config  *rest.Config
}

// NewLab uses a cluster with its controllers, and the manager that `make build` leaves.
func NewLab(ctx context.Context, c *cluster.Cluster) (*Lab, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	l := &Lab{Cluster: c, Program: filepath.Join(cluster.Root(), "bin", "manager")}
	var err error
	if l.Kube, err = client.New(c.Config, client.Options{Scheme: scheme}); err != nil {
		return nil, fmt.Errorf("creating a client: %w", err)
	}
	if l.Dynamic, err = dynamic.NewForConfig(c.Config); err != nil {
		return nil, fmt.Errorf("creating a client: %w", err)
	}
	l.Config, err = c.AddOperator(ctx, l.Kube, "operator")
	return l, err
}

// Subject is one operator that looks after one namespace, behind a proxy of its own.
type Subject struct {
	Namespace string
	Proxy     *Proxy
	Operator  *Operator
	History   *History

	lab *Lab
	dir string
	// over says that the journey has come to its end.
	over atomic.Bool
}

// Open makes a namespace, starts its record and then a program, an operator, that looks after it alone.
func (l *Lab) Open(ctx context.Context, program string, args ...string) (s *Subject, err error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "run-"}}
	if err := l.Kube.Create(ctx, namespace); err != nil {
		return nil, fmt.Errorf("creating a namespace: %w", err)
	}
	s = &Subject{Namespace: namespace.Name, lab: l}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close(ctx))
		}
	}()
	if s.dir, err = os.MkdirTemp("", "faults-"); err != nil {
		return nil, fmt.Errorf("creating a folder: %w", err)
	}
	if s.History, err = Record(ctx, l.Dynamic, s.Namespace); err != nil {
		return nil, err
	}
	if s.Proxy, err = StartProxy(l.Config); err != nil {
		return nil, err
	}
	s.Operator, err = RunOperator(program, s.Proxy, s.dir, append([]string{"--watch-namespaces=" + s.Namespace}, args...)...)
	return s, err
}

// Close ends everything and has the namespace deleted.
func (s *Subject) Close(ctx context.Context) error {
	var all []error
	if s.Operator != nil {
		all = append(all, s.Operator.Stop())
	}
	if s.Proxy != nil {
		s.Proxy.Stop()
	}
	if s.History != nil {
		s.History.Stop()
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}
	all = append(all, client.IgnoreNotFound(s.lab.Kube.Delete(ctx, namespace)), os.RemoveAll(s.dir))
	return errors.Join(all...)
}

// How long a step may take, and how long nothing may happen at its end and at the end of a run.
const (
	stepTimeout = 90 * time.Second
	stepQuiet   = 700 * time.Millisecond
	lastQuiet   = 10 * time.Second
)

// Travel goes through the journey, and notes what is there after each step.
func (s *Subject) Travel(ctx context.Context, steps []step) (*Outcome, error) {
	return s.TravelWith(ctx, steps, func(int) error { return nil })
}

// TravelWith has something happen right after what users do in each step.
func (s *Subject) TravelWith(ctx context.Context, steps []step, happens func(i int) error) (*Outcome, error) {
	out := &Outcome{}
	for i := range steps {
		began := time.Now()
		if err := steps[i].do(ctx, s.lab.Kube, s.Namespace); err != nil {
			return nil, fmt.Errorf("step %q: %w", steps[i].name, err)
		}
		if err := happens(i); err != nil {
			return nil, fmt.Errorf("step %q: %w", steps[i].name, err)
		}
		if err := s.settle(ctx, &steps[i]); err != nil {
			out.Problems = append(out.Problems, fmt.Sprintf("O3: step %q does not come to its end: %v", steps[i].name, err))
			break
		}
		out.Times = append(out.Times, time.Since(began))
		live, err := s.History.Live()
		if err != nil {
			return nil, err
		}
		out.Scenes = append(out.Scenes, sceneOf(steps[i].name, s.Namespace, live))
	}
	s.over.Store(true)
	s.Proxy.Lift()
	out.Problems = append(out.Problems, s.silence(ctx)...)
	return out, s.finish(out)
}

func (s *Subject) arrived() bool { return s.over.Load() }

func (s *Subject) settle(ctx context.Context, at *step) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	for {
		err := at.settled(ctx, s.lab.Kube, s.Namespace)
		if err == nil && s.History.Quiet() > stepQuiet && s.quiet() > stepQuiet {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func writes(r cluster.Request) bool { return r.Writes() }

// quiet is how long the operator has written nothing.
func (s *Subject) quiet() time.Duration {
	sent := s.Proxy.Sent(writes)
	if len(sent) == 0 {
		return time.Hour
	}
	return time.Since(sent[len(sent)-1].At)
}

// silence waits for what must not happen: a write though everything is in place.
func (s *Subject) silence(ctx context.Context) []string {
	before := len(s.Proxy.Sent(writes))
	select {
	case <-ctx.Done():
	case <-time.After(lastQuiet):
	}
	if after := s.Proxy.Sent(writes); len(after) > before {
		return []string{fmt.Sprintf("O3: no silence at the end: %v", after[before:])}
	}
	return nil
}

// finish notes what the record and the operator's own words tell about the whole run.
func (s *Subject) finish(out *Outcome) error {
	events, err := s.History.Events()
	if err != nil {
		return err
	}
	out.Counts = countsOf(events)
	out.Problems = append(out.Problems, invariants(events)...)
	for _, sent := range s.Proxy.Sent(writes) {
		out.Writes = append(out.Writes, strings.ReplaceAll(sent.Verb+" "+sent.Resource+" "+sent.Name, s.Namespace, "NS"))
	}
	out.Busiest = busiest(s.Proxy.Sent(func(r cluster.Request) bool { return r.Verb != "watch" && r.Resource != "events" }))
	out.Problems = append(out.Problems, s.words()...)
	return nil
}

// words are what the operator says that it never shall.
func (s *Subject) words() []string {
	var problems []string
	for line := range strings.Lines(s.Operator.Transcript()) {
		if strings.HasPrefix(line, "panic:") || strings.Contains(line, "Observed a panic") || strings.Contains(line, "DATA RACE") {
			problems = append(problems, "O5: "+strings.TrimSpace(line))
		}
	}
	for _, end := range s.Operator.Ends() {
		problems = append(problems, "O5: the operator ended by itself: "+end)
	}
	return problems
}

// busiest is the highest number of requests in any second.
func busiest(sent []Sent) int {
	most, from := 0, 0
	for i := range sent {
		for sent[i].At.Sub(sent[from].At) > time.Second {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
