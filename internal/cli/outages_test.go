package cli

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// Three outages of Online Boutique, and what why says of a service that is far from the cause. The namespace is that of the words that
// the simulated kubelet uses.
func (l *live) testOutages(t *testing.T) {
	const namespace = "shop"
	all := l.boutique(t, namespace)

	broken := all["currencyservice"].DeepCopy()
	broken.Spec.Image = "example.com/none:1"
	fault(broken, "image")
	l.recreate(t, broken)
	first := l.why(t, "frontend", namespace, v1alpha1.ReasonImagePullFailed)
	l.recreate(t, all["currencyservice"])

	broken = all["paymentservice"].DeepCopy()
	broken.Spec.Env = append(broken.Spec.Env, corev1.EnvVar{Name: "DB_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "db"}, Key: "password",
	}}})
	fault(broken, "config")
	l.recreate(t, broken)
	second := l.why(t, "frontend", namespace, v1alpha1.ReasonContainerConfigError)
	l.recreate(t, all["paymentservice"])

	redis := l.microservice(t, namespace, "redis-cart")
	l.change(t, redis, func() { redis.Spec.Replicas = ptr.To[int32](0) })
	l.awaitPods(t, namespace, "redis-cart", 0)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "team"}, Spec: corev1.ResourceQuotaSpec{
		Hard: corev1.ResourceList{corev1.ResourceRequestsMemory: resource.MustParse("1Mi")},
	}}
	if err := l.kube.Create(t.Context(), quota); err != nil {
		t.Fatal(err)
	}
	cluster.Await(t, func() error {
		err := l.kube.Get(t.Context(), client.ObjectKeyFromObject(quota), quota)
		if len(quota.Status.Used) == 0 {
			return errors.Join(err, errors.New("the quota has not been counted"))
		}
		return err
	})
	l.change(t, redis, func() { redis.Spec.Replicas = nil })
	third := l.why(t, "loadgenerator", namespace, v1alpha1.ReasonQuotaExceeded)

	compare(t, "troubleshoot.md", first, second, third)
}

// boutique applies Online Boutique, and returns its Microservices by name.
func (l *live) boutique(t *testing.T, namespace string) map[string]*v1alpha1.Microservice {
	t.Helper()
	l.newNamespace(t, namespace)
	found, err := (&manifest.Reader{Namespace: namespace}).Read(filepath.Join(cluster.Root(), "config", "samples", "online-boutique"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*v1alpha1.Microservice{}
	for _, ms := range found {
		ms.Namespace = namespace
		all[ms.Name] = ms.DeepCopy()
		if err := l.kube.Create(t.Context(), ms); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// fault makes the simulated node break the pods.
func fault(ms *v1alpha1.Microservice, kind string) {
	if ms.Spec.PodTemplate == nil {
		ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{}
	}
	ms.Spec.PodTemplate.Annotations = map[string]string{"example.com/fault": kind}
}

// recreate replaces a Microservice by one that never ran before.
func (l *live) recreate(t *testing.T, ms *v1alpha1.Microservice) {
	t.Helper()
	old := ms.DeepCopy()
	if err := l.kube.Delete(t.Context(), old, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Fatal(err)
	}
	cluster.Await(t, func() error {
		err := l.kube.Get(t.Context(), client.ObjectKeyFromObject(old), old)
		if err == nil {
			return errors.New("it is still there")
		}
		return client.IgnoreNotFound(err)
	})
	if err := l.kube.Create(t.Context(), ms.DeepCopy()); err != nil {
		t.Fatal(err)
	}
}

func (l *live) microservice(t *testing.T, namespace, name string) *v1alpha1.Microservice {
	t.Helper()
	ms := &v1alpha1.Microservice{}
	if err := l.kube.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, ms); err != nil {
		t.Fatal(err)
	}
	return ms
}

func (l *live) change(t *testing.T, object client.Object, change func()) {
	t.Helper()
	if err := modify(t.Context(), l.kube, object, change); err != nil {
		t.Fatal(err)
	}
}

func (l *live) awaitPods(t *testing.T, namespace, name string, want int) {
	t.Helper()
	cluster.Await(t, func() error {
		list := &corev1.PodList{}
		err := l.kube.List(t.Context(), list, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelName: name})
		if len(list.Items) != want {
			return errors.Join(err, fmt.Errorf("%d pods", len(list.Items)))
		}
		return err
	})
}

// why asks until the only cause has a reason, and returns the command with its answer.
func (l *live) why(t *testing.T, name, namespace, reason string) string {
	t.Helper()
	var out bytes.Buffer
	cluster.Await(t, func() error {
		out.Reset()
		code, said := l.run(t.Context(), &out, "why", name, "-n", namespace)
		if code != ExitNo || strings.Count(out.String(), "\n  do:") != 1 || !strings.Contains(out.String(), ": "+reason+", for ") {
			return fmt.Errorf("it ends with %d: %s%s", code, &out, said)
		}
		return nil
	})
	return fmt.Sprintf("$ kubectl msvc why %s -n %s\n%s", name, namespace, &out)
}
