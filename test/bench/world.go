package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// unrelated is the namespace of what has nothing to do with any system.
const unrelated = "unrelated"

// systems is the group of the users whose requests are counted.
const systems = "bench:systems"

// world is one cluster with one system in it.
type world struct {
	system *System
	kube   client.Client
	// namespaces are those that the load is spread over.
	namespaces []string
	tracker    *tracker

	cluster *cluster.Cluster
	cache   cache.Cache
	dir     string
	audit   *cluster.AuditLog
	// heard are the requests of the operators since the measurement began.
	heard     []cluster.Call
	operators []*operator
	// more are arguments beside the command's.
	more    []string
	standIn *standIn
	cancel  context.CancelFunc
}

// operator is a running system.
type operator struct {
	user      string
	pprofPort int
	process   *cluster.Process
	// spent is the CPU time of its processes that have ended.
	spent      time.Duration
	kubeconfig string
	namespaces string
}

// worldOptions say what else is in the cluster.
type worldOptions struct {
	// controllers starts Kubernetes' own controllers and KWOK's node. Without them the bench does the Deployment
	// controller's part: its cost would hide the operator's.
	controllers bool
	// oneWorker has each operator work on one custom resource at a time.
	oneWorker bool
	// shards is how many operators share the namespaces; 0 is one that watches all.
	shards int
}

const namespaceCount = 20

// within opens a world, and closes it after do.
func within(ctx context.Context, s *System, o worldOptions, do func(*world) error) error {
	w, err := open(ctx, s, o)
	if err != nil {
		return err
	}
	return errors.Join(do(w), w.close())
}

// open starts a cluster and, unless it is a batch, the system. It returns when the system has made one object ready.
func open(ctx context.Context, s *System, o worldOptions) (w *world, err error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, fmt.Errorf("creating a folder: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	w = &world{system: s, dir: dir, cancel: cancel}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if err := w.startCluster(ctx, o); err != nil {
		return nil, err
	}
	if s.Batch {
		return w, w.addUser(ctx, s.Name)
	}
	if o.oneWorker {
		w.more = s.OneWorker
	}
	return w, w.startOperators(ctx, o)
}

func (w *world) startCluster(ctx context.Context, o worldOptions) (err error) {
	audit, log, err := cluster.Audit(w.dir, "userGroups: ["+systems+"]")
	if err != nil {
		return err
	}
	w.audit = log
	w.cluster, err = cluster.Start(audit, func(env *envtest.Environment) {
		env.ControlPlane.GetAPIServer().Configure().
			// The defaults, 400 and 200, refuse load of this kind.
			Append("max-requests-inflight", "5000").
			Append("max-mutating-requests-inflight", "2500")
	})
	if err != nil {
		return err
	}
	w.cluster.Config.DisableCompression = true
	if w.kube, err = cluster.NewClient(w.cluster.Config); err != nil {
		return err
	}
	if err := w.startCache(ctx); err != nil {
		return err
	}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	if o.controllers {
		return w.cluster.StartControllers(ctx)
	}
	w.standIn, err = startStandIn(ctx, w)
	return err
}

// startCache starts what the bench itself watches with.
func (w *world) startCache(ctx context.Context) (err error) {
	if w.cache, err = cache.New(w.cluster.Config, cache.Options{Scheme: w.kube.Scheme()}); err != nil {
		return err
	}
	go func() { _ = w.cache.Start(ctx) }() // it ends with the context, and with nothing else
	return nil
}

// prepare makes the namespaces, and applies what the system needs.
func (w *world) prepare(ctx context.Context) error {
	for i := range namespaceCount {
		name := fmt.Sprintf("bench-%02d", i)
		if err := w.kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return fmt.Errorf("creating namespace %s: %w", name, err)
		}
		w.namespaces = append(w.namespaces, name)
	}
	for _, path := range w.system.Manifests {
		if err := w.applyFile(ctx, inRoot(path)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) applyFile(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading a manifest of system %s: %w", w.system.Name, err)
	}
	defer func() { _ = f.Close() }()
	documents := yaml.NewYAMLOrJSONDecoder(f, 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := documents.Decode(&o.Object); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("reading manifest %s: %w", path, err)
		}
		if len(o.Object) == 0 {
			continue
		}
		if err := w.kube.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("bench"), client.ForceOwnership); err != nil {
			return fmt.Errorf("applying %s: %w", path, err)
		}
	}
}

