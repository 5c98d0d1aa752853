// Package upgrade_test replaces the operator of the last release by this one, and back, while Online Boutique runs.
package upgrade_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

const namespace = "online-boutique"

// flags are set before the upgrade. Without the first one, the pods of all that have dependencies would restart.
var flags = map[string]string{"cluster-domain": "cluster.local", "default-min-ready-seconds": "0"}

// An upgrade restarts nothing and writes nothing, with flags that were set before; nor does the way back.
func TestUpgrade(t *testing.T) {
	old := t.TempDir()
	if err := cluster.CheckOutRelease(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	audit, log, err := cluster.Audit(t.TempDir(), "users: [operator]")
	if err != nil {
		t.Fatal(err)
	}
	server := cluster.StartFor(t, audit, func(e *envtest.Environment) {
		e.CRDDirectoryPaths = []string{filepath.Join(old, "config", "crd", "bases")}
	})
	if err := server.StartControllers(t.Context()); err != nil {
		t.Fatal(err)
	}
	kube, err := cluster.NewClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	config, err := server.AddOperator(t.Context(), kube, "operator")
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, config); err != nil {
		t.Fatal(err)
	}
	u := &upgrade{kube: kube, kubeconfig: kubeconfig, log: log}

	var given []string
	for name, value := range flags {
		given = append(given, "--"+name+"="+value)
	}
	release := compile(t, old)
	before := u.start(t, release, given...)
	if _, err := server.Kubectl("apply", "-k", filepath.Join(cluster.Root(), "config", "samples", "online-boutique")); err != nil {
		t.Fatal(err)
	}
	want := u.settled(t)
	stop(t, before)
	u.writes(t) // those of the creation

	if _, err := server.Kubectl("apply", "--server-side", "--force-conflicts", "-f", filepath.Join(cluster.Root(), "config", "crd", "bases")); err != nil {
		t.Fatal(err)
	}
	program, err := cluster.BuildManager(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	after := u.start(t, program, "--flags-from="+folder(t))
	u.unchanged(t, "upgraded", want, after)
	stop(t, after)

	back := u.start(t, release, given...)
	u.unchanged(t, "back at the release", want, back)
	stop(t, back)
}

// compile returns the manager of the release.
func compile(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "released")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./cmd")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling the manager: %v\n%s", err, out)
	}
	return program
}

// folder has the flags as files, as a ConfigMap is mounted.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, value := range flags {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

type upgrade struct {
	kube       client.Client
	kubeconfig string
	log        *cluster.AuditLog
}

// manager is a running operator.
type manager struct {
	*cluster.Process
	metrics string
}

func (u *upgrade) start(t *testing.T, program string, args ...string) *manager {
	t.Helper()
	port, err := cluster.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	p, err := cluster.StartProcess([]string{"KUBECONFIG=" + u.kubeconfig}, program, append(args,
		"--health-probe-bind-address=0", "--metrics-bind-address="+address, "--metrics-secure=false")...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() }) // it may have ended
	return &manager{p, "http://" + address + "/metrics"}
}

func stop(t *testing.T, m *manager) {
	t.Helper()
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
}

// settled waits until all of Online Boutique is Ready, and returns it.
func (u *upgrade) settled(t *testing.T) map[string]string {
	t.Helper()
	cluster.Await(t, func() error {
		list := &v1alpha1.MicroserviceList{}
		if err := u.kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
			return err
		}
		if len(list.Items) == 0 {
			return errors.New("no Microservices yet")
		}
		for i := range list.Items {
			ms := &list.Items[i]
			if !meta.IsStatusConditionTrue(ms.Status.Conditions, v1alpha1.ConditionReady) || !meta.IsStatusConditionTrue(ms.Status.Conditions, v1alpha1.ConditionDependenciesReady) {
				return fmt.Errorf("%s is not ready: %+v", ms.Name, ms.Status.Conditions)
			}
		}
		return nil
	})
	return u.snapshot(t)
}

// snapshot is what an upgrade must not touch: the generation of each child, which every change of its spec raises, and the ReplicaSets.
func (u *upgrade) snapshot(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, list := range []client.ObjectList{
		&appsv1.DeploymentList{}, &appsv1.ReplicaSetList{}, &corev1.ServiceList{}, &corev1.ServiceAccountList{}, &autoscalingv2.HorizontalPodAutoscalerList{},
		&networkingv1.NetworkPolicyList{}, &policyv1.PodDisruptionBudgetList{},
	} {
		if err := u.kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
			t.Fatal(err)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			o := item.(client.Object)
			all[fmt.Sprintf("%T %s", o, o.GetName())] = fmt.Sprint(o.GetUID(), " ", o.GetGeneration())
		}
	}
	return all
}

// unchanged waits until a manager has reconciled every Microservice, and asserts that it wrote nothing.
func (u *upgrade) unchanged(t *testing.T, when string, want map[string]string, m *manager) {
	t.Helper()
	list := &v1alpha1.MicroserviceList{}
	if err := u.kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	cluster.Await(t, func() error { return m.idle(t.Context(), len(list.Items)) })
	if written := u.writes(t); len(written) > 0 {
		t.Errorf("%s, it wrote %s", when, strings.Join(written, ", "))
	}
	if diff := cmp.Diff(want, u.snapshot(t)); diff != "" {
		t.Errorf("%s, objects changed (-before +after):\n%s", when, diff)
	}
}

// idle reports an error until a manager has reconciled so many Microservices and has nothing left to do.
func (m *manager) idle(ctx context.Context, microservices int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.metrics, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(content))
	if err != nil {
		return err
	}
	sum := func(name string) (total float64) {
		for _, metric := range families[name].GetMetric() {
			total += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
		return total
	}
	done, queued, busy := sum("controller_runtime_reconcile_total"), sum("workqueue_depth"), sum("controller_runtime_active_workers")
	if int(done) < microservices || queued+busy > 0 {
		return fmt.Errorf("%.0f of %d are reconciled, %.0f wait, %.0f are under way", done, microservices, queued, busy)
	}
	return nil
}

// writes are what the operator wrote since the last call, but for its lease and events.
func (u *upgrade) writes(t *testing.T) []string {
	t.Helper()
	calls, err := u.log.Next(sets.New("operator"))
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for i := range calls {
		c := &calls[i]
		if slices.Contains([]string{"create", "update", "patch", "delete"}, c.Verb) && c.ObjectRef.Resource != "leases" && c.ObjectRef.Resource != "events" {
			written = append(written, c.Verb+" "+c.Resource()+" "+c.ObjectRef.Name)
		}
	}
	return written
}
