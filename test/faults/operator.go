package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// Operator is a manager behind a proxy. When it ends it is started again, as kubelet would.
type Operator struct {
	program string
	args    []string
	env     []string

	mu      sync.Mutex
	process *cluster.Process
	// killed says that its end is our doing.
	killed bool
	// transcript is what processes that have ended wrote.
	transcript strings.Builder
	// ends are those that nobody asked for.
	ends   []string
	starts int
	away   bool

	done    chan struct{}
	stopped sync.WaitGroup
}

// RunOperator starts a manager whose kubeconfig leads to the proxy, and keeps it running.
func RunOperator(program string, p *Proxy, dir string, args ...string) (*Operator, error) {
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := p.WriteKubeconfig(kubeconfig); err != nil {
		return nil, err
	}
	o := &Operator{program: program, env: []string{"KUBECONFIG=" + kubeconfig}, done: make(chan struct{})}
	o.args = append([]string{"--health-probe-bind-address=0", "--default-min-ready-seconds=0"}, args...)
	if err := o.start(); err != nil {
		return nil, err
	}
	o.stopped.Go(o.supervise)
	return o, nil
}

func (o *Operator) start() error {
	process, err := cluster.StartProcess(o.env, o.program, o.args...)
	if err != nil {
		return fmt.Errorf("starting the operator: %w", err)
	}
	o.process, o.killed = process, false
	o.starts++
	return nil
}

func (o *Operator) supervise() {
	for {
		select {
		case <-o.done:
			return
		case <-time.After(20 * time.Millisecond):
		}
		o.mu.Lock()
		if o.process != nil && o.process.Ended() {
			if !o.killed {
				o.ends = append(o.ends, lastLine(o.process.Log))
			}
			_ = o.waitForExit()
		}
		if o.process == nil && !o.away {
			if err := o.start(); err != nil {
				o.ends = append(o.ends, err.Error())
				o.away = true
			}
		}
		o.mu.Unlock()
	}
}

// waitForExit keeps what the process wrote, and ends it if it still runs.
func (o *Operator) waitForExit() error {
	raw, err := os.ReadFile(o.process.Log)
	o.transcript.Write(raw)
	err = errors.Join(err, o.process.Stop())
	o.process = nil
	return err
}

// Kill ends the manager at once, as kill -9 does. It is started again.
func (o *Operator) Kill() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.signal(syscall.SIGKILL)
	o.killed = true
}

// Pause stops the manager in the middle of whatever it does.
func (o *Operator) Pause() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.signal(syscall.SIGSTOP)
}

// Resume has a paused manager go on.
func (o *Operator) Resume() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.signal(syscall.SIGCONT)
}

func (o *Operator) signal(s syscall.Signal) {
	if o.process != nil {
		_ = syscall.Kill(o.process.PID, s)
	}
}

// Leave asks the manager to end, and keeps it away until Return.
func (o *Operator) Leave() { o.leave(syscall.SIGTERM) }

// Vanish ends the manager at once, and keeps it away until Return.
func (o *Operator) Vanish() { o.leave(syscall.SIGKILL) }

func (o *Operator) leave(s syscall.Signal) {
	o.mu.Lock()
	o.away, o.killed = true, true
	o.signal(s)
	o.mu.Unlock()
	for o.running() {
		time.Sleep(20 * time.Millisecond)
	}
}

// Return starts a manager that left.
func (o *Operator) Return() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.away = false
}

// ReturnAs has another program come in the place of the one that left.
func (o *Operator) ReturnAs(program string) {
	o.mu.Lock()
	o.program = program
	o.mu.Unlock()
	o.Return()
}

func (o *Operator) running() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.process != nil
}

// Starts is how often a manager was started.
func (o *Operator) Starts() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.starts
}

// Ends are the last words of managers that ended by themselves.
func (o *Operator) Ends() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.ends...)
}

// Transcript is what all managers wrote.
func (o *Operator) Transcript() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.process == nil {
		return o.transcript.String()
	}
	raw, _ := os.ReadFile(o.process.Log)
	return o.transcript.String() + string(raw)
}

// Stop ends the manager.
func (o *Operator) Stop() error {
	close(o.done)
	o.stopped.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.process == nil {
		return nil
	}
	o.signal(syscall.SIGCONT)
	return o.waitForExit()
}

func lastLine(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return lines[len(lines)-1]
}
