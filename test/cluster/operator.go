package cluster

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// BuildManager compiles the operator as it is in this repository into a folder, with arguments for `go build`, and gives
// the program's path.
func BuildManager(dir string, args ...string) (string, error) {
	// go test keeps a result as long as the files that the test has opened are the same: the manager's are among them.
	for _, folder := range []string{"api", "cmd", "internal"} {
		if err := filepath.WalkDir(filepath.Join(Root(), folder), func(string, fs.DirEntry, error) error { return nil }); err != nil {
			return "", fmt.Errorf("reading the sources: %w", err)
		}
	}
	program := filepath.Join(dir, "manager")
	cmd := exec.Command("go", append(append([]string{"build"}, args...), "-o", program, "./cmd")...)
	cmd.Dir = Root()
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the operator: %w\n%s", err, said)
	}
	return program, nil
}

// OperatorRole is the file of the ClusterRole that the operator always has.
const OperatorRole = "config/rbac/role.yaml"

// OptionalRoles are the files of the ClusterRoles for kinds that a cluster may lack.
var OptionalRoles = []string{"config/components/gateway-api/role.yaml", "config/components/pod-monitors/role.yaml"}

// ReadRole reads the file of a ClusterRole of this repository.
func ReadRole(file string) (*rbacv1.ClusterRole, error) {
	raw, err := os.ReadFile(filepath.Join(Root(), file))
	if err != nil {
		return nil, fmt.Errorf("reading the operator's rights: %w", err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(raw, role); err != nil {
		return nil, fmt.Errorf("reading the operator's rights: %w", err)
	}
	return role, nil
}

// AddOperator gives a client for a user that is bound to the ClusterRole that is shipped, so that a missing verb fails a
// test, and to those of further files. kube is an administrator's. It may be called once for each cluster.
func (c *Cluster) AddOperator(ctx context.Context, kube client.Client, name string, further ...string) (*rest.Config, error) {
	for _, file := range append([]string{OperatorRole}, further...) {
		role, err := ReadRole(file)
		if err != nil {
			return nil, err
		}
		if err := kube.Create(ctx, role); err != nil {
			return nil, fmt.Errorf("granting the operator its rights: %w", err)
		}
		if err := Bind(ctx, kube, name, role.Name, ""); err != nil {
			return nil, err
		}
	}
	return c.AddUser(name)
}
