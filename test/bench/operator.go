package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

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

// addUser makes a user with the system's rights and a client certificate of its own.
func (w *world) addUser(ctx context.Context, name string) error {
	user := "bench:" + name
	for _, role := range w.system.ClusterRoles {
		if err := cluster.Bind(ctx, w.kube, user, role, ""); err != nil {
			return err
		}
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
	err := w.tracker.await(ctx, time.Minute)
	if err == nil {
		err = w.silence(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s has not started: %w\n%s", w.system.Name, err, w.endOfLogs())
	}
	return nil
}

func (w *world) startOperator(o *operator) (err error) {
	if o.pprofPort, err = cluster.FreePort(); err != nil {
		return err
	}
	command, env, err := w.system.command(commandValues{PprofPort: o.pprofPort, Namespaces: o.namespaces}, w.more...)
	if err != nil {
		return err
	}
	if o.process, err = cluster.StartProcess(append(env, "KUBECONFIG="+o.kubeconfig), command[0], command[1:]...); err != nil {
		return err
	}
	if w.starts++; w.logs != "" {
		o.process.KeepLog = fmt.Sprintf("%s-%s-%d.log", w.logs, w.system.Name, w.starts)
	}
	return nil
}

// alive is an error when an operator has ended by itself: nothing that is waited for will come.
func (w *world) alive() error {
	for _, o := range w.operators {
		if err := o.alive(); err != nil {
			return err
		}
	}
	return nil
}

func (o *operator) alive() error {
	if o.process != nil && o.process.Ended() {
		return fmt.Errorf("%s has ended by itself", o.user)
	}
	return nil
}

// runToEnd runs a batch, and keeps what it has cost.
func (o *operator) runToEnd(ctx context.Context, s *System, children string) error {
	command, env, err := s.command(commandValues{Children: children})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(append(os.Environ(), env...), "KUBECONFIG="+o.kubeconfig)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w\n%s", s.Name, err, said[max(0, len(said)-1000):])
	}
	o.spent += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return nil
}

// stopOperator keeps what it has cost.
func (w *world) stopOperator(o *operator) (err error) {
	if o.spent, err = o.cpu(); err != nil {
		return err
	}
	err = o.process.Stop()
	o.process = nil
	return err
}

func (w *world) restartOperator(o *operator) error {
	if err := w.stopOperator(o); err != nil {
		return err
	}
	return w.startOperator(o)
}

func (o *operator) cpu() (time.Duration, error) {
	if o.process == nil {
		return o.spent, nil
	}
	if err := o.alive(); err != nil { // the dead cost nothing
		return 0, err
	}
	now, err := cpuOf(strconv.Itoa(o.process.PID))
	return o.spent + now, err
}

// endOfLogs are the end of the system's logs.
func (w *world) endOfLogs() string {
	var words []string
	for _, o := range w.operators {
		if o.process == nil {
			continue
		}
		raw, _ := os.ReadFile(o.process.Log)
		lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
		words = append(words, lines[max(0, len(lines)-20):]...)
	}
	return strings.Join(words, "\n")
}
