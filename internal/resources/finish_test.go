package resources

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

func TestPullPolicy(t *testing.T) {
	for image, want := range map[string]corev1.PullPolicy{
		"web":                          corev1.PullAlways,
		"web:latest":                   corev1.PullAlways,
		"web:1":                        corev1.PullIfNotPresent,
		"example.com:5000/web":         corev1.PullAlways,
		"example.com:5000/a/web:2":     corev1.PullIfNotPresent,
		"example.com/web@sha256:0a":    corev1.PullIfNotPresent,
		"web:latest@sha256:0a":         corev1.PullIfNotPresent,
		"example.com:5000/web:latest":  corev1.PullAlways,
		"example.com/latest/web:stale": corev1.PullIfNotPresent,
	} {
		if got := pullPolicy(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

// template is that of a Microservice with two ports that share a number, a variable and a patch.
func template(t *testing.T, patch string, change func(*v1alpha1.MicroserviceSpec)) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	t.Helper()
	ms := &v1alpha1.Microservice{}
	ms.Name, ms.Namespace = "web", "shop"
	ms.Spec = v1alpha1.MicroserviceSpec{
		Image: "example.com/web:1",
		Ports: []v1alpha1.Port{{Name: "http", Port: 80, TargetPort: 8080}, {Name: "http-alt", Port: 8080}},
		Env:   []corev1.EnvVar{{Name: "B", Value: "b"}},
	}
	if patch != "" {
		ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(patch)}}
	}
	if change != nil {
		change(&ms.Spec)
	}
	env := []corev1ac.EnvVarApplyConfiguration{*corev1ac.EnvVar().WithName("DB_HOST").WithValue("db"), *corev1ac.EnvVar().WithName("DB_PORT").WithValue("5432")}
	return podTemplate(ms, env, NewPatchCache())
}

func mustBuild(t *testing.T, patch string, change func(*v1alpha1.MicroserviceSpec)) *corev1ac.PodTemplateSpecApplyConfiguration {
	t.Helper()
	built, err := template(t, patch, change)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// What a patch adds comes after what was generated, in the patch's order.
func TestPatchAddsAtTheEnd(t *testing.T) {
	built := mustBuild(t, `{"containers":[{"name":"zz-proxy","image":"p"},{"name":"app","env":[{"name":"DSN","value":"$(DB_HOST)"},{"name":"A","value":"$(B)"},{"name":"DB_PORT","value":"1"}]},{"name":"agent","image":"a:1"}]}`, nil)
	var containers, env []string
	for _, c := range built.Spec.Containers {
		containers = append(containers, *c.Name+" "+string(*c.ImagePullPolicy))
	}
	for _, v := range built.Spec.Containers[0].Env {
		env = append(env, *v.Name+"="+*v.Value)
	}
	if diff := cmp.Diff([]string{"app IfNotPresent", "zz-proxy Always", "agent IfNotPresent"}, containers); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"DB_HOST=db", "DB_PORT=1", "B=b", "DSN=$(DB_HOST)", "A=$(B)"}, env); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if built.Annotations[AnnotationDefaultContainer] != "app" {
		t.Errorf("annotations are %v", built.Annotations)
	}
}

// The policy is that of the image that runs, which a patch may have changed.
func TestPullPolicyIsOfTheImageThatRuns(t *testing.T) {
	built := mustBuild(t, `{"containers":[{"name":"app","image":"example.com/web:latest"}],"initContainers":[{"name":"init","image":"busybox"}]}`, nil)
	if got := *built.Spec.Containers[0].ImagePullPolicy; got != corev1.PullAlways {
		t.Errorf("app: %s", got)
	}
	if got := *built.Spec.InitContainers[0].ImagePullPolicy; got != corev1.PullAlways {
		t.Errorf("init: %s", got)
	}
}

func TestNamesOfPortsBecomeNumbers(t *testing.T) {
	probe := func(port string) func(*v1alpha1.MicroserviceSpec) {
		return func(s *v1alpha1.MicroserviceSpec) {
			s.Probes = &v1alpha1.Probes{Readiness: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.Parse(port)}}}}
		}
	}
	metrics := `{"containers":[{"name":"app","ports":[{"name":"metrics","containerPort":9090}]}]}`
	for name, tc := range map[string]struct {
		port, patch string
		want        int32
	}{
		"a name":                             {port: "http", want: 8080},
		"a name that its number has not":     {port: "http-alt", want: 8080},
		"a number":                           {port: "9090", want: 9090},
		"a name of a port that a patch adds": {port: "metrics", patch: metrics, want: 9090},
	} {
		built := mustBuild(t, tc.patch, probe(tc.port))
		if got := built.Spec.Containers[0].ReadinessProbe.HTTPGet.Port; *got != intstr.FromInt32(tc.want) {
			t.Errorf("%s: %v, want %d", name, got, tc.want)
		}
	}
	hook := mustBuild(t, `{"containers":[{"name":"app","lifecycle":{"preStop":{"sleep":null,"httpGet":{"port":"http-alt"}}}}]}`, nil)
	if got := hook.Spec.Containers[0].Lifecycle.PreStop.HTTPGet.Port; *got != intstr.FromInt32(8080) {
		t.Errorf("a hook: %v", got)
	}
	for _, patch := range []string{"", metrics} {
		_, err := template(t, patch, probe("nope"))
		if err == nil || !strings.Contains(err.Error(), `the readiness probe names the port "nope", which is not there; want a number, or a name of spec.ports`) {
			t.Errorf("with the patch %q: %v", patch, err)
		}
	}
}

// A generated probe or hook is dropped by every kind of patch that says so.
func TestGeneratedPartsCanBeDropped(t *testing.T) {
	for _, drop := range []string{"null", `{"$patch":"delete"}`} {
		built := mustBuild(t, `{"containers":[{"name":"app","readinessProbe":`+drop+`,"lifecycle":{"preStop":`+drop+`}}]}`, nil)
		if app := built.Spec.Containers[0]; app.ReadinessProbe != nil || app.Lifecycle != nil {
			t.Errorf("%s: probe %v, lifecycle %v", drop, app.ReadinessProbe, app.Lifecycle)
		}
	}
}

// What is remembered of a patch is not given to another Microservice whose names lead elsewhere.
func TestPatchesKnowTheNamesOfPorts(t *testing.T) {
	cache := NewPatchCache()
	patch := &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(`{"containers":[{"name":"app","livenessProbe":{"tcpSocket":{"port":"b"}}}]}`)}}
	for _, target := range []string{"b", "c"} {
		ms := &v1alpha1.Microservice{}
		ms.Name, ms.Namespace = "web", "shop"
		ms.Spec = v1alpha1.MicroserviceSpec{Image: "example.com/web:1", PodTemplate: patch,
			Ports: []v1alpha1.Port{{Name: "a", Port: 80, TargetPort: 8080}, {Name: target, Port: 81, TargetPort: 8080}}}
		_, err := podTemplate(ms, nil, cache)
		if (err == nil) != (target == "b") {
			t.Errorf("with a port named %s: %v", target, err)
		}
	}
}
