package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// NewScheme knows the types of Kubernetes and ours.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}

// NewClient gives a client without a cache for the types of Kubernetes and ours.
func NewClient(config *rest.Config) (client.WithWatch, error) {
	scheme, err := NewScheme()
	if err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("creating a client: %w", err)
	}
	return c, nil
}

// NewStrictClient is the same, and has unknown fields refused, as kubectl does.
func NewStrictClient(config *rest.Config) (client.Client, error) {
	c, err := NewClient(config)
	if err != nil {
		return nil, err
	}
	return client.WithFieldValidation(c, metav1.FieldValidationStrict), nil
}

// WriteKubeconfig writes a kubeconfig that leads where a config leads, with its client certificate if it has one.
func WriteKubeconfig(path string, config *rest.Config) error {
	const name = "test"
	file := clientcmdapi.NewConfig()
	file.Clusters[name] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	file.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	file.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	file.CurrentContext = name
	if err := clientcmd.WriteToFile(*file, path); err != nil {
		return fmt.Errorf("writing a kubeconfig: %w", err)
	}
	return nil
}

// Grant gives a user rights in one namespace, by a Role of a name of its own.
func Grant(ctx context.Context, kube client.Client, user, namespace, name string, rules ...rbacv1.PolicyRule) error {
	at := metav1.ObjectMeta{Namespace: namespace, Name: name}
	for _, o := range []client.Object{
		&rbacv1.Role{ObjectMeta: at, Rules: rules},
		&rbacv1.RoleBinding{ObjectMeta: at, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}, Subjects: subject(user)},
	} {
		if err := kube.Create(ctx, o); err != nil {
			return fmt.Errorf("granting %s the rights %s: %w", user, name, err)
		}
	}
	return nil
}

func subject(user string) []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}
}

// Bind grants a user a ClusterRole in one namespace, or everywhere where there is no namespace.
func Bind(ctx context.Context, kube client.Client, user, role, namespace string) error {
	at := metav1.ObjectMeta{Namespace: namespace, Name: user + "-" + role}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}
	var binding client.Object = &rbacv1.RoleBinding{ObjectMeta: at, RoleRef: ref, Subjects: subject(user)}
	if namespace == "" {
		binding = &rbacv1.ClusterRoleBinding{ObjectMeta: at, RoleRef: ref, Subjects: subject(user)}
	}
	if err := kube.Create(ctx, binding); err != nil {
		return fmt.Errorf("granting %s the role %s: %w", user, role, err)
	}
	return nil
}

// Kubectl runs kubectl with the rights of an administrator, and gives what it says. It is not given what the user's home
// has, such as a cache of what another cluster serves.
func (c *Cluster) Kubectl(args ...string) (string, error) {
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(Program("kubectl"), args...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(kubeconfig), "KUBECONFIG="+kubeconfig)
	said, err := cmd.CombinedOutput()
	if err != nil {
		return string(said), fmt.Errorf("kubectl %v: %w\n%s", args, err, said)
	}
	return string(said), nil
}

// CRD reads our CustomResourceDefinition from config/crd.
func CRD() (*apiextensionsv1.CustomResourceDefinition, error) {
	raw, err := os.ReadFile(filepath.Join(Root(), "config", "crd", "bases", "apps.microservice.dev_microservices.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the CRD: %w", err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(raw, crd); err != nil {
		return nil, fmt.Errorf("reading the CRD: %w", err)
	}
	return crd, nil
}

// RemoveCRDs removes CRDs, and with them every object of their kinds. It waits until they are gone: none can be installed in the place of
// one that is being deleted.
func (c *Cluster) RemoveCRDs(crds ...*apiextensionsv1.CustomResourceDefinition) error {
	if err := envtest.UninstallCRDs(c.Config, envtest.CRDInstallOptions{CRDs: crds}); err != nil {
		return fmt.Errorf("removing CRDs: %w", err)
	}
	clients, err := apiextensions.NewForConfig(c.Config)
	if err != nil {
		return fmt.Errorf("creating a client: %w", err)
	}
	ctx := context.Background()
	for _, crd := range crds {
		err := Eventually(ctx, 5*time.Minute, func() error {
			_, err := clients.CustomResourceDefinitions().Get(ctx, crd.Name, metav1.GetOptions{})
			if err == nil {
				return errors.New("it is still there")
			}
			return client.IgnoreNotFound(err)
		})
		if err != nil {
			return fmt.Errorf("removing the CRD %s: %w", crd.Name, err)
		}
	}
	return nil
}

// FreePort is a TCP port on 127.0.0.1 that nobody listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// Eventually looks again and again until check finds nothing wrong. When time is up it gives what was found last.
func Eventually(ctx context.Context, timeout time.Duration, check func() error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, timeout, true, func(context.Context) (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil {
		return errors.Join(last, err)
	}
	return nil
}
