package security_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

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
		var err error
		if admin, err = cluster.NewClient(c.Config); err != nil {
			return err
		}
		return prepare(context.Background())
	})
}

// prepare installs what is shipped, and grants the actors its roles.
func prepare(ctx context.Context) error {
	if _, err := kube.Kubectl("apply", "--server-side", "-f", filepath.Join(cluster.Root(), "config", "crd", "bases"),
		"-f", filepath.Join(cluster.Root(), "dist", "install.yaml")); err != nil {
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
		if err := cluster.Bind(ctx, admin, b.user, b.role, b.namespace); err != nil {
			return err
		}
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
	c, err := cluster.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// await waits until nothing is wrong.
func await(t *testing.T, what string, check func() error) {
	t.Helper()
	if err := cluster.Eventually(t.Context(), time.Minute, check); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
