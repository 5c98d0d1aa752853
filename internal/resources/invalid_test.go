package resources_test

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func TestPatchThatDoesNotFit(t *testing.T) {
	cases := map[string]struct {
		patch string
		want  string
	}{
		"a field that no pod has": {
			patch: `{"nodeSelectors":{"arch":"arm64"}}`,
			want:  `does not fit a pod's spec: unknown field "nodeSelectors"`,
		},
		"a field in the wrong case": {
			patch: `{"securitycontext":{"runAsUser":1000}}`,
			want:  `does not fit a pod's spec: unknown field "securitycontext"`,
		},
		"a field that no container has": {
			patch: `{"containers":[{"name":"app","imag":"web:2"}]}`,
			want:  `does not fit a pod's spec: unknown field "containers[0].imag"`,
		},
		"a field that only a pod template has": {
			patch: `{"metadata":{"labels":{"team":"shop"}}}`,
			want:  `does not fit a pod's spec: unknown field "metadata"`,
		},
		"text where a number belongs": {
			patch: `{"securityContext":{"runAsUser":"root"}}`,
			want:  `does not fit a pod's spec: json: cannot unmarshal string into Go struct field PodSecurityContextApplyConfiguration.securityContext.runAsUser of type int64`,
		},
		"an object where a list belongs": {
			patch: `{"containers":{"name":"app"}}`,
			want:  `does not fit a pod's spec: json: cannot unmarshal object into Go struct field PodSpecApplyConfiguration.containers`,
		},
		"a quantity that is none": {
			patch: `{"containers":[{"name":"app","resources":{"limits":{"cpu":"lots"}}}]}`,
			want:  `does not fit a pod's spec: quantities must match the regular expression`,
		},
		"a key that is no text": {
			patch: `{"containers":[{"name":[]}]}`,
			want:  `is not a patch of a pod's spec: a value is of a kind that cannot be merged`,
		},
		"a directive whose result depends on chance": {
			patch: `{"containers":[{"name":"app","$deleteFromPrimitiveList/args":["a"],"args":["a","b"]}]}`,
			want:  `is not a patch of a pod's spec: $deleteFromPrimitiveList is not supported; give the whole list`,
		},
		"a container without its name": {
			patch: `{"containers":[{"image":"web:2"}]}`,
			want:  `is not a patch of a pod's spec: map: map[image:web:2] does not contain declared merge key: name`,
		},
		"text where a container belongs": {
			patch: `{"containers":["app"]}`,
			want:  `is not a patch of a pod's spec: list element types are not identical`,
		},
		"a directive that does not exist": {
			patch: `{"containers":[{"name":"app","$patch":"remove"}]}`,
			want:  `is not a patch of a pod's spec: unknown patch type: remove in map`,
		},
		"the container app deleted": {
			patch: `{"containers":[{"name":"app","$patch":"delete"}]}`,
			want:  `must keep the container app; it may change it`,
		},
		"all containers replaced": {
			patch: `{"containers":[{"$patch":"replace"},{"name":"web","image":"web:2"}]}`,
			want:  `must keep the container app; it may change it`,
		},
		"all containers removed": {
			patch: `{"containers":null}`,
			want:  `must keep the container app; it may change it`,
		},
		"a list": {
			patch: `[{"name":"app"}]`,
			want:  `is not a patch of a pod's spec: invalid JSON document`,
		},
		"text": {
			patch: `"containers"`,
			want:  `is not a patch of a pod's spec: invalid JSON document`,
		},
		"broken JSON": {
			patch: `{"containers":`,
			want:  `is not a patch of a pod's spec: invalid JSON document`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			wantInvalid(t, patchedWith(t, tc.patch), "spec.podTemplate.spec", tc.want)
		})
	}
}

func TestPatchThatSaysNothing(t *testing.T) {
	want := marshal(t, build(t, alone(minimal(t))))
	for _, patch := range []string{`null`, `{}`, `{"volumes":null}`, `{"containers":[{"name":"app"}]}`} {
		ms := patchedWith(t, patch)
		if got := marshal(t, build(t, alone(ms))); got != want {
			t.Errorf("the patch %s changes the children to %s", patch, got)
		}
	}
	ms := minimal(t)
	ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{}}
	if got := marshal(t, build(t, alone(ms))); got != want {
		t.Errorf("the patch without content changes the children to %s", got)
	}
}

// The API server stores no such value; if one came all the same, the error would name its field.
func TestPartsThatCannotBeConverted(t *testing.T) {
	impossible := intstr.IntOrString{Type: 9}
	port := []networkingv1.NetworkPolicyPort{{Port: &impossible}}
	probe := &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: impossible}}}
	cases := map[string]func(*v1alpha1.MicroserviceSpec){
		"spec.probes.startup":   func(s *v1alpha1.MicroserviceSpec) { s.Probes = &v1alpha1.Probes{Startup: probe} },
		"spec.probes.readiness": func(s *v1alpha1.MicroserviceSpec) { s.Probes = &v1alpha1.Probes{Readiness: probe} },
		"spec.probes.liveness":  func(s *v1alpha1.MicroserviceSpec) { s.Probes = &v1alpha1.Probes{Liveness: probe} },
		"spec.networkPolicy.ingress": func(s *v1alpha1.MicroserviceSpec) {
			s.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{Ingress: []networkingv1.NetworkPolicyIngressRule{{Ports: port}}}
		},
		"spec.networkPolicy.egress": func(s *v1alpha1.MicroserviceSpec) {
			s.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{Egress: []networkingv1.NetworkPolicyEgressRule{{Ports: port}}}
		},
	}
	for field, change := range cases {
		t.Run(field, func(t *testing.T) {
			ms := minimal(t)
			change(&ms.Spec)
			wantInvalid(t, ms, field, "json: error calling MarshalJSON for type")
		})
	}
}

func patchedWith(t *testing.T, patch string) *v1alpha1.Microservice {
	t.Helper()
	ms := minimal(t)
	ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(patch)}}
	return ms
}

// wantInvalid compares the field, and the start of the reason: its end may be the decoder's.
func wantInvalid(t *testing.T, ms *v1alpha1.Microservice, field, reason string) {
	t.Helper()
	set, err := resources.For(alone(ms))
	var invalid *resources.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatalf("For() = %v, %v, want an *InvalidSpecError", set, err)
	}
	if invalid.Field != field || !strings.HasPrefix(invalid.Reason, reason) {
		t.Errorf("For() = %v\nwant %s: %s", err, field, reason)
	}
}
