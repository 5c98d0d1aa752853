package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// AddOperator gives a client for a user that is bound to the ClusterRole that is shipped, so that a missing verb fails a
// test. kube is an administrator's. It may be called once for each name.
func (c *Cluster) AddOperator(ctx context.Context, kube client.Client, name string) (*rest.Config, error) {
	raw, err := os.ReadFile(filepath.Join(Root(), "config", "rbac", "role.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the operator's rights: %w", err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(raw, role); err != nil {
		return nil, fmt.Errorf("reading the operator's rights: %w", err)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	for _, o := range []client.Object{role, binding} {
		if err := kube.Create(ctx, o); err != nil {
			return nil, fmt.Errorf("granting the operator its rights: %w", err)
		}
	}
	return c.AddUser(name)
}
