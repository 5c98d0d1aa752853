package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/workload"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/wrappers"
)

// pods is how many pods serve before, during and after a takeover.
const pods = 4

// What needs controllers, nodes and an operator shares them.
func TestLive(t *testing.T) {
	l := startLive(t)
	t.Run("Takeover", l.testTakeover)
	t.Run("TakeoverExternal", l.testTakeoverExternal)
	t.Run("TakeoverOfDependency", l.testTakeoverOfDependency)
	t.Run("WayBack", l.testWayBack)
	t.Run("Outages", l.testOutages)
	t.Run("Guide", l.testGuide)
	t.Run("Probe", l.testProbe)
}

// A Deployment is handed over, and back, while its Service never has fewer ready endpoints than before: with an autoscaler of the same
// name, of another name, and without; and with an interruption after each step, after which the command is run again.
func (l *live) testTakeover(t *testing.T) {
	last := len((&takeover{}).steps()) - 1
	for at := range last + 1 {
		for n, autoscaler := range []string{"", "web", "web-hpa"} {
			if at == last && autoscaler == "" {
				continue // there is nothing to interrupt
			}
			t.Run(fmt.Sprintf("%d %s", at, autoscaler), func(t *testing.T) {
				t.Parallel()
				l.takeOverAndBack(t, fmt.Sprintf("takeover-%d-%d", at, n), autoscaler, at)
			})
		}
	}
}

// An autoscaler that belongs to somebody else goes on, and the new Deployment is as large as the old one. It is interrupted after the
// operator goes on, when a minimum is kept that is not the declared one.
func (l *live) testTakeoverExternal(t *testing.T) {
	t.Parallel()
	const namespace = "takeover-external"
	l.deploy(t, namespace, "")
	l.scaledBySomebody(t, namespace)
	endpoints := l.watchEndpoints(t, namespace)
	l.importDeployment(t, namespace)
	unpause := slices.IndexFunc((&takeover{}).steps(), func(s step) bool { return strings.Contains(s.words, "operator") })
	args := []string{"takeover", "web", "-n", namespace, "--backup", filepath.Join(t.TempDir(), "old.yaml"), "--timeout=5m"}
	if code, said := l.interrupted(t, fmt.Sprintf("%d/", unpause+2), args...); code == ExitOK {
		t.Fatalf("interrupted, it ends with %d: %s", code, said)
	}
	if code, said := l.run(t.Context(), io.Discard, args...); code != ExitOK {
		t.Fatalf("it ends with %d: %s", code, said)
	}
	d, ms, list := &appsv1.Deployment{}, &v1alpha1.Microservice{}, &autoscalingv2.HorizontalPodAutoscalerList{}
	l.get(t, namespace, d, ms)
	if *d.Spec.Replicas != pods || *ms.Spec.Autoscaling.External.MinReplicas != 2 || ms.Annotations[annotationMinReplicas] != "" {
		t.Errorf("%d replicas, autoscaling %+v, annotations %v", *d.Spec.Replicas, ms.Spec.Autoscaling.External, ms.Annotations)
	}
	if err := l.kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil || len(list.Items) != 1 || list.Items[0].Name != "keda-hpa-web" {
		t.Errorf("the autoscalers are %v, %v", list.Items, err)
	}
	if fewest := endpoints(); fewest < pods {
		t.Errorf("the Service had %d ready endpoints, with %d before", fewest, pods)
	}
}

