package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// deploymentWith has the ports in its template, beside those of a sidecar, and a note of previous ones.
func deploymentWith(previous string, ports ...corev1.ContainerPort) *appsv1.Deployment {
	d := &appsv1.Deployment{}
	d.Annotations = map[string]string{v1alpha1.AnnotationPreviousPorts: previous}
	d.Spec.Template.Spec.Containers = []corev1.Container{
		{Name: "proxy", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 15001}}},
		{Name: v1alpha1.ContainerName, Ports: ports},
	}
	return d
}

func TestRunningPorts(t *testing.T) {
	http, dns := corev1.ContainerPort{Name: "http", ContainerPort: 8080}, corev1.ContainerPort{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}
	cases := map[string]struct {
		deployment *appsv1.Deployment
		want       string
	}{
		"no Deployment":                       {},
		"no ports":                            {deployment: deploymentWith("")},
		"those of the application":            {deployment: deploymentWith("", http, dns), want: "dns=53/UDP http=8080/TCP"},
		"those of earlier pods, too":          {deployment: deploymentWith("http=8079/TCP http=8080/TCP", http), want: "http=8079/TCP http=8080/TCP"},
		"what nobody wrote so is not a port":  {deployment: deploymentWith("http http=x/TCP =/ http=1 http=99999999999/TCP"), want: ""},
		"of a worker whose earlier pods were": {deployment: deploymentWith("http=8080/TCP"), want: "http=8080/TCP"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := dependency.RunningPorts(tc.deployment)
			if got.String() != tc.want {
				t.Errorf("ports are %q, want %q", got, tc.want)
			}
			if diff := cmp.Diff(got, dependency.ParsePodPorts(got.String())); len(got) > 0 && diff != "" {
				t.Errorf("what is written is not what is read (-written +read):\n%s", diff)
			}
		})
	}
}

// Nearly always the ports of the pods are those of the spec, and nothing has to be remembered of them.
func TestOtherPorts(t *testing.T) {
	ms := &v1alpha1.Microservice{Spec: v1alpha1.MicroserviceSpec{Ports: []v1alpha1.Port{
		{Name: "http", Port: 80, TargetPort: 8080}, {Name: "api", Port: 81, TargetPort: 8080}, {Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP},
	}}}
	http, dns := corev1.ContainerPort{Name: "http", ContainerPort: 8080}, corev1.ContainerPort{Name: "dns", ContainerPort: 53, Protocol: corev1.ProtocolUDP}
	cases := map[string]struct {
		deployment *appsv1.Deployment
		want       string
	}{
		"no Deployment":      {},
		"those of the spec":  {deployment: deploymentWith("", http, dns)},
		"another number":     {deployment: deploymentWith("", corev1.ContainerPort{Name: "http", ContainerPort: 8081}, dns), want: "dns=53/UDP http=8081/TCP"},
		"another name":       {deployment: deploymentWith("", corev1.ContainerPort{Name: "web", ContainerPort: 8080}), want: "web=8080/TCP"},
		"another protocol":   {deployment: deploymentWith("", corev1.ContainerPort{Name: "dns", ContainerPort: 53}), want: "dns=53/TCP"},
		"earlier ones, too":  {deployment: deploymentWith("http=1/TCP", http), want: "http=1/TCP http=8080/TCP"},
		"a worker until now": {deployment: deploymentWith("")},
	}
	for name, tc := range cases {
		if got := dependency.OtherPorts(ms, tc.deployment); got.String() != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
