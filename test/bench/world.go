package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
	more []string
	// logs is how the paths of the logs begin that are kept, empty for none, and starts how many operators were started.
	logs    string
	starts  int
	standIn *standIn
	cancel  context.CancelFunc
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
	// logs is how the paths of the operators' logs begin; empty keeps none.
	logs string
}

const namespaceCount = 20

// within opens a world, and closes it after do.
func (b *bench) within(ctx context.Context, s *System, o worldOptions, do func(*world) error) error {
	if b.worlds++; b.keepLogs != "" {
		o.logs = filepath.Join(inRoot(b.keepLogs), fmt.Sprintf("%03d-%s", b.worlds, b.doing))
	}
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
	w = &world{system: s, dir: dir, logs: o.logs, cancel: cancel}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if err := w.startCluster(ctx, o); err != nil {
		return w, err
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
