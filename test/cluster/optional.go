package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"
)

// OptionalCRDs are the CustomResourceDefinitions of the kinds that a cluster may lack, by kind: HTTPRoute, GRPCRoute and
// PodMonitor. They are those of the modules whose types the operator uses.
var OptionalCRDs = sync.OnceValues(func() (map[string]*apiextensionsv1.CustomResourceDefinition, error) {
	all := map[string]*apiextensionsv1.CustomResourceDefinition{}
	gateway, err := modulePath("sigs.k8s.io/gateway-api", "{{.Dir}}")
	if err != nil {
		return nil, err
	}
	monitors, err := podMonitorCRD()
	if err != nil {
		return nil, err
	}
	for _, file := range []string{
		filepath.Join(gateway, "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
		filepath.Join(gateway, "config/crd/standard/gateway.networking.k8s.io_grpcroutes.yaml"),
		monitors,
	} {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a CRD: %w", err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(raw, crd); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		all[crd.Spec.Names.Kind] = crd
	}
	return all, nil
})

// InstallOptional installs the CRDs of OptionalCRDs, all or those of the given kinds, and waits until they are served.
func (c *Cluster) InstallOptional(kinds ...string) error {
	options, err := optionalCRDs(kinds)
	if err != nil {
		return err
	}
	if _, err := envtest.InstallCRDs(c.Config, options); err != nil {
		return fmt.Errorf("installing optional kinds: %w", err)
	}
	return nil
}

// RemoveOptional removes the CRDs that InstallOptional installs, as RemoveCRDs does.
func (c *Cluster) RemoveOptional(kinds ...string) error {
	options, err := optionalCRDs(kinds)
	if err != nil {
		return err
	}
	return c.RemoveCRDs(options.CRDs...)
}

func optionalCRDs(kinds []string) (envtest.CRDInstallOptions, error) {
	options := envtest.CRDInstallOptions{MaxTime: 5 * time.Minute}
	crds, err := OptionalCRDs()
	for kind, crd := range crds {
		if len(kinds) == 0 || slices.Contains(kinds, kind) {
			options.CRDs = append(options.CRDs, crd.DeepCopy())
		}
	}
	return options, err
}

// podMonitorCRD generates the CRD from the types, once for each version of these, and returns its path.
func podMonitorCRD() (string, error) {
	const module = "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"
	version, err := modulePath(module, "{{.Version}}")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(Root(), "bin", "crd", version)
	file := filepath.Join(dir, "monitoring.coreos.com_podmonitors.yaml")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("generating the CRD of PodMonitor: %w", err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "new-")
	if err != nil {
		return "", fmt.Errorf("generating the CRD of PodMonitor: %w", err)
	}
	defer func() { _ = os.RemoveAll(fresh) }() // it was renamed, unless something failed
	generate := exec.Command("go", "tool", "-modfile=go.tools.mod", "controller-gen", "crd", "paths="+module+"/v1", "output:crd:dir="+fresh)
	generate.Dir = Root()
	if said, err := generate.CombinedOutput(); err != nil {
		return "", fmt.Errorf("generating the CRD of PodMonitor: %w\n%s", err, said)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if _, there := os.Stat(file); there != nil { // another process was first
			return "", fmt.Errorf("generating the CRD of PodMonitor: %w", err)
		}
	}
	return file, nil
}

// modulePath prints a property of a module that the operator needs, such as where its files are.
func modulePath(module, format string) (string, error) {
	list := exec.Command("go", "list", "-m", "-f", format, module)
	list.Dir = Root()
	said, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("finding the module %s: %w", module, err)
	}
	return strings.TrimSpace(string(said)), nil
}
