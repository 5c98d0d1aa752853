package ui_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// shop is the namespace that the operator looks after. No one changes the status of what is in others, but the tests.
const shop = "online-boutique"

var timed = flag.Bool("timed", false, "Fail if the page is slower than it is to be, on a machine that does nothing else.")

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// live is a cluster with the operator, and a browser.
type live struct {
	server     *cluster.Cluster
	kube       client.Client
	kubeconfig string
	browser    context.Context
}

func startLive(t *testing.T) *live {
	t.Helper()
	l := &live{server: cluster.StartFor(t), browser: startBrowser(t)}
	if err := l.server.StartControllers(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	if l.kube, err = cluster.NewClient(l.server.Config); err != nil {
		t.Fatal(err)
	}
	if l.kubeconfig, err = l.server.Kubeconfig(); err != nil {
		t.Fatal(err)
	}
	program, err := cluster.BuildManager(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cluster.StartProcessFor(t, []string{"KUBECONFIG=" + l.kubeconfig}, program,
		"--watch-namespaces="+shop, "--default-min-ready-seconds=0", "--health-probe-bind-address=0")
	return l
}

// serve runs `kubectl msvc ui` with the rights of an administrator.
func (l *live) serve(t *testing.T, args ...string) (address string) {
	t.Helper()
	return serve(t, append([]string{"--kubeconfig=" + l.kubeconfig}, args...)...)
}

func (l *live) create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := l.kube.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

func (l *live) newNamespace(t *testing.T, name string) {
	t.Helper()
	l.create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

// status writes the status of a Microservice, as the operator would.
func (l *live) status(t *testing.T, ms *v1alpha1.Microservice) {
	t.Helper()
	if err := l.kube.Status().Update(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
}

// boutique creates Online Boutique, after changes.
func (l *live) boutique(t *testing.T, change func(*v1alpha1.Microservice)) {
	t.Helper()
	l.newNamespace(t, shop)
	all, err := (&manifest.Reader{Namespace: shop}).Read(filepath.Join(cluster.Root(), "config", "samples", "online-boutique"))
	if err != nil {
		t.Fatal(err)
	}
	for _, ms := range all {
		ms.Namespace = shop
		change(ms)
		l.create(t, ms)
	}
}

// annotate has an annotation on the pods, which test/cluster/stages.yaml knows.
func annotate(ms *v1alpha1.Microservice, key, value string) {
	if ms.Spec.PodTemplate == nil {
		ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{}
	}
	ms.Spec.PodTemplate.Annotations = map[string]string{key: value}
}

// pods are those of a Microservice, as many as there should be, on their node.
func (l *live) pods(t *testing.T, name string, want int) []corev1.Pod {
	t.Helper()
	pods := &corev1.PodList{}
	cluster.Await(t, func() error {
		err := l.kube.List(t.Context(), pods, client.InNamespace(shop), client.MatchingLabels{"app.kubernetes.io/name": name})
		pods.Items = slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return p.Spec.NodeName == "" })
		if err == nil && len(pods.Items) != want {
			err = fmt.Errorf("%s has %d pods on a node, want %d", name, len(pods.Items), want)
		}
		return err
	})
	return pods.Items
}

// breakImage makes the image of a Microservice one that is not there.
func breakImage(ms *v1alpha1.Microservice) {
	ms.Spec.Image = notFound
	annotate(ms, "example.com/fault", "as the test says")
}

const notFound = "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo/cartservice:v0.10.8"

// failToPull does to the pod of a Microservice what a kubelet does when the image is not there, and tells it with the kubelet's words.
func (l *live) failToPull(t *testing.T, name string) {
	t.Helper()
	pod := l.pods(t, name, 1)[0]
	was, now := pod.DeepCopy(), metav1.Now()
	why := notFound + ": not found"
	pod.Status.Phase, pod.Status.StartTime = corev1.PodPending, &now
	pod.Status.Conditions = []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: now},
		{Type: corev1.PodReady, Status: corev1.ConditionFalse, Reason: "ContainersNotReady", LastTransitionTime: now},
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "app", Image: notFound,
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
			Reason: "ImagePullBackOff", Message: fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s", notFound, why),
		}},
	}}
	l.patchStatus(t, was, &pod)
	for i, e := range []corev1.Event{
		{Type: "Normal", Reason: "Pulling", Message: fmt.Sprintf("Pulling image %q", notFound), Count: 4},
		{Type: "Warning", Reason: "Failed", Message: fmt.Sprintf("Failed to pull image %q: %s", notFound, why), Count: 4},
		{Type: "Warning", Reason: "BackOff", Message: fmt.Sprintf("Back-off pulling image %q", notFound), Count: 9},
	} {
		e.ObjectMeta = metav1.ObjectMeta{Namespace: shop, Name: fmt.Sprintf("%s.%d", pod.Name, i)}
		e.InvolvedObject = corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: shop, Name: pod.Name, UID: pod.UID}
		e.FirstTimestamp, e.LastTimestamp, e.Source = now, now, corev1.EventSource{Component: "kubelet"}
		l.create(t, &e)
	}
}

// makeReady does to a pod what a kubelet does when its container is ready.
func (l *live) makeReady(t *testing.T, pod corev1.Pod) {
	t.Helper()
	was, now := pod.DeepCopy(), metav1.Now()
	pod.Status.Phase, pod.Status.StartTime = corev1.PodRunning, &now
	pod.Status.Conditions = []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: now},
		{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now},
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "app", Image: pod.Spec.Containers[0].Image, Ready: true,
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
	}}
	l.patchStatus(t, was, &pod)
}

// patchStatus changes the status of a pod, whatever others do to it.
func (l *live) patchStatus(t *testing.T, was, pod *corev1.Pod) {
	t.Helper()
	if err := l.kube.Status().Patch(t.Context(), pod, client.MergeFrom(was)); err != nil {
		t.Fatal(err)
	}
}

// What is wrong in the shop of TestLive.
const (
	broken  = "cartservice"
	parked  = "adservice"
	scaling = "recommendationservice"
	// secretive has the value of secret in a variable.
	secretive = "emailservice"
)

// TestLive is everything that needs a cluster.
func TestLive(t *testing.T) {
	l := startLive(t)
	l.boutique(t, func(ms *v1alpha1.Microservice) {
		switch ms.Name {
		case broken:
			breakImage(ms)
		case parked:
			ms.Spec.Replicas = new(int32(0))
		case scaling:
			ms.Spec.Replicas = new(int32(3))
			annotate(ms, "example.com/stuck", "true")
		case secretive:
			ms.Spec.Env = append(ms.Spec.Env, corev1.EnvVar{Name: "PASSWORD", Value: secret})
		}
	})
	l.failToPull(t, broken)
	l.makeReady(t, l.pods(t, scaling, 3)[0])
	t.Run("states", l.testStates)
	t.Run("keyboard", l.testKeyboard)
	t.Run("accessible", func(t *testing.T) { everyLook(t, l.browser, l.serve(t, "-n", shop), shop+"/"+broken) })
	t.Run("snapshot", l.testSnapshot)
	t.Run("rights", l.testRights)
	t.Run("secrets", l.testSecrets)
	t.Run("flip", l.testFlip)
	t.Run("API server gone", l.testLostCluster)
	t.Run("command gone", l.testLostCommand)
	t.Run("script gone", l.testLostScript)
	t.Run("large", l.testLarge)
}
