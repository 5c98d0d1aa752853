package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// The parts of a control plane that tests break.
const (
	Etcd      = "etcd"
	APIServer = "kube-apiserver"
)

// Kill ends a part as kill -9 does, and gives what starts it again with the same data, port and certificates. Linux only.
func (c *Cluster) Kill(part string) (restart func() error, err error) {
	_, command, err := c.signal(part, syscall.SIGKILL)
	if err != nil {
		return nil, err
	}
	return func() error {
		if err := c.awaitPort(part); err != nil {
			return err
		}
		p, err := StartProcess(nil, command[0], command[1:]...)
		if err != nil {
			return err
		}
		if part == Etcd {
			c.etcds = append(c.etcds, p)
		} else {
			c.processes = append(c.processes, p)
		}
		c.PIDs = append(c.PIDs, strconv.Itoa(p.PID))
		return nil
	}, nil
}

// awaitPort waits until the port of a part that was killed is free. Whoever keeps calling it may have been given it as the
// port to call from, and so be talking to himself.
func (c *Cluster) awaitPort(part string) error {
	address := c.EtcdAddress()
	if part == APIServer {
		address = strings.Trim(strings.TrimPrefix(c.Config.Host, "https:"), "/")
	}
	return Eventually(context.Background(), time.Minute, func() error {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		return l.Close()
	})
}

// Pause stops a part in the middle of whatever it does, and gives what has it go on.
func (c *Cluster) Pause(part string) (resume func() error, err error) {
	pid, _, err := c.signal(part, syscall.SIGSTOP)
	if err != nil {
		return nil, err
	}
	return func() error { return syscall.Kill(pid, syscall.SIGCONT) }, nil
}

// StartSecond starts another API server, on another port, that reaches etcd at an address of its own. It serves the same
// objects with the same certificates.
func (c *Cluster) StartSecond(ctx context.Context, etcd string) (*rest.Config, error) {
	_, command, err := c.find(APIServer)
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	for i, arg := range command {
		switch flag, _, _ := strings.Cut(arg, "="); flag {
		case "--secure-port":
			command[i] = fmt.Sprintf("%s=%d", flag, port)
		case "--etcd-servers":
			command[i] = flag + "=" + etcd
		}
	}
	p, err := StartProcess(nil, command[0], command[1:]...)
	if err != nil {
		return nil, err
	}
	c.processes = append(c.processes, p)
	second := rest.CopyConfig(c.Config)
	second.Host = fmt.Sprintf("https://127.0.0.1:%d", port)
	return second, awaitReady(ctx, second)
}

// EtcdAddress is where etcd listens.
func (c *Cluster) EtcdAddress() string {
	return c.env.ControlPlane.Etcd.URL.Host
}

// signal sends a signal to the process of a part, and gives that process and its command line.
func (c *Cluster) signal(part string, s syscall.Signal) (pid int, command []string, err error) {
	if pid, command, err = c.find(part); err != nil {
		return 0, nil, err
	}
	if err := syscall.Kill(pid, s); err != nil {
		return 0, nil, fmt.Errorf("sending %s the signal %v: %w", part, s, err)
	}
	return pid, command, nil
}

// find is the process of a part that runs, and its command line.
func (c *Cluster) find(part string) (pid int, command []string, err error) {
	for _, one := range c.PIDs {
		state, err := os.ReadFile("/proc/" + one + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") {
			continue
		}
		raw, err := os.ReadFile("/proc/" + one + "/cmdline")
		if err != nil {
			continue
		}
		command = strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
		if strings.HasSuffix(command[0], "/"+part) {
			pid, err = strconv.Atoi(one)
			return pid, command, err
		}
	}
	return 0, nil, fmt.Errorf("%s does not run", part)
}

// AwaitAPIServer waits until the API server answers that it is ready.
func (c *Cluster) AwaitAPIServer(ctx context.Context) error {
	return awaitReady(ctx, c.Config)
}

func awaitReady(ctx context.Context, config *rest.Config) error {
	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("creating a client: %w", err)
	}
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := clients.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, nil
	})
}