// Those that call the Service, in its namespace and in one that it admits, go on when it becomes a Microservice's, and when that leaves: the
// way to it stays open, and no pod is replaced.
func (l *live) testTakeoverOfDependency(t *testing.T) {
	t.Parallel()
	const namespace, abroad = "takeover-dependency", "takeover-dependent"
	l.deploy(t, namespace, "")
	service := &corev1.Service{}
	l.get(t, namespace, service)
	service.Annotations = map[string]string{v1alpha1.AnnotationAllowedDependents: abroad}
	if err := errors.Join(l.kube.Update(t.Context(), service), l.kube.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: abroad}})); err != nil {
		t.Fatal(err)
	}
	callers := []*v1alpha1.Microservice{wrappers.MakeMicroservice(namespace, "caller"), wrappers.MakeMicroservice(abroad, "caller")}
	var deployments []*appsv1.Deployment
	var ended []func() error
	for _, caller := range callers {
		caller.Spec.Dependencies = []v1alpha1.Dependency{{Name: "web", Service: &v1alpha1.ObjectReference{Name: "web", Namespace: namespace}}}
		if err := l.kube.Create(t.Context(), caller); err != nil {
			t.Fatal(err)
		}
		l.awaitDependency(t, caller, "Service/"+namespace+"/web")
		d := &appsv1.Deployment{}
		if err := l.kube.Get(t.Context(), client.ObjectKeyFromObject(caller), d); err != nil {
			t.Fatal(err)
		}
		deployments, ended = append(deployments, d), append(ended, l.watchWay(t, caller))
	}

	l.importDeployment(t, namespace)
	dir := t.TempDir()
	if code, said := l.run(t.Context(), io.Discard, "takeover", "web", "-n", namespace, "--backup", filepath.Join(dir, "old.yaml"), "--timeout=5m"); code != ExitOK {
		t.Fatalf("it ends with %d: %s", code, said)
	}
	for _, caller := range callers {
		l.awaitDependency(t, caller, "Microservice/"+namespace+"/web")
	}
	if code, said := l.run(t.Context(), io.Discard, "eject", "web", "-n", namespace, "--manifests", filepath.Join(dir, "new.yaml")); code != ExitOK {
		t.Fatalf("eject ends with %d: %s", code, said)
	}
	for i, caller := range callers {
		l.awaitDependency(t, caller, "Service/"+namespace+"/web")
		d := &appsv1.Deployment{}
		if err := l.kube.Get(t.Context(), client.ObjectKeyFromObject(caller), d); err != nil || d.Generation != deployments[i].Generation {
			t.Errorf("%s/%s was replaced: generation %d of its Deployment was %d, %v", caller.Namespace, caller.Name, d.Generation, deployments[i].Generation, err)
		}
		if err := ended[i](); err != nil {
			t.Errorf("%s/%s: %v", caller.Namespace, caller.Name, err)
		}
	}
}

// awaitDependency waits until the only dependency of a Microservice is Ready, and is that target.
func (l *live) awaitDependency(t *testing.T, ms *v1alpha1.Microservice, target string) {
	t.Helper()
	cluster.Await(t, func() error {
		now := &v1alpha1.Microservice{}
		if err := l.kube.Get(t.Context(), client.ObjectKeyFromObject(ms), now); err != nil {
			return err
		}
		if is := now.Status.Dependencies; len(is) != 1 || is[0].State != v1alpha1.DependencyReady || is[0].Target != target {
			return fmt.Errorf("the dependencies of %s/%s are %+v", now.Namespace, now.Name, is)
		}
		return nil
	})
}

