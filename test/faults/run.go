package faults

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// Env is the cluster in which runs take place.
type Env struct {
	Cluster *cluster.Cluster
	Kube    client.Client
	Dynamic dynamic.Interface
	// Program is the manager to run, with the rights of the user of Config.
	Program string
	Config  *rest.Config
}

// NewEnv uses a cluster with its controllers, and a program.
func NewEnv(ctx context.Context, c *cluster.Cluster, program string) (*Env, error) {
	l := &Env{Cluster: c, Program: program}
	var err error
	if l.Kube, err = cluster.NewClient(c.Config); err != nil {
		return nil, err
	}
	if l.Dynamic, err = dynamic.NewForConfig(c.Config); err != nil {
		return nil, fmt.Errorf("creating a client: %w", err)
	}
	l.Config, err = c.AddOperator(ctx, l.Kube, "operator", cluster.OptionalRoles...)
	return l, err
}

// Run is one operator that looks after one namespace, behind a proxy of its own.
type Run struct {
	Namespace string
	Proxy     *Proxy
	Operator  *Operator
	History   *History

	env *Env
	dir string
	// args are the operator's.
	args []string
	// mayLose says that the operator may end by itself when it cannot renew its lease, nor begin without the API server.
	mayLose bool
	// over says that the scenario has come to its end.
	over atomic.Bool
	// patience is how long a step may take.
	patience time.Duration
	// disturbed is until when a fault lasts, in nanoseconds of Unix time.
	disturbed atomic.Int64
}

// Options say which operator looks after a namespace, and how.
type Options struct {
	// Program is the operator; the environment's where there is none.
	Program string
	// LeaderElection has it work only while it holds a lease in the namespace, as an installed one does. One that is
	// killed works again when its lease has run out.
	LeaderElection bool
}

// Open makes a namespace, starts its record and then an operator that looks after it alone.
func (l *Env) Open(ctx context.Context, o Options) (s *Run, err error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "run-"}}
	if err := l.Kube.Create(ctx, namespace); err != nil {
		return nil, fmt.Errorf("creating a namespace: %w", err)
	}
	s = &Run{Namespace: namespace.Name, env: l, patience: stepTimeout}
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
	s.args = []string{"--watch-namespaces=" + s.Namespace}
	if s.mayLose = o.LeaderElection; s.mayLose {
		if err := cluster.Grant(ctx, l.Kube, "operator", s.Namespace, "leader-election", lease...); err != nil {
			return nil, err
		}
		s.args = append(s.args, "--leader-elect", "--leader-election-namespace="+s.Namespace)
	}
	s.Operator, err = RunOperator(cmp.Or(o.Program, l.Program), s.Proxy, s.dir, s.args...)
	return s, err
}

// lease is what holding a lease needs, as config/rbac grants it in the operator's own namespace.
var lease = []rbacv1.PolicyRule{
	{APIGroups: []string{coordinationv1.GroupName}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}},
	{APIGroups: []string{corev1.GroupName}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}},
}

// Close ends everything, has the namespace deleted and drops the record: the testing package keeps what its cleanups refer to until
// the last test has ended, and a record is some 25 MB.
func (s *Run) Close(ctx context.Context) error {
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
	s.Operator, s.Proxy, s.History = nil, nil, nil
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}
	all = append(all, client.IgnoreNotFound(s.env.Kube.Delete(ctx, namespace)), os.RemoveAll(s.dir))
	return errors.Join(all...)
}

// How long a step may take where a test says nothing else, and how long nothing may happen at its end and at the end of a
// run.
const (
	stepTimeout = 90 * time.Second
	stepQuiet   = 700 * time.Millisecond
	lastQuiet   = 10 * time.Second
)

// Execute goes through the scenario, and notes what is there after each step. A step that does not come to its goal is the
// last.
func (s *Run) Execute(ctx context.Context, steps []step, to Goal) (*Outcome, error) {
	return s.ExecuteWith(ctx, steps, to, func(int) error { return nil })
}

// ExecuteWith has something happen right after what users do in each step.
func (s *Run) ExecuteWith(ctx context.Context, steps []step, to Goal, happens func(i int) error) (*Outcome, error) {
	out := &Outcome{}
	err := s.runSteps(ctx, steps, to, happens, out)
	s.over.Store(true)
	if err != nil {
		return nil, err
	}
	s.Proxy.Lift()
	out.Problems = append(out.Problems, s.silence(ctx, lastQuiet)...)
	return out, s.finish(out)
}

