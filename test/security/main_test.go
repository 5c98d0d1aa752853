package security_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// The namespaces of two tenants, and the operator's.
const (
	tenantA = "tenant-a"
	tenantB = "tenant-b"
	systemN = "microservice-operator-system"
)

// operator is who the manager is, as installed.
const operator = "system:serviceaccount:" + systemN + ":microservice-operator-controller-manager"

var (
	kube *cluster.Cluster
	// admin may do everything.
	admin client.Client
)

func TestMain(m *testing.M) {
	cluster.Run(m, func(c *cluster.Cluster) error {
		kube = c
		scheme := runtime.NewScheme()
		if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
			return err
		}
		var err error
		if admin, err = client.New(c.Config, client.Options{Scheme: scheme}); err != nil {
			return err
		}
		return prepare(context.Background())
	})
}

// prepare installs what is shipped, and grants the actors its roles.
func prepare(ctx context.Context) error {
	if err := kubectl("apply", "--server-side", "-f", filepath.Join(cluster.Root(), "dist", "install.yaml")); err != nil {
		return err
	}
	for _, name := range []string{tenantA, tenantB} {
		if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return fmt.Errorf("creating namespace %s: %w", name, err)
		}
	}
	for _, b := range []struct{ user, role, namespace string }{
		{"viewer-a", "microservice-operator-microservice-viewer-role", tenantA},
		{"editor-a", "microservice-operator-microservice-editor-role", tenantA},
		{"admin-a", "microservice-operator-microservice-admin-role", tenantA},
		{"editor-b", "microservice-operator-microservice-editor-role", tenantB},
		{"scraper", "microservice-operator-metrics-reader", ""},
	} {
		if err := bind(ctx, b.user, b.role, b.namespace); err != nil {
			return err
		}
	}
	return nil
}

// bind grants a ClusterRole, in one namespace or everywhere.
func bind(ctx context.Context, user, role, namespace string) error {
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
	at := metav1.ObjectMeta{Namespace: namespace, Name: user + "-" + role}
	var binding client.Object = &rbacv1.RoleBinding{ObjectMeta: at, RoleRef: ref, Subjects: subjects}
	if namespace == "" {
		binding = &rbacv1.ClusterRoleBinding{ObjectMeta: at, RoleRef: ref, Subjects: subjects}
	}
	if err := admin.Create(ctx, binding); err != nil {
		return fmt.Errorf("granting %s the role %s: %w", user, role, err)
	}
	return nil
}

func kubectl(args ...string) error {
	kubeconfig, err := kube.Kubeconfig()
	if err != nil {
		return err
	}
	said, err := exec.Command(cluster.Program("kubectl"), append([]string{"--kubeconfig", kubeconfig}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("kubectl %v: %w\n%s", args, err, said)
	}
	return nil
}

// as gives a client for a user, with the rights that RBAC grants.
func as(t *testing.T, user string, groups ...string) client.Client {
	t.Helper()
	config, err := kube.AddUser(user, groups...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
