package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	testscript.Main(m, map[string]func(){"kubectl-msvc": func() {
		os.Exit(Run(context.Background(), genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}, os.Args))
	}})
}

// TestScripts runs testdata/*.txtar against a real API server. Their objects come with a status: no operator runs here.
//
//	apply FILE                               creates the objects of a file in the namespace, with their status
//	patch VERSION KIND NAMESPACE/NAME JSON   changes an object by a JSON merge patch, as somebody would by hand
//	delete VERSION KIND NAMESPACE/NAME       deletes an object
//	as-viewer NAME                           goes on as a user who may read Microservices in the namespace NAME and nothing else
//	install KIND                             installs a kind that a cluster may lack
//	code CODE COMMAND ...                    runs a command and checks its exit code
func TestScripts(t *testing.T) {
	runScripts(t, cluster.StartFor(t), "testdata")
}

// TestScriptsOfAnOlderCluster runs testdata/older/*.txtar against an API server whose CRD lacks fields that the plugin knows: consent,
// and the summary of dependencies.
func TestScriptsOfAnOlderCluster(t *testing.T) {
	crd, err := cluster.CRD()
	if err != nil {
		t.Fatal(err)
	}
	for i := range crd.Spec.Versions {
		fields := crd.Spec.Versions[i].Schema.OpenAPIV3Schema.Properties
		for path, field := range map[string]string{"spec": "allowedDependents", "status": "dependenciesSummary"} {
			if _, found := fields[path].Properties[field]; !found {
				t.Fatalf("the CRD has no field %s.%s", path, field)
			}
			delete(fields[path].Properties, field)
		}
	}
	server := cluster.StartFor(t, func(e *envtest.Environment) {
		e.CRDDirectoryPaths, e.CRDs = nil, []*apiextensionsv1.CustomResourceDefinition{crd}
	})
	runScripts(t, server, filepath.Join("testdata", "older"))
}

func runScripts(t *testing.T, server *cluster.Cluster, folder string) {
	t.Helper()
	kube, err := cluster.NewClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := server.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 folder,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBECONFIG", kubeconfig)
			env.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"apply": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(applyAll(kube, []byte(ts.ReadFile(args[0]))))
			},
			"patch": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(kube.Patch(context.Background(), reference(args), client.RawPatch(types.MergePatchType, []byte(args[3]))))
			},
			"delete": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(kube.Delete(context.Background(), reference(args)))
			},
			"install": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(server.InstallOptional(args...))
			},
			"as-viewer": func(ts *testscript.TestScript, _ bool, args []string) {
				path, err := viewer(server, kube, args[0])
				ts.Check(err)
				ts.Setenv("KUBECONFIG", path)
			},
			"code": func(ts *testscript.TestScript, _ bool, args []string) {
				got := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					exited, ok := errors.AsType[interface {
						error
						ExitCode() int
					}](err)
					if !ok {
						ts.Fatalf("%v", err)
					}
					got = exited.ExitCode()
				}
				if fmt.Sprint(got) != args[0] {
					ts.Fatalf("exit code %d, want %s", got, args[0])
				}
			},
		},
	})
}

// reference names an object by its version, its kind, and NAMESPACE/NAME.
func reference(args []string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(args[0])
	o.SetKind(args[1])
	namespace, name, _ := strings.Cut(args[2], "/")
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

// applyAll creates the objects of YAML documents, and writes their status.
func applyAll(kube client.Client, raw []byte) error {
	ctx := context.Background()
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := documents.Decode(&o.Object); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: o.GetNamespace()}}
		if err := kube.Create(ctx, ns); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
		status := o.Object["status"]
		if err := kube.Create(ctx, o); err != nil {
			return err
		}
		if status == nil {
			continue
		}
		o.Object["status"] = status
		if err := kube.Status().Update(ctx, o); err != nil {
			return err
		}
	}
}

// viewer returns the kubeconfig of a user who may read Microservices in one namespace.
func viewer(server *cluster.Cluster, kube client.Client, namespace string) (string, error) {
	ctx, name := context.Background(), "viewer-of-"+namespace
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{v1alpha1.SchemeGroupVersion.Group}, Resources: []string{"microservices"}, Verbs: []string{"get", "list", "watch"},
	}}}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
	}
	if err := errors.Join(kube.Create(ctx, role), kube.Create(ctx, binding)); err != nil {
		return "", err
	}
	return server.KubeconfigFor(name)
}
