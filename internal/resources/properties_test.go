package resources_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func TestSameInputSameBytes(t *testing.T) {
	for name, in := range goldenInputs(t) {
		want := marshal(t, build(t, in))
		for range 100 {
			in.Microservice = in.Microservice.DeepCopy()
			if diff := cmp.Diff(want, marshal(t, build(t, in))); diff != "" {
				t.Fatalf("%s: the same input gave other bytes (-first +later):\n%s", name, diff)
			}
		}
	}
}

func TestForDoesNotChangeItsInput(t *testing.T) {
	cases := goldenInputs(t)
	cases["linked"] = linked(minimal(t))
	for name, in := range cases {
		ms, dependents := in.Microservice.DeepCopy(), marshal(t, in.Dependents)
		dependencies, settings := marshal(t, in.Dependencies), marshal(t, in.Settings)
		build(t, in)
		if diff := cmp.Diff(ms, in.Microservice); diff != "" {
			t.Errorf("%s: For changed the Microservice (-before +after):\n%s", name, diff)
		}
		if diff := cmp.Diff(dependencies, marshal(t, in.Dependencies)); diff != "" {
			t.Errorf("%s: For changed the dependencies (-before +after):\n%s", name, diff)
		}
		if diff := cmp.Diff(dependents, marshal(t, in.Dependents)); diff != "" {
			t.Errorf("%s: For changed the dependents (-before +after):\n%s", name, diff)
		}
		if diff := cmp.Diff(settings, marshal(t, in.Settings)); diff != "" {
			t.Errorf("%s: For changed the settings (-before +after):\n%s", name, diff)
		}
	}
}

func TestSelector(t *testing.T) {
	hostile := map[string]string{
		v1alpha1.LabelName:             "other",
		"app.kubernetes.io/name":       "other",
		"app.kubernetes.io/managed-by": "other",
	}
	for name, in := range goldenInputs(t) {
		ms := in.Microservice
		if ms.Spec.PodTemplate == nil {
			ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{}
		}
		ms.Spec.PodTemplate.Labels = maps.Clone(hostile)
		set := build(t, in)

		want := map[string]string{v1alpha1.LabelName: ms.Name}
		deployment := as[appsv1.Deployment](t, set.Deployment)
		selectors := map[string]*metav1.LabelSelector{"Deployment": deployment.Spec.Selector}
		if set.NetworkPolicy != nil {
			selectors["NetworkPolicy"] = &as[networkingv1.NetworkPolicy](t, set.NetworkPolicy).Spec.PodSelector
		}
		if set.DisruptionBudget != nil {
			selectors["PodDisruptionBudget"] = as[policyv1.PodDisruptionBudget](t, set.DisruptionBudget).Spec.Selector
		}
		if set.Service != nil {
			selectors["Service"] = &metav1.LabelSelector{MatchLabels: as[corev1.Service](t, set.Service).Spec.Selector}
		}
		for kind, got := range selectors {
			if diff := cmp.Diff(&metav1.LabelSelector{MatchLabels: want}, got); diff != "" {
				t.Errorf("%s: selector of the %s (-want +got):\n%s", name, kind, diff)
			}
		}
		if got := deployment.Spec.Template.Labels[v1alpha1.LabelName]; got != ms.Name {
			t.Errorf("%s: the pods have the label %s=%s, so the selector does not find them", name, v1alpha1.LabelName, got)
		}
	}
}

func TestEveryChildHasTheNameAndOneOwner(t *testing.T) {
	for name, in := range goldenInputs(t) {
		ms := in.Microservice
		for _, child := range build(t, in).All() {
			got := as[metav1.PartialObjectMetadata](t, child)
			if got.Name != ms.Name || got.Namespace != ms.Namespace {
				t.Errorf("%s: %s is %s/%s", name, got.Kind, got.Namespace, got.Name)
			}
			want := []metav1.OwnerReference{*metav1.NewControllerRef(ms, v1alpha1.SchemeGroupVersion.WithKind("Microservice"))}
			if diff := cmp.Diff(want, got.OwnerReferences); diff != "" {
				t.Errorf("%s: owners of the %s (-want +got):\n%s", name, got.Kind, diff)
			}
			for _, key := range []string{v1alpha1.LabelName, "app.kubernetes.io/name"} {
				if got.Labels[key] != ms.Name {
					t.Errorf("%s: %s has the label %s=%s", name, got.Kind, key, got.Labels[key])
				}
			}
		}
	}
}

// These cases patch what keeps pods restricted, on purpose.
var insecureCases = []string{"pod-template-runs-as-root"}

func TestPodsAreRestricted(t *testing.T) {
	forbidden := podSecurity(t)
	for name, in := range goldenInputs(t) {
		said := forbidden(as[appsv1.Deployment](t, build(t, in).Deployment).Spec.Template)
		if insecure := slices.Contains(insecureCases, name); (said != "") != insecure {
			t.Errorf("%s: Pod Security restricted forbids %q, want something: %v", name, said, insecure)
		}
	}
}

// podSecurity says what the Pod Security Standard restricted forbids of a pod, with Kubernetes' own checks.
func podSecurity(t testing.TB) func(corev1.PodTemplateSpec) string {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}
	return func(pod corev1.PodTemplateSpec) string {
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
		if result.Allowed {
			return ""
		}
		return result.ForbiddenDetail()
	}
}

// as decodes an apply configuration into the type that the API server would store.
func as[T any](t testing.TB, applyConfiguration any) *T {
	t.Helper()
	object := new(T)
	if err := json.Unmarshal([]byte(marshal(t, applyConfiguration)), object); err != nil {
		t.Fatal(err)
	}
	return object
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	content, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// app is the application container of the generated pods.
func app(t testing.TB, set *resources.Set) corev1.Container {
	t.Helper()
	containers := as[appsv1.Deployment](t, set.Deployment).Spec.Template.Spec.Containers
	i := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == v1alpha1.ContainerName })
	if i < 0 {
		t.Fatalf("no container %s in %v", v1alpha1.ContainerName, containers)
	}
	return containers[i]
}
