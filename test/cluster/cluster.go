// Package cluster starts a real API server and etcd for tests, and on demand the controllers, the scheduler and a node
// that a cluster has.
package cluster

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

//go:embed stages.yaml
var stages []byte

// Cluster is what was started.
type Cluster struct {
	// Config has the rights of an administrator.
	Config *rest.Config
	// PIDs are the process IDs of etcd and the API server.
	PIDs []string

	env       *envtest.Environment
	watchdog  io.Closer
	processes []*Process
	// etcds were started in the place of one that was killed.
	etcds []*Process
}

// Start starts etcd and an API server that serves our CRD. Its programs come from KUBEBUILDER_ASSETS, or from bin/k8s,
// where `make controlplane` puts them. configure changes what is started.
func Start(configure ...func(*envtest.Environment)) (*Cluster, error) {
	env := &envtest.Environment{
		CRDDirectoryPaths:       []string{filepath.Join(Root(), "config", "crd", "bases")},
		ErrorIfCRDPathMissing:   true,
		BinaryAssetsDirectory:   assets(),
		ControlPlaneStopTimeout: 30 * time.Second,
	}
	env.ControlPlane.GetAPIServer().Configure().
		Append("enable-admission-plugins", "OwnerReferencesPermissionEnforcement").
		Append("service-cluster-ip-range", "10.0.0.0/16")
	for _, change := range configure {
		change(env)
	}
	config, err := env.Start()
	if err != nil {
		// A CRD that is refused leaves both running.
		return nil, errors.Join(fmt.Errorf("starting etcd and the API server (run `make controlplane` first): %w", err), env.Stop())
	}
	pids, err := children(env.ControlPlane.Etcd.DataDir, env.ControlPlane.GetAPIServer().CertDir)
	if err != nil {
		return nil, errors.Join(err, env.Stop())
	}
	watchdog, err := endWithUs(pids)
	if err != nil {
		return nil, errors.Join(err, env.Stop())
	}
	config.QPS, config.Burst = -1, 0
	return &Cluster{Config: config, PIDs: pids, env: env, watchdog: watchdog}, nil
}

// StartControllers starts the controller manager, the scheduler and a node played by KWOK, whose pods become ready.
func (c *Cluster) StartControllers(ctx context.Context) error {
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		return err
	}
	config := filepath.Join(filepath.Dir(kubeconfig), "kwok.yaml")
	if err := os.WriteFile(config, stages, 0o600); err != nil {
		return fmt.Errorf("writing KWOK's configuration: %w", err)
	}
	for _, command := range [][]string{
		// The node sends no heartbeats, so nobody may miss them.
		{"kube-controller-manager", "--controllers=*,-node-lifecycle-controller", "--horizontal-pod-autoscaler-sync-period=2s",
			"--secure-port=0", "--leader-elect=false", "--kube-api-qps=500", "--kube-api-burst=1000", "--kubeconfig=" + kubeconfig},
		{"kube-scheduler", "--secure-port=0", "--leader-elect=false", "--kubeconfig=" + kubeconfig},
		{"kwok", "--manage-all-nodes=true", "--config=" + config, "--kubeconfig=" + kubeconfig},
	} {
		p, err := StartProcess(nil, Program(command[0]), command[1:]...)
		if err != nil {
			return errors.Join(fmt.Errorf("%w; run `make controlplane`, with KUBEBUILDER_ASSETS unset", err), c.Stop())
		}
		c.processes = append(c.processes, p)
	}
	return c.addNode(ctx)
}

// Stop ends everything that was started and removes its data.
func (c *Cluster) Stop() error {
	var all []error
	for _, p := range c.processes {
		all = append(all, p.Stop())
	}
	all = append(all, c.env.Stop())
	for _, p := range c.etcds { // after the API server, which does not end without
		all = append(all, p.Stop())
	}
	return errors.Join(append(all, c.watchdog.Close())...)
}

// AddUser gives a client for a user of the groups, with the rights that RBAC grants it.
func (c *Cluster) AddUser(name string, groups ...string) (*rest.Config, error) {
	user, err := c.env.AddUser(envtest.User{Name: name, Groups: groups}, nil)
	if err != nil {
		return nil, fmt.Errorf("adding user %s: %w", name, err)
	}
	config := user.Config()
	config.QPS, config.Burst = -1, 0
	return config, nil
}

// Dir is a folder that goes with the cluster.
func (c *Cluster) Dir() string { return c.env.ControlPlane.GetAPIServer().CertDir }

// Root is the folder of this repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Program is the path of one of the cluster's programs, such as kubectl.
func Program(name string) string {
	return filepath.Join(assets(), name)
}

func assets() string {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return dir
	}
	return filepath.Join(Root(), "bin", "k8s")
}

// Kubeconfig writes a kubeconfig file with the rights of an administrator, for programs such as the controllers and
// kubectl, and returns its path. It goes with the cluster.
func (c *Cluster) Kubeconfig() (string, error) {
	return c.KubeconfigFor("system:controllers", "system:masters")
}

// KubeconfigFor is the same for a user of the groups, with the rights that RBAC grants it.
func (c *Cluster) KubeconfigFor(name string, groups ...string) (string, error) {
	config, err := c.AddUser(name, groups...)
	if err != nil {
		return "", err
	}
	path := filepath.Join(c.Dir(), strings.ReplaceAll(name, ":", "-")+".kubeconfig")
	return path, WriteKubeconfig(path, config)
}

func (c *Cluster) addNode(ctx context.Context) error {
	clients, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return fmt.Errorf("creating a client: %w", err)
	}
	room := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("1000"),
		corev1.ResourceMemory: resource.MustParse("1Ti"),
		corev1.ResourcePods:   resource.MustParse("10000"),
	}
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "node", Labels: map[string]string{corev1.LabelHostname: "node"}},
		Status:     corev1.NodeStatus{Capacity: room, Allocatable: room},
	}
	if _, err := clients.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating a node: %w", err)
	}
	// A new node is tainted as not ready. The controllers write to it already, so the version is left out.
	untaint := []byte(`{"spec":{"taints":null}}`)
	if _, err := clients.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, untaint, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("opening the node: %w", err)
	}
	return nil
}