// watchWay watches the NetworkPolicy of a Microservice with one dependency, until the result is asked for: nil if its way was always open.
func (l *live) watchWay(t *testing.T, ms *v1alpha1.Microservice) (ended func() error) {
	t.Helper()
	const last = "test/last"
	list := &networkingv1.NetworkPolicyList{}
	if err := l.kube.List(t.Context(), list, client.InNamespace(ms.Namespace)); err != nil {
		t.Fatal(err)
	}
	events, err := l.kube.Watch(t.Context(), list, client.InNamespace(ms.Namespace), &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}})
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() {
		defer events.Stop()
		var wrong error
		for e := range events.ResultChan() {
			p, ok := e.Object.(*networkingv1.NetworkPolicy)
			switch {
			case !ok:
				result <- fmt.Errorf("the watch ended: %v", e.Object)
				return
			case p.Name != ms.Name:
			case p.Annotations[last] != "":
				result <- wrong
				return
			case len(p.Spec.Egress) != 2: // that of DNS, and that of the dependency
				wrong = fmt.Errorf("the way was closed: %+v", p.Spec.Egress)
			}
		}
		result <- errors.New("the watch ended")
	}()
	return func() error {
		p := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: ms.Namespace, Name: ms.Name}}
		if err := l.kube.Patch(t.Context(), p, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"`+last+`":"yes"}}}`))); err != nil {
			return err
		}
		return <-result
	}
}

// scaledBySomebody makes an autoscaler that another object controls, as KEDA does.
func (l *live) scaledBySomebody(t *testing.T, namespace string) {
	t.Helper()
	somebody := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "somebody"}}
	if err := l.kube.Create(t.Context(), somebody); err != nil {
		t.Fatal(err)
	}
	if err := l.kube.Create(t.Context(), &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "keda-hpa-web", OwnerReferences: []metav1.OwnerReference{{
			APIVersion: "v1", Kind: "ConfigMap", Name: somebody.Name, UID: somebody.UID, Controller: ptr.To(true),
		}}},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}, MinReplicas: ptr.To[int32](2), MaxReplicas: 9,
		},
	}); err != nil {
		t.Fatal(err)
	}
}

// Whatever a takeover has done before the operator goes on, the way back that it prints leads back, and no endpoint is missing on the way.
func (l *live) testWayBack(t *testing.T) {
	unpause := slices.IndexFunc((&takeover{}).steps(), func(s step) bool { return strings.Contains(s.words, "operator") })
	for at := 1; at <= unpause; at++ {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			namespace := fmt.Sprintf("back-%d", at)
			l.deploy(t, namespace, "web-hpa")
			endpoints := l.watchEndpoints(t, namespace)
			l.importDeployment(t, namespace)
			code, said := l.interrupted(t, fmt.Sprintf("%d/", at+1), "takeover", "web", "-n", namespace, "--backup", filepath.Join(t.TempDir(), "old.yaml"))
			_, back, found := strings.Cut(said, "The way back: ")
			if code == ExitOK || !found {
				t.Fatalf("it ends with %d: %s", code, said)
			}
			shell := exec.Command("sh", "-c", strings.ReplaceAll(back, "kubectl", cluster.Program("kubectl")+" --kubeconfig="+l.kubeconfig))
			out, _ := shell.CombinedOutput() // replace fails for what is gone, create for what is there
			cluster.Await(t, func() error {
				d, service, h := &appsv1.Deployment{}, &corev1.Service{}, &autoscalingv2.HorizontalPodAutoscaler{}
				l.get(t, namespace, service)
				if err := errors.Join(l.kube.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "web"}, d),
					l.kube.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "web-hpa"}, h)); err != nil {
					return fmt.Errorf("%w\n%s", err, out)
				}
				if d.Spec.Paused || d.Status.ObservedGeneration != d.Generation || d.Status.UpdatedReplicas != pods || d.Status.Replicas != pods || d.Status.AvailableReplicas != pods ||
					service.Spec.Selector["app"] != "web" || len(service.Spec.Selector) != 1 || len(service.OwnerReferences) > 0 {
					return fmt.Errorf("the Deployment is %+v, the Service %+v\n%s", d.Status, service.Spec, out)
				}
				return nil
			})
			if fewest := endpoints(); fewest < pods {
				t.Errorf("the Service had %d ready endpoints, with %d before", fewest, pods)
			}
		})
	}
}

// live is a cluster with controllers, a node and an operator.
type live struct {
	kube       client.WithWatch
	kubeconfig string
}

func startLive(t *testing.T) *live {
	t.Helper()
	server := cluster.StartFor(t)
	if err := server.StartControllers(t.Context()); err != nil {
		t.Fatal(err)
	}
	kube, err := cluster.NewClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	l := &live{kube: kube, kubeconfig: server.KubeconfigAt(t, server.Config.Host)}
	program, err := cluster.BuildManager(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config, err := server.AddOperator(t.Context(), l.kube, "operator")
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, config); err != nil {
		t.Fatal(err)
	}
	operator, err := cluster.StartProcess([]string{"KUBECONFIG=" + kubeconfig}, program, "--health-probe-bind-address=0", "--metrics-bind-address=0", "--default-min-ready-seconds=0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = operator.Stop() }) // it ends with an error if the cluster is gone first
	return l
}

func (l *live) takeOverAndBack(t *testing.T, namespace, autoscaler string, interruptAt int) {
	l.deploy(t, namespace, autoscaler)
	before := &corev1.Service{}
	l.get(t, namespace, before)
	endpoints := l.watchEndpoints(t, namespace)
	l.importDeployment(t, namespace)

	args := []string{"takeover", "web", "-n", namespace, "--backup", filepath.Join(t.TempDir(), "old.yaml"), "--timeout=5m"}
	if interruptAt > 0 {
		if code, said := l.interrupted(t, fmt.Sprintf("%d/", interruptAt+1), args...); code == ExitOK || !strings.Contains(said, "run the same command again") {
			t.Fatalf("interrupted, it ends with %d: %s", code, said)
		}
	}
	if code, said := l.run(t.Context(), io.Discard, args...); code != ExitOK {
		t.Fatalf("it ends with %d: %s", code, said)
	}
	services := &corev1.ServiceList{}
	if err := l.kube.List(t.Context(), services, client.InNamespace(namespace)); err != nil || len(services.Items) != 1 {
		t.Errorf("%d Services are there, %v", len(services.Items), err)
	}
	after, d, ms := &corev1.Service{}, &appsv1.Deployment{}, &v1alpha1.Microservice{}
	l.get(t, namespace, after, d, ms)
	if after.UID != before.UID || after.Spec.ClusterIP != before.Spec.ClusterIP || !metav1.IsControlledBy(after, ms) || !metav1.IsControlledBy(d, ms) {
		t.Errorf("the Service was %s and is %s, the owners are %v and %v", before.UID, after.UID, after.OwnerReferences, d.OwnerReferences)
	}
	if *d.Spec.Replicas != pods || autoscaler != "" && *ms.Spec.Autoscaling.MinReplicas != 2 || ms.Annotations[annotationMinReplicas] != "" {
		t.Errorf("%d replicas, autoscaling %+v, annotations %v", *d.Spec.Replicas, ms.Spec.Autoscaling, ms.Annotations)
	}
	l.awaitAutoscalers(t, namespace, autoscaler != "")

	running := l.pods(t, namespace)
	manifests := filepath.Join(t.TempDir(), "web.yaml")
	if code, said := l.run(t.Context(), io.Discard, "eject", "web", "-n", namespace, "--manifests", manifests); code != ExitOK {
		t.Fatalf("eject ends with %d: %s", code, said)
	}
	l.get(t, namespace, after, d)
	if len(d.OwnerReferences) > 0 || len(after.OwnerReferences) > 0 || marked(d) || !l.pods(t, namespace).Equal(running) {
		t.Errorf("after eject the owners are %v, the pods were %v", d.OwnerReferences, running)
	}
	if said, err := os.ReadFile(manifests); err != nil || !strings.Contains(string(said), "kind: Deployment") || strings.Contains(string(said), "ownerReferences") {
		t.Errorf("%s, %v", said, err)
	}
	if fewest := endpoints(); fewest < pods {
		t.Errorf("the Service had %d ready endpoints, with %d before", fewest, pods)
	}
}

// run runs the plugin, and returns its exit code and what it says of errors.
func (l *live) run(ctx context.Context, out io.Writer, args ...string) (code int, said string) {
	var failed bytes.Buffer
	code = l.runTo(ctx, out, &failed, args...)
	return code, failed.String()
}

func (l *live) runTo(ctx context.Context, out, errOut io.Writer, args ...string) (code int) {
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: out, ErrOut: errOut}
	return Run(ctx, streams, append([]string{"kubectl-msvc", "--kubeconfig", l.kubeconfig}, args...))
}

// interrupted runs the plugin until it prints a line that begins with a prefix.
func (l *live) interrupted(t *testing.T, prefix string, args ...string) (code int, said string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	return l.run(ctx, writerFunc(func(line []byte) {
		if bytes.HasPrefix(line, []byte(prefix)) {
			cancel()
		}
	}), args...)
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

func (l *live) get(t *testing.T, namespace string, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := l.kube.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "web"}, o); err != nil {
			t.Fatal(err)
		}
	}
}

// deploy makes a Deployment as a chart would, with its Service, and waits until it serves.
func (l *live) deploy(t *testing.T, namespace, autoscaler string) {
	t.Helper()
	label := map[string]string{"app": "web"}
	meta := metav1.ObjectMeta{Namespace: namespace, Name: "web"}
	objects := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}},
		&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Selector: label, Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}}}},
		&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](pods), Selector: &metav1.LabelSelector{MatchLabels: label},
			Strategy: appsv1.DeploymentStrategy{RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: ptr.To(intstr.FromInt32(0))}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: label}, Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: "web", Image: "example.com/web:1", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
			}}}},
		}},
	}
	if autoscaler != "" {
		objects = append(objects, &autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: autoscaler},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"}, MinReplicas: ptr.To[int32](2), MaxReplicas: 9,
			},
		})
	}
	for _, o := range objects {
		if err := l.kube.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	cluster.Await(t, func() error {
		d := &appsv1.Deployment{}
		l.get(t, namespace, d)
		if d.Status.AvailableReplicas != pods || d.Status.ObservedGeneration != d.Generation {
			return fmt.Errorf("%d pods are available", d.Status.AvailableReplicas)
		}
		return l.endpointsReady(t.Context(), namespace)
	})
}

// importDeployment creates the Microservice of the Deployment, and waits until the operator has seen it.
func (l *live) importDeployment(t *testing.T, namespace string) {
	t.Helper()
	objects, err := inspect.ObjectsIn(t.Context(), l.kube, namespace, inspect.ChildLists()...)
	if err != nil {
		t.Fatal(err)
	}
	imported, err := workload.Import(workload.Select(objects, "web"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.kube.Create(t.Context(), imported.Microservice); err != nil {
		t.Fatal(err)
	}
	l.awaitObserved(t, namespace)
}

// awaitObserved waits until the operator has seen the Microservice.
func (l *live) awaitObserved(t *testing.T, namespace string) {
	t.Helper()
	cluster.Await(t, func() error {
		ms := &v1alpha1.Microservice{}
		l.get(t, namespace, ms)
		if ms.Status.ObservedGeneration != ms.Generation {
			return fmt.Errorf("generation %d of %d is observed", ms.Status.ObservedGeneration, ms.Generation)
		}
		return nil
	})
}

// awaitAutoscalers waits until there is the one of the Microservice, or none.
func (l *live) awaitAutoscalers(t *testing.T, namespace string, want bool) {
	t.Helper()
	cluster.Await(t, func() error {
		list := &autoscalingv2.HorizontalPodAutoscalerList{}
		if err := l.kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
			return err
		}
		if !want && len(list.Items) > 0 || want && (len(list.Items) != 1 || list.Items[0].Name != "web" || len(list.Items[0].OwnerReferences) == 0) {
			return fmt.Errorf("%d autoscalers", len(list.Items))
		}
		return nil
	})
}

func (l *live) pods(t *testing.T, namespace string) sets.Set[types.UID] {
	t.Helper()
	list := &corev1.PodList{}
	if err := l.kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	uids := sets.New[types.UID]()
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp == nil {
			uids.Insert(list.Items[i].UID)
		}
	}
	return uids
}

func (l *live) endpointsReady(ctx context.Context, namespace string) error {
	list := &discoveryv1.EndpointSliceList{}
	if err := l.kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return err
	}
	n := 0
	for i := range list.Items {
		n += ready(&list.Items[i]).Len()
	}
	if n != pods {
		return fmt.Errorf("%d endpoints are ready", n)
	}
	return nil
}

func ready(s *discoveryv1.EndpointSlice) sets.Set[string] {
	addresses := sets.New[string]()
	for _, e := range s.Endpoints {
		if ptr.Deref(e.Conditions.Ready, true) {
			addresses.Insert(e.Addresses...)
		}
	}
	return addresses
}

// watchEndpoints counts the ready endpoints at each change, until the result is asked for: the smallest number.
func (l *live) watchEndpoints(t *testing.T, namespace string) (fewest func() int) {
	t.Helper()
	list := &discoveryv1.EndpointSliceList{}
	if err := l.kube.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	now := map[string]sets.Set[string]{}
	for i := range list.Items {
		now[list.Items[i].Name] = ready(&list.Items[i])
	}
	events, err := l.kube.Watch(t.Context(), &discoveryv1.EndpointSliceList{}, client.InNamespace(namespace), &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}})
	if err != nil {
		t.Fatal(err)
	}
	smallest := make(chan int)
	go func() {
		least := count(now)
		for e := range events.ResultChan() {
			if e.Type == watch.Error {
				t.Errorf("the watch ended: %v", e.Object)
				break
			}
			if e.Object.(client.Object).GetName() == lastSlice {
				break
			}
			least = min(least, follow(now, e))
		}
		smallest <- least
	}()
	return func() int {
		last := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: lastSlice}, AddressType: discoveryv1.AddressTypeIPv4}
		if err := l.kube.Create(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		return <-smallest
	}
}

// lastSlice is the name of a slice that a test creates when it has seen enough.
const lastSlice = "last"

// follow applies an event, and returns how many endpoints are ready then.
func follow(now map[string]sets.Set[string], e watch.Event) int {
	s := e.Object.(*discoveryv1.EndpointSlice)
	if s.Labels[discoveryv1.LabelServiceName] != "web" {
		return count(now)
	}
	now[s.Name] = ready(s)
	if e.Type == watch.Deleted {
		delete(now, s.Name)
	}
	return count(now)
}

func count(now map[string]sets.Set[string]) int {
	all := sets.New[string]()
	for _, addresses := range now {
		all = all.Union(addresses)
	}
	return all.Len()
}
