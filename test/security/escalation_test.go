package security_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/specs"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// TestWhatCannotBeAskedFor: what leads out of a pod, or takes traffic that is somebody else's, has no field
// (CVE-2020-8554 for the Services).
func TestWhatCannotBeAskedFor(t *testing.T) {
	editor := client.WithFieldValidation(as(t, "editor-a"), metav1.FieldValidationStrict)
	for field, value := range map[string]any{
		"hostNetwork": true, "hostPID": true, "hostIPC": true, "privileged": true, "securityContext": map[string]any{"privileged": true},
		"volumes": []any{map[string]any{"name": "host", "hostPath": map[string]any{"path": "/"}}}, "nodeName": "node",
		"automountServiceAccountToken": true, "runtimeClassName": "unsafe", "priorityClassName": "system-node-critical",
		"service.externalIPs": []any{"10.0.0.1"}, "service.externalName": "example.com", "service.clusterIP": "10.0.0.1",
		"service.type": "ExternalName", "service.selector": map[string]any{"app": "victim"},
		"autoscaling.scaleTargetRef": map[string]any{"kind": "Deployment", "name": "victim"},
		"namespace":                  "kube-system",
		// A route leads to its own Service, a PodMonitor to its own pods, and neither has anybody's credentials.
		"route.backendRefs": []any{map[string]any{"name": "victim", "namespace": tenantB}}, "route.filters": []any{}, "route.serviceName": "victim",
		"observability.metrics.selector": map[string]any{}, "observability.metrics.namespaceSelector": map[string]any{"any": true},
		"observability.metrics.honorLabels": true, "observability.metrics.params": map[string]any{"target": []any{"10.0.0.1"}},
		"observability.metrics.bearerTokenSecret": map[string]any{"name": "victim", "key": "token"}, "observability.metrics.proxyUrl": "http://10.0.0.1",
	} {
		ms := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"image": "example.com/web:1"}}}
		ms.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
		ms.SetNamespace(tenantA)
		ms.SetName("asks")
		path := strings.Split("spec."+field, ".")
		if path[1] == "autoscaling" {
			ms.Object["spec"].(map[string]any)["autoscaling"] = map[string]any{"maxReplicas": int64(3)}
		}
		if path[1] == "route" {
			ms.Object["spec"].(map[string]any)["route"] = map[string]any{"hostnames": []any{"shop.example.com"}}
		}
		if err := unstructured.SetNestedField(ms.Object, value, path...); err != nil {
			t.Fatal(err)
		}
		err := editor.Create(t.Context(), ms, client.DryRunAll)
		if !apierrors.IsBadRequest(err) && !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), path[len(path)-1]) {
			t.Errorf("spec.%s: %v is answered %v", field, value, err)
		}
	}
}

// TestPodSecurity: whatever podTemplate asks for is a pod like any other, and Pod Security decides about it.
func TestPodSecurity(t *testing.T) {
	startOperator(t)
	namespace := newTenant(t)
	restrict(t, namespace)
	user := tenant(t, namespace, "tenant")
	for spec, want := range map[string]bool{
		`{}`:                                  true,
		`{"hostNetwork":true}`:                false,
		`{"hostPID":true}`:                    false,
		`{"securityContext":{"runAsUser":0}}`: false,
		`{"volumes":[{"name":"host","hostPath":{"path":"/"}}]}`:                                                                    false,
		`{"containers":[{"name":"app","securityContext":{"privileged":true,"allowPrivilegeEscalation":true}}]}`:                    false,
		`{"containers":[{"name":"app","securityContext":{"allowPrivilegeEscalation":true,"capabilities":{"add":["SYS_ADMIN"]}}}]}`: false,
		`{"containers":[{"name":"app","securityContext":{"seccompProfile":{"type":"Unconfined"}}}]}`:                               false,
		`{"initContainers":[{"name":"init","image":"x","securityContext":{"runAsNonRoot":false}}]}`:                                false,
		`{"containers":[{"name":"sidecar","image":"x","ports":[{"containerPort":1,"hostPort":1}]}]}`:                               false,
		`{"hostUsers":false,"containers":[{"name":"app","securityContext":{"procMount":"Unmasked"}}]}`:                             false,
	} {
		t.Run(spec, func(t *testing.T) {
			ms := MakeMicroservice(namespace, "")
			ms.GenerateName = "web-"
			ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(spec)}}
			if err := user.Create(t.Context(), ms); err != nil {
				t.Fatal(err)
			}
			err := runs(t, deploymentOf(t, ms))
			if allowed := err == nil; allowed != want || (!want && !strings.Contains(err.Error(), "violates PodSecurity")) {
				t.Errorf("its pods are admitted: %v, want %v: %v", allowed, want, err)
			}
		})
	}
}

