package argocd_test

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

var (
	created   = metav1.NewTime(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	yesterday = metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	now       = metav1.NewTime(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
)

// The action restart sets this annotation; in files it has this value, as in those of Argo CD.
const (
	restartedAt = "microservice.dev/restartedAt"
	someTime    = "0001-01-01T00:00:00Z"
)

// situation is a row of the contract: what the operator observes, and what Argo CD must make of the status.
type situation struct {
	ms   *v1alpha1.Microservice
	seen status.Observation
	want string
}

// situations are named after their files. Where nothing else is said it is a microservice().
func situations() map[string]situation {
	refused := &status.Problem{
		Reason:  v1alpha1.ReasonApplyFailed,
		Message: `deployments.apps "web" is forbidden: exceeded quota: objects, requested: count/deployments.apps=1, used: count/deployments.apps=10, limited: count/deployments.apps=10`,
	}
	_, err := resources.For(resources.Input{Microservice: microservice(misspelt), Settings: resources.DefaultSettings()})
	invalid := &status.Problem{Reason: v1alpha1.ReasonInvalidSpec, Stalled: true, Message: err.Error()}
	taken := &status.Problem{
		Reason: v1alpha1.ReasonNameConflict, Stalled: true,
		Message: "Service web exists and does not belong to this Microservice (nobody controls it); remove it (kubectl delete service web -n shop) or rename the Microservice",
	}
	all := map[string]situation{
		"not_yet_seen": {
			want: "Progressing",
		},
		"waiting_for_dependency": {
			ms: microservice(callsPayments),
			seen: status.Observation{
				Dependencies: []v1alpha1.DependencyStatus{payments(v1alpha1.DependencyNotFound)},
				Awaited:      []v1alpha1.DependencyStatus{payments(v1alpha1.DependencyNotFound)},
			},
			want: "Progressing",
		},
		"rolling_out": {
			seen: written(deployment(rolling(1, 3))),
			want: "Progressing",
		},
		"image_pull_failed": {
			seen: looked(deployment(rolling(1, 3)), waitingPod("ImagePullBackOff", `Back-off pulling image "ghcr.io/acme/web:1.4.2": ErrImagePull: failed to resolve reference "ghcr.io/acme/web:1.4.2": not found`)),
			want: "Progressing",
		},
		"crash_looping": {
			seen: looked(deployment(rolling(1, 3)), crashingPod()),
			want: "Progressing",
		},
		"unschedulable": {
			seen: looked(deployment(rolling(1, 3)), homelessPod()),
			want: "Progressing",
		},
		"progress_deadline_exceeded": {
			seen: looked(deployment(rolling(1, 3), progressing("ProgressDeadlineExceeded")), crashingPod()),
			want: "Degraded",
		},
		"unavailable": {
			ms:   before(microservice(), written(deployment())),
			seen: looked(deployment(counts(3, 3, 3, 1)), crashingPod()),
			want: "Progressing",
		},
		"apply_failed": {
			seen: status.Observation{Problem: refused},
			want: "Progressing",
		},
		"invalid_spec": {
			ms:   microservice(misspelt),
			seen: status.Observation{Deployment: deployment(), Problem: invalid},
			want: "Degraded",
		},
		"name_conflict": {
			seen: status.Observation{Deployment: deployment(), Applied: true, Problem: taken},
			want: "Degraded",
		},
		"available": {
			seen: written(deployment()),
			want: "Healthy",
		},
		"one_pod_short": {
			ms:   before(microservice(), written(deployment())),
			seen: written(deployment(counts(3, 3, 3, 2))),
			want: "Healthy",
		},
		"dependency_down": {
			ms:   microservice(callsPayments),
			seen: withDependencies(written(deployment()), payments(v1alpha1.DependencyNotReady)),
			want: "Healthy",
		},
		"autoscaler_scales_up": {
			ms:   microservice(autoscaled),
			seen: withAutoscaler(written(deployment(counts(7, 5, 5, 3))), corev1.ConditionTrue, "ValidMetricFound", "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)"),
			want: "Healthy",
		},
		"autoscaler_without_metrics": {
			ms:   microservice(autoscaled),
			seen: withAutoscaler(written(deployment()), corev1.ConditionFalse, "FailedGetResourceMetric", "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API"),
			want: "Healthy",
		},
		"scaled_to_zero": {
			ms:   microservice(scaledExternally),
			seen: written(deployment(counts(0, 0, 0, 0))),
			want: "Healthy",
		},
		"starting_from_zero": {
			ms:   before(microservice(scaledExternally), written(deployment(counts(0, 0, 0, 0)))),
			seen: written(deployment(counts(1, 1, 1, 0))),
			want: "Progressing",
		},
		"neither_routed_nor_scraped": {
			ms:   microservice(routed),
			seen: unrouted(written(deployment())),
			want: "Healthy",
		},
		"edited": {
			ms:   before(microservice(), written(deployment())),
			want: "Progressing",
		},
		"being_deleted": {
			ms:   microservice(deleted),
			seen: written(deployment()),
			want: "Progressing",
		},
		"parked": {
			ms:   microservice(parked),
			seen: written(deployment(counts(0, 0, 0, 0))),
			want: "Healthy",
		},
		"paused": {
			ms:   microservice(paused),
			seen: written(deployment()),
			want: "Suspended",
		},
		"paused_while_rolling_out": {
			ms:   microservice(paused),
			seen: written(deployment(rolling(1, 3))),
			want: "Suspended",
		},
		"paused_changes_wait": {
			ms:   microservice(paused),
			seen: status.Observation{Deployment: deployment(), Pending: []string{"update Deployment", "create NetworkPolicy"}},
			want: "Suspended",
		},
		"created_paused": {
			ms:   microservice(paused),
			seen: status.Observation{Pending: []string{"create ServiceAccount", "create NetworkPolicy", "create Service", "create Deployment"}},
			want: "Suspended",
		},
		"paused_and_stalled": {
			ms:   microservice(paused, misspelt),
			seen: status.Observation{Deployment: deployment(), Problem: invalid},
			want: "Degraded",
		},
	}
	for name, s := range all {
		if s.ms == nil {
			s.ms = microservice()
			all[name] = s
		}
	}
	return all
}

// microservice is shop/web with 3 replicas, in its fourth generation, but for the changes.
func microservice(changes ...func(*v1alpha1.Microservice)) *v1alpha1.Microservice {
	ms := &v1alpha1.Microservice{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "Microservice"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", Generation: 4, CreationTimestamp: created,
			ResourceVersion: "48213", UID: "5b6e0c61-6c0b-4b0a-9a35-0f6f3d0f0a51",
		},
		Spec: v1alpha1.MicroserviceSpec{
			Image:    "ghcr.io/acme/web:1.4.2",
			Replicas: new(int32(3)),
			Ports:    []v1alpha1.Port{{Name: "http", Port: 80, TargetPort: 8080}},
		},
		Status: v1alpha1.MicroserviceStatus{ObservedGeneration: -1},
	}
	for _, change := range changes {
		change(ms)
	}
	return ms
}

func parked(ms *v1alpha1.Microservice) { ms.Spec.Replicas = new(int32(0)) }

// annotated has a patch of its pods, with an empty map in it, which Lua takes for an empty list.
func annotated(ms *v1alpha1.Microservice) {
	ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{
		Annotations: map[string]string{"example.com/owner": "team-web"},
		Spec:        &runtime.RawExtension{Raw: []byte(`{"securityContext":{"runAsUser":1000},"volumes":[{"name":"tmp","emptyDir":{}}]}`)},
	}
}

// restarted is after the action restart, at a time that only a test can know.
func restarted(ms *v1alpha1.Microservice) {
	if ms.Spec.PodTemplate == nil {
		ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Annotations: map[string]string{}}
	}
	ms.Spec.PodTemplate.Annotations[restartedAt] = someTime
}

