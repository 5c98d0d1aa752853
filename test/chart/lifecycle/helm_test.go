package lifecycle_test

import (
	"testing"
	"time"

	action3 "helm.sh/helm/v3/pkg/action"
	loader3 "helm.sh/helm/v3/pkg/chart/loader"
	action4 "helm.sh/helm/v4/pkg/action"
	loader4 "helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

const (
	name      = "microservice-operator"
	namespace = "microservice-operator-system"
)

// patience ends a test that would wait for ever. It is no measure of how fast anything is.
const patience = 15 * time.Minute

// helm is a version of Helm. Each action waits until what it did is done.
type helm interface {
	install(namespace, chart string, values map[string]any) error
	// takeOver installs, and takes the objects that are there already.
	takeOver(namespace, chart string, values map[string]any) error
	upgrade(chart string, values map[string]any) error
	uninstall() error
}

// helms are the versions of Helm, for a cluster.
var helms = map[string]func(t *testing.T, kubeconfig string) helm{
	"Helm 3": func(t *testing.T, kubeconfig string) helm { return helm3{t, kubeconfig} },
	"Helm 4": func(t *testing.T, kubeconfig string) helm { return helm4{t, kubeconfig} },
}

// flags lead to the cluster, and to a namespace in it.
func flags(kubeconfig, namespace string) *genericclioptions.ConfigFlags {
	f := genericclioptions.NewConfigFlags(true)
	f.KubeConfig, f.Namespace = &kubeconfig, &namespace
	return f
}

type helm3 struct {
	t          *testing.T
	kubeconfig string
}

func (h helm3) configuration(namespace string) *action3.Configuration {
	h.t.Helper()
	c := &action3.Configuration{}
	if err := c.Init(flags(h.kubeconfig, namespace), namespace, "secret", h.t.Logf); err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h helm3) install(namespace, chart string, values map[string]any) error {
	return h.run(action3.NewInstall(h.configuration(namespace)), namespace, chart, values)
}

func (h helm3) takeOver(namespace, chart string, values map[string]any) error {
	a := action3.NewInstall(h.configuration(namespace))
	a.TakeOwnership = true
	return h.run(a, namespace, chart, values)
}

func (h helm3) run(a *action3.Install, namespace, chart string, values map[string]any) error {
	c, err := loader3.Load(chart)
	if err != nil {
		return err
	}
	a.ReleaseName, a.Namespace, a.CreateNamespace, a.Wait, a.Timeout = name, namespace, true, true, patience
	_, err = a.Run(c, values)
	return err
}

func (h helm3) upgrade(chart string, values map[string]any) error {
	c, err := loader3.Load(chart)
	if err != nil {
		return err
	}
	a := action3.NewUpgrade(h.configuration(namespace))
	a.Namespace, a.Wait, a.Timeout = namespace, true, patience
	_, err = a.Run(name, c, values)
	return err
}

func (h helm3) uninstall() error {
	a := action3.NewUninstall(h.configuration(namespace))
	a.Wait, a.Timeout = true, patience
	_, err := a.Run(name)
	return err
}

type helm4 struct {
	t          *testing.T
	kubeconfig string
}

func (h helm4) configuration(namespace string) *action4.Configuration {
	h.t.Helper()
	c := action4.NewConfiguration()
	if err := c.Init(flags(h.kubeconfig, namespace), namespace, "secret"); err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h helm4) install(namespace, chart string, values map[string]any) error {
	return h.run(action4.NewInstall(h.configuration(namespace)), namespace, chart, values)
}

// takeOver also takes the fields: Helm 4 applies on the server, where they have another manager.
func (h helm4) takeOver(namespace, chart string, values map[string]any) error {
	a := action4.NewInstall(h.configuration(namespace))
	a.TakeOwnership, a.ForceConflicts = true, true
	return h.run(a, namespace, chart, values)
}

func (h helm4) run(a *action4.Install, namespace, chart string, values map[string]any) error {
	c, err := loader4.Load(chart)
	if err != nil {
		return err
	}
	a.ReleaseName, a.Namespace, a.CreateNamespace, a.Timeout = name, namespace, true, patience
	a.WaitStrategy = kube.StatusWatcherStrategy
	_, err = a.Run(c, values)
	return err
}

func (h helm4) upgrade(chart string, values map[string]any) error {
	c, err := loader4.Load(chart)
	if err != nil {
		return err
	}
	a := action4.NewUpgrade(h.configuration(namespace))
	a.Namespace, a.Timeout, a.WaitStrategy = namespace, patience, kube.StatusWatcherStrategy
	_, err = a.Run(name, c, values)
	return err
}

func (h helm4) uninstall() error {
	a := action4.NewUninstall(h.configuration(namespace))
	a.Timeout, a.WaitStrategy = patience, kube.StatusWatcherStrategy
	_, err := a.Run(name)
	return err
}