// TestOperatorsPod: the manager itself is restricted, and more.
func TestOperatorsPod(t *testing.T) {
	d := &appsv1.Deployment{}
	if err := admin.Get(t.Context(), types.NamespacedName{Namespace: systemN, Name: "microservice-operator-controller-manager"}, d); err != nil {
		t.Fatal(err)
	}
	if err := runs(t, d); err != nil {
		t.Errorf("its own namespace does not admit it: %v", err)
	}
	for i := range d.Spec.Template.Spec.Containers {
		c := &d.Spec.Template.Spec.Containers[i]
		if s := c.SecurityContext; s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || len(s.Capabilities.Add) > 0 {
			t.Errorf("container %s: %+v", c.Name, s)
		}
		if strings.Contains(strings.Join(c.Args, " "), "pprof") {
			t.Errorf("container %s serves profiles: %v", c.Name, c.Args)
		}
	}
}

// TestForgedOwner: an object that says that a Microservice owns it is not written, nor deleted, unless it has a child's
// kind and name, for which its author needed the right to create it.
func TestForgedOwner(t *testing.T) {
	startOperator(t)
	namespace := newTenant(t)
	ms := MakeMicroservice(namespace, "web")
	if err := admin.Create(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	owner := *metav1.NewControllerRef(ms, v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
	forged := *deploymentOf(t, ms)
	forged.ObjectMeta = metav1.ObjectMeta{
		Namespace: namespace, Name: "forged", OwnerReferences: []metav1.OwnerReference{owner},
		Labels: map[string]string{v1alpha1.LabelName: "web"},
	}
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web", OwnerReferences: forged.OwnerReferences}}
	for _, o := range []client.Object{&forged, config} {
		if err := admin.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	image := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"image":"example.com/web:2"}}`))
	if err := admin.Patch(t.Context(), ms, image); err != nil {
		t.Fatal(err)
	}
	await(t, "the Microservice itself is looked after", func() error { return observed(t, ms) })
	time.Sleep(time.Second)
	for _, o := range []client.Object{&forged, config} {
		now := o.DeepCopyObject().(client.Object)
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(o), now); err != nil || now.GetResourceVersion() != o.GetResourceVersion() {
			t.Errorf("%T %s is not as it was: %v", o, o.GetName(), err)
		}
	}
}

// TestRandomSpecs: what the API server refuses is named by its field, and so is what it takes and the operator cannot use;
// pods are restricted unless a podTemplate or a probe says otherwise; and neither control characters nor the values of variables come
// into logs or statuses.
func TestRandomSpecs(t *testing.T) {
	process := startOperator(t)
	namespace := newTenant(t)
	restrict(t, namespace)
	user := client.WithFieldValidation(tenant(t, namespace, "tenant"), metav1.FieldValidationStrict)
	const tries = 600
	taken := sets.New[string]()
	for seed := range tries {
		g, err := specs.New(int64(seed))
		if err != nil {
			t.Fatal(err)
		}
		spec := g.Spec()
		if seed%3 == 0 {
			spec, _ = g.Change(spec) // perhaps to what does not belong there
		}
		if spec["env"] == nil {
			spec["env"] = []any{map[string]any{"name": "TOKEN", "value": private}}
		}
		ms := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
		ms.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
		ms.SetNamespace(namespace)
		ms.SetGenerateName("web-")
		switch err := user.Create(t.Context(), ms); {
		case err == nil:
			taken.Insert(ms.GetName())
		case !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err), !strings.Contains(err.Error(), "spec"):
			t.Errorf("seed %d: the refusal names no field: %v", seed, err)
		}
	}
	working := 0
	for name := range taken {
		ms := MakeMicroservice(namespace, name)
		await(t, name+" is looked after", func() error { return observed(t, ms) })
		if judge(t, ms) {
			working++
		}
	}
	t.Logf("of %d specs %d are taken, and pods are made of %d", tries, len(taken), working)
	if working < tries/10 {
		t.Error("too few specs come to pods for this to say anything")
	}
	said, err := os.ReadFile(process.Log)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(said), private) {
		t.Error("the log has the value of a variable")
	}
	if i := strings.IndexFunc(string(said), control); i >= 0 || strings.Contains(string(said), "panic") {
		t.Errorf("the log has control characters, or a panic: %q", said[max(i-200, 0):])
	}
}

// judge reports whether pods are made of a Microservice, and checks its status.
func judge(t *testing.T, ms *v1alpha1.Microservice) (works bool) {
	t.Helper()
	for _, c := range ms.Status.Conditions {
		if strings.ContainsFunc(c.Message, control) {
			t.Errorf("the message of %s has control characters: %q", c.Type, c.Message)
		}
		if strings.Contains(c.Message, private) {
			t.Errorf("the message of %s has the value of a variable: %q", c.Type, c.Message)
		}
	}
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	switch ready.Reason {
	case v1alpha1.ReasonApplyFailed, v1alpha1.ReasonInvalidSpec: // types of Kubernetes have rules that a schema cannot have
		if !strings.Contains(ready.Message, "spec.") {
			t.Errorf("what comes of a spec that was taken is refused, and the status names no field: %s", ready.Message)
		}
		return false
	case v1alpha1.ReasonWaitingForDependency, v1alpha1.ReasonPaused:
		return false
	}
	if err := runs(t, deploymentOf(t, ms)); err != nil && ms.Spec.PodTemplate == nil && !probesAnotherHost(ms) {
		t.Errorf("its pods are not restricted: %v", err)
	}
	return true
}

// probesAnotherHost reports whether a probe names a host, which Pod Security does not take for restricted: a kubelet would send
// requests where the author points it.
func probesAnotherHost(ms *v1alpha1.Microservice) bool {
	p := ms.Spec.Probes
	if p == nil {
		return false
	}
	return slices.ContainsFunc([]*corev1.Probe{p.Startup, p.Readiness, p.Liveness}, func(probe *corev1.Probe) bool {
		return probe != nil && (probe.HTTPGet != nil && probe.HTTPGet.Host != "" || probe.TCPSocket != nil && probe.TCPSocket.Host != "")
	})
}

// private is the value of a variable.
const private = "not-for-others"

func control(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }

// restrict has Pod Security refuse what is not restricted.
func restrict(t *testing.T, namespace string) {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`))
	if err := admin.Patch(t.Context(), ns, patch); err != nil {
		t.Fatal(err)
	}
}

// observed reads a Microservice, and says what it still waits for.
func observed(t *testing.T, ms *v1alpha1.Microservice) error {
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(ms), ms); err != nil {
		return err
	}
	if ms.Status.ObservedGeneration != ms.Generation {
		return fmt.Errorf("generation %d is not observed", ms.Generation)
	}
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	if ready != nil && strings.Contains(ready.Message, "no address has changed") {
		return errors.New(ready.Message)
	}
	return nil
}

// deploymentOf waits for what is made of a Microservice.
func deploymentOf(t *testing.T, ms *v1alpha1.Microservice) *appsv1.Deployment {
	t.Helper()
	d := &appsv1.Deployment{}
	await(t, "the Deployment of "+ms.Name, func() error { return admin.Get(t.Context(), client.ObjectKeyFromObject(ms), d) })
	return d
}

// runs says why a Deployment's pods would not be admitted.
func runs(t *testing.T, d *appsv1.Deployment) error {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: d.Spec.Template.ObjectMeta, Spec: d.Spec.Template.Spec}
	pod.Namespace, pod.GenerateName = d.Namespace, d.Name+"-"
	return admin.Create(t.Context(), pod, client.DryRunAll)
}