// addUser makes a user with the system's rights and a client certificate of its own.
func (w *world) addUser(ctx context.Context, name string) error {
	user := "bench:" + name
	if err := cluster.Bind(ctx, w.kube, user, w.system.ClusterRole, ""); err != nil {
		return err
	}
	kubeconfig, err := w.cluster.KubeconfigFor(user, systems)
	if err != nil {
		return err
	}
	w.operators = append(w.operators, &operator{user: user, kubeconfig: kubeconfig})
	return nil
}

func (w *world) startOperators(ctx context.Context, o worldOptions) error {
	for i := range max(o.shards, 1) {
		if err := w.addUser(ctx, w.system.Name+strings.Repeat("-too", i)); err != nil {
			return err
		}
		if o.shards > 0 {
			size := len(w.namespaces) / o.shards
			w.operators[i].namespaces = strings.Join(w.namespaces[i*size:(i+1)*size], ",")
		}
		if err := w.startOperator(w.operators[i]); err != nil {
			return err
		}
	}
	var err error
	if w.tracker, err = startTracker(ctx, w); err != nil {
		return err
	}
	return w.firstReady(ctx)
}

// firstReady has the system make one object in each of the namespaces ready: it has started.
func (w *world) firstReady(ctx context.Context) error {
	n := len(w.namespaces)
	if err := w.create(ctx, 90_000, 90_000+n); err != nil {
		return err
	}
	if err := w.tracker.await(ctx, time.Minute); err != nil {
		return fmt.Errorf("%s has not started: %w\n%s", w.system.Name, err, w.lastWords())
	}
	return w.silence(ctx)
}

func (w *world) startOperator(o *operator) (err error) {
	if o.pprofPort, err = cluster.FreePort(); err != nil {
		return err
	}
	command, err := w.system.command(commandValues{PprofPort: o.pprofPort, Namespaces: o.namespaces}, w.more...)
	if err != nil {
		return err
	}
	o.process, err = cluster.StartProcess(append(w.system.Env, "KUBECONFIG="+o.kubeconfig), command[0], command[1:]...)
	return err
}

// runToEnd runs a batch, and keeps what it has cost.
func (o *operator) runToEnd(ctx context.Context, s *System, children string) error {
	command, err := s.command(commandValues{Children: children})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(append(os.Environ(), s.Env...), "KUBECONFIG="+o.kubeconfig)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w\n%s", s.Name, err, said[max(0, len(said)-1000):])
	}
	o.spent += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return nil
}

// stopOperator keeps what it has cost.
func (w *world) stopOperator(o *operator) error {
	cost, err := cpuOf(strconv.Itoa(o.process.PID))
	if err != nil {
		return err
	}
	o.spent += cost
	err = o.process.Stop()
	o.process = nil
	return err
}

func (w *world) restartOperator(o *operator) error {
	return errors.Join(w.stopOperator(o), w.startOperator(o))
}

func (o *operator) cpu() (time.Duration, error) {
	if o.process == nil {
		return o.spent, nil
	}
	now, err := cpuOf(strconv.Itoa(o.process.PID))
	return o.spent + now, err
}

// lastWords are the end of the system's logs.
func (w *world) lastWords() string {
	var words []string
	for _, o := range w.operators {
		if o.process == nil {
			continue
		}
		raw, _ := os.ReadFile(o.process.Log)
		lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
		words = append(words, lines[max(0, len(lines)-5):]...)
	}
	return strings.Join(words, "\n")
}

func (w *world) close() error {
	w.cancel()
	var all []error
	for _, o := range w.operators {
		if o.process != nil {
			all = append(all, o.process.Stop())
		}
	}
	if w.cluster != nil {
		all = append(all, w.cluster.Stop())
	}
	return errors.Join(append(all, os.RemoveAll(w.dir))...)
}