func (s *Run) runSteps(ctx context.Context, steps []step, to Goal, happens func(i int) error, out *Outcome) error {
	for i := range steps {
		began := time.Now()
		if err := steps[i].do(ctx, s.env.Kube, s.Namespace); err != nil {
			return fmt.Errorf("step %q: %w", steps[i].name, err)
		}
		if err := happens(i); err != nil {
			return fmt.Errorf("step %q: %w", steps[i].name, err)
		}
		scene, problems := s.reach(ctx, &steps[i], to)
		if len(problems) > 0 {
			out.Problems = append(out.Problems, problems...)
			return nil
		}
		out.Times = append(out.Times, time.Since(began))
		out.Snapshots = append(out.Snapshots, scene)
	}
	return nil
}

// reach waits until a step has come to its end and to its goal, and gives what is there.
func (s *Run) reach(ctx context.Context, at *step, to Goal) (scene Snapshot, problems []string) {
	err := s.awaitQuiet(ctx, stepQuiet, func() error {
		problems = nil
		if err := at.settled(ctx, s.env.Kube, s.Namespace); err != nil {
			return err
		}
		var err error
		if scene, err = s.snapshot(at.name); err != nil {
			return err
		}
		if problems = to(at.name, scene); len(problems) > 0 {
			return errors.New(problems[0])
		}
		return nil
	})
	if err != nil && len(problems) == 0 {
		problems = []string{fmt.Sprintf("O3: step %q does not come to its end: %v", at.name, err)}
	}
	return scene, problems
}

// snapshot is what is there, by paths that begin with a name.
func (s *Run) snapshot(name string) (Snapshot, error) {
	live, err := s.History.Live()
	if err != nil {
		return nil, err
	}
	return snapshotOf(name, s.Namespace, live), nil
}

// awaitQuiet waits until nothing has happened and nothing was written for a while, and check finds nothing wrong.
func (s *Run) awaitQuiet(ctx context.Context, quiet time.Duration, check func() error) error {
	return cluster.Eventually(ctx, s.patience, func() error {
		if is := min(s.History.Quiet(), s.quiet()); is <= quiet {
			return fmt.Errorf("something happened %v ago", is)
		}
		return check()
	})
}

// eventuallyReady waits until a Microservice gives a reason in its Ready condition.
func (s *Run) eventuallyReady(ctx context.Context, name, reason string) error {
	return cluster.Eventually(ctx, 30*time.Second, func() error {
		ms := &v1alpha1.Microservice{}
		if err := s.env.Kube.Get(ctx, types.NamespacedName{Namespace: s.Namespace, Name: name}, ms); err != nil {
			return err
		}
		return says(ms, v1alpha1.ConditionReady, reason)
	})
}

func writes(r cluster.Request) bool { return r.Writes() }

// disturb says that a fault lasts for a while, in which nothing comes to rest.
func (s *Run) disturb(while time.Duration) {
	s.disturbed.Store(time.Now().Add(while).UnixNano())
}

// quiet is how long the operator has written nothing, of its own accord.
func (s *Run) quiet() time.Duration {
	if s.Proxy.Open() > 0 || time.Now().UnixNano() < s.disturbed.Load() {
		return 0
	}
	sent := s.Proxy.Sent(writes)
	if len(sent) == 0 {
		return time.Hour
	}
	return time.Since(sent[len(sent)-1].At)
}

// silence waits for what must not happen: a write though nothing is to be written.
func (s *Run) silence(ctx context.Context, lasting time.Duration) []string {
	before := len(s.Proxy.Sent(writes))
	select {
	case <-ctx.Done():
	case <-time.After(lasting):
	}
	if after := s.Proxy.Sent(writes); len(after) > before {
		return []string{fmt.Sprintf("O3: no silence: %v", after[before:])}
	}
	return nil
}

// finish notes what the record and the operator's own words tell about the whole run.
func (s *Run) finish(out *Outcome) error {
	events, err := s.History.Events()
	if err != nil {
		return err
	}
	out.Counts, out.Resizes = countsOf(events), resizesIn(events)
	out.Problems = append(out.Problems, invariants(events)...)
	for _, sent := range s.Proxy.Sent(writes) {
		out.Writes = append(out.Writes, strings.ReplaceAll(sent.Verb+" "+sent.Resource+" "+sent.Name, s.Namespace, "NS"))
	}
	out.Busiest = busiest(s.Proxy.Sent(func(r cluster.Request) bool { return r.Verb != "watch" && r.Resource != "events" }))
	out.Problems = append(out.Problems, s.words()...)
	return nil
}

// words are log lines of the operator that must never occur.
func (s *Run) words() []string {
	var problems []string
	for line := range strings.Lines(s.Operator.Transcript()) {
		if strings.HasPrefix(line, "panic:") || strings.Contains(line, "Observed a panic") || strings.Contains(line, "DATA RACE") {
			problems = append(problems, "O5: "+strings.TrimSpace(line))
		}
	}
	for _, end := range s.Operator.Ends() {
		if s.mayLose && (strings.Contains(end, "leader election lost") || strings.Contains(end, "creating the manager")) {
			continue
		}
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
