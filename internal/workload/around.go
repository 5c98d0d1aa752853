package workload

import (
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// Defaults of Kubernetes: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
const (
	defaultProgressDeadlineSeconds = 600
	defaultRevisionHistoryLimit    = 10
)

// setSize takes the autoscaler, or the number of replicas. An autoscaler that another object controls, as those of KEDA, stays.
func (i *importer) setSize() {
	for n := range i.Autoscalers {
		h := &i.Autoscalers[n]
		if h.Spec.ScaleTargetRef.Kind != "Deployment" || h.Spec.ScaleTargetRef.Name != i.Deployment.Name {
			continue
		}
		if owner := metav1.GetControllerOf(h); owner != nil {
			i.spec.Autoscaling = &v1alpha1.Autoscaling{External: externalAutoscaler(&h.Spec)}
			i.note("HorizontalPodAutoscaler %s belongs to %s %s, which goes on deciding the number of replicas; leave external.minReplicas out if it may stop them all",
				h.Name, owner.Kind, owner.Name)
			return
		}
		i.spec.Autoscaling = autoscaling(&h.Spec)
		if h.Name != i.Deployment.Name {
			i.note("the takeover deletes HorizontalPodAutoscaler %s, and the operator makes one of the name %s", h.Name, i.Deployment.Name)
		}
		return
	}
	i.spec.Replicas = i.Deployment.Spec.Replicas
}

// externalAutoscaler guarantees what the autoscaler does. Its smallest minimum, 1, is also that of one which KEDA switches off at 0.
func externalAutoscaler(from *autoscalingv2.HorizontalPodAutoscalerSpec) *v1alpha1.ExternalAutoscaler {
	if ptr.Deref(from.MinReplicas, 1) < 2 {
		return &v1alpha1.ExternalAutoscaler{}
	}
	return &v1alpha1.ExternalAutoscaler{MinReplicas: from.MinReplicas}
}

func autoscaling(from *autoscalingv2.HorizontalPodAutoscalerSpec) *v1alpha1.Autoscaling {
	a := &v1alpha1.Autoscaling{MinReplicas: ptr.To(ptr.Deref(from.MinReplicas, 1)), MaxReplicas: from.MaxReplicas, Behavior: from.Behavior}
	for _, m := range from.Metrics {
		utilization := m.Type == autoscalingv2.ResourceMetricSourceType && m.Resource.Target.Type == autoscalingv2.UtilizationMetricType
		switch {
		case utilization && m.Resource.Name == corev1.ResourceCPU:
			a.TargetCPUUtilizationPercentage = m.Resource.Target.AverageUtilization
		case utilization && m.Resource.Name == corev1.ResourceMemory:
			a.TargetMemoryUtilizationPercentage = m.Resource.Target.AverageUtilization
		default:
			a.Metrics = append(a.Metrics, m)
		}
	}
	return a
}

// setRollout takes what differs from the defaults of Kubernetes. Of the two defaults that the operator sets otherwise, it keeps that of
// the time that a pod must be ready; that fewer pods than wanted may serve is not kept.
func (i *importer) setRollout() {
	d := &i.Deployment.Spec
	r := &v1alpha1.Rollout{MinReadySeconds: &d.MinReadySeconds}
	if d.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		r.Strategy = v1alpha1.RolloutRecreate
	}
	if u := d.Strategy.RollingUpdate; u != nil {
		r.MaxSurge, r.MaxUnavailable = unlessDefault(u.MaxSurge), unlessDefault(u.MaxUnavailable)
	}
	if s := d.ProgressDeadlineSeconds; s != nil && *s != defaultProgressDeadlineSeconds {
		r.ProgressDeadlineSeconds = s
	}
	if n := d.RevisionHistoryLimit; n != nil && *n != defaultRevisionHistoryLimit {
		r.RevisionHistoryLimit = n
	}
	i.spec.Rollout = r
	if d.MinReadySeconds == 0 {
		i.comment("remove it, so that a version that becomes ready and dies replaces nothing", "rollout", "minReadySeconds")
	}
}

func unlessDefault(n *intstr.IntOrString) *intstr.IntOrString {
	if n == nil || *n == intstr.FromString("25%") {
		return nil
	}
	return n
}

func (i *importer) setDisruptionBudget() {
	for n := range i.DisruptionBudgets {
		b := &i.DisruptionBudgets[n]
		if b.Spec.Selector == nil || !i.selects(b.Spec.Selector) {
			continue
		}
		if i.spec.DisruptionBudget == nil {
			i.spec.DisruptionBudget = &v1alpha1.DisruptionBudget{MinAvailable: b.Spec.MinAvailable, MaxUnavailable: b.Spec.MaxUnavailable}
		}
		if b.Name != i.Deployment.Name {
			i.note("delete PodDisruptionBudget %s after the takeover: nothing can be evicted while two budgets select a pod", b.Name)
		}
	}
}

// setConsent admits the namespaces that the Service admits.
func (i *importer) setConsent() {
	if len(i.services) == 0 {
		return
	}
	switch admitted := dependency.ParseConsent(i.services[0].Annotations[v1alpha1.AnnotationAllowedDependents]); {
	case slices.Contains(admitted, "*"):
		i.spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromAll}
	case len(admitted) > 0:
		i.spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromSelector, Selector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpIn, Values: admitted}},
		}}
	}
}

// setIsolation closes nothing: who may talk to whom is for the NetworkPolicies that are there, until dependencies are declared.
func (i *importer) setIsolation() {
	i.spec.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{Isolation: v1alpha1.IsolationNone}
	i.comment("declare dependencies and allowedDependents, then remove it", "networkPolicy", "isolation")
	var names []string
	for n := range i.NetworkPolicies {
		if i.selects(&i.NetworkPolicies[n].Spec.PodSelector) {
			names = append(names, i.NetworkPolicies[n].Name)
		}
	}
	if len(names) > 0 {
		i.note("what NetworkPolicy %s allows stays allowed: delete it when the dependencies are declared", strings.Join(names, ", "))
	}
}

// ownAnnotations leaves out those that tools write for themselves, and those of the operator, which a Microservice may not have.
func ownAnnotations(all map[string]string) map[string]string {
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(key, _ string) bool {
		domain, _, _ := strings.Cut(key, "/")
		return key == corev1.LastAppliedConfigAnnotation || key == "kubectl.kubernetes.io/restartedAt" || key == resources.AnnotationDefaultContainer ||
			domain == v1alpha1.SchemeGroupVersion.Group || domain == "deployment.kubernetes.io" || domain == "meta.helm.sh" || domain == "argocd.argoproj.io" || strings.HasSuffix(domain, ".toolkit.fluxcd.io")
	})
	return own
}