// deleted in the foreground waits for its children.
func deleted(ms *v1alpha1.Microservice) {
	ms.DeletionTimestamp, ms.DeletionGracePeriodSeconds = &yesterday, new(int64(0))
	ms.Finalizers = []string{metav1.FinalizerDeleteDependents}
}

func paused(ms *v1alpha1.Microservice) { ms.Spec.Paused = true }

func autoscaled(ms *v1alpha1.Microservice) {
	ms.Spec.Replicas = nil
	ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: new(int32(3)), MaxReplicas: 10, TargetCPUUtilizationPercentage: new(int32(70))}
}

func scaledExternally(ms *v1alpha1.Microservice) {
	ms.Spec.Replicas = nil
	ms.Spec.Autoscaling = &v1alpha1.Autoscaling{External: &v1alpha1.ExternalAutoscaler{}}
}

func routed(ms *v1alpha1.Microservice) {
	ms.Spec.Route = &v1alpha1.Route{Hostnames: []string{"shop.example.com"}}
	ms.Spec.Observability = &v1alpha1.Observability{Metrics: &v1alpha1.Metrics{Port: "http"}}
}

// unrouted is what the operator observes where the kinds are missing that routed() asks for.
func unrouted(o status.Observation) status.Observation {
	o.Route = &status.Route{Obstacle: &status.Obstacle{
		Reason: v1alpha1.ReasonCRDNotInstalled, Message: "The cluster has no kind HTTPRoute in version v1: install Gateway API (https://gateway-api.sigs.k8s.io/guides/)",
	}}
	o.Monitor = &status.Monitor{Obstacle: &status.Obstacle{
		Reason: v1alpha1.ReasonForbidden, Message: `The operator may not use the kind PodMonitor: install its role pod-monitors (podmonitors.monitoring.coreos.com is forbidden)`,
	}}
	return o
}

func callsPayments(ms *v1alpha1.Microservice) {
	ms.Spec.Dependencies = []v1alpha1.Dependency{{Name: "payments", StartPolicy: v1alpha1.StartAfterAvailable}}
}

// misspelt cannot be used: the field is called volumes.
func misspelt(ms *v1alpha1.Microservice) {
	ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(`{"volume":[]}`)}}
}
