package resources

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// AnnotationDefaultContainer is the annotation of a pod that names the container for kubectl logs and exec:
// https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
const AnnotationDefaultContainer = "kubectl.kubernetes.io/default-container"

// podTemplate builds the pod template, with the user's patch applied. It must not change unless the spec does: every change
// restarts the pods.
func podTemplate(ms *v1alpha1.Microservice, env []corev1ac.EnvVarApplyConfiguration, cache *PatchCache) (*corev1ac.PodTemplateSpecApplyConfiguration, error) {
	app, err := container(ms, env)
	if err != nil {
		return nil, err
	}
	pod, generated := podSpec(ms), *app
	bindings := mountCredentials(pod, app, &ms.Spec)
	pod.WithContainers(app)
	patch := ms.Spec.PodTemplate
	if patch != nil && patch.Spec != nil {
		pod, err = applyPodPatch(pod, patch.Spec.Raw, ms.Spec.Ports, cache)
	} else if err = finish(pod, ms.Spec.Ports); err != nil {
		err = &InvalidSpecError{Field: "spec.probes", Reason: err.Error()}
	}
	if err != nil {
		return nil, err
	}
	if patch != nil && len(patch.InjectEnvironment) > 0 {
		if pod, err = injectEnvironment(pod, patch.InjectEnvironment, &generated); err != nil {
			return nil, err
		}
	}
	template := corev1ac.PodTemplateSpec().WithAnnotations(bindings).WithAnnotations(tracingAnnotations(&ms.Spec)).WithSpec(pod)
	if patch == nil {
		return template.WithLabels(labels(ms)), nil
	}
	podLabels := labels(ms)
	maps.Copy(podLabels, patch.Labels)
	maps.Copy(podLabels, selector(ms))
	template.WithLabels(podLabels)
	if len(pod.Containers) > 1 {
		template.WithAnnotations(map[string]string{AnnotationDefaultContainer: v1alpha1.ContainerName})
	}
	return template.WithAnnotations(patch.Annotations), nil
}

// podSpec builds a pod that meets the Pod Security Standard "restricted", is spread over nodes and zones if possible, and has
// no variables of Service links: a Service named orders would otherwise set ORDERS_PORT.
func podSpec(ms *v1alpha1.Microservice) *corev1ac.PodSpecApplyConfiguration {
	spec := corev1ac.PodSpec().
		WithEnableServiceLinks(false).
		WithSecurityContext(corev1ac.PodSecurityContext().
			WithRunAsNonRoot(true).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithTopologySpreadConstraints(spread(ms, corev1.LabelHostname), spread(ms, corev1.LabelTopologyZone))
	if name := ms.Spec.ServiceAccountName; name != "" {
		spec.WithServiceAccountName(name)
	} else {
		spec.WithServiceAccountName(ms.Name).WithAutomountServiceAccountToken(false)
	}
	for _, secret := range ms.Spec.ImagePullSecrets {
		spec.WithImagePullSecrets(corev1ac.LocalObjectReference().WithName(secret.Name))
	}
	return spec
}

// spread counts the pods of one revision, so that a rollout keeps them evenly spread.
func spread(ms *v1alpha1.Microservice, topologyKey string) *corev1ac.TopologySpreadConstraintApplyConfiguration {
	return corev1ac.TopologySpreadConstraint().
		WithMaxSkew(1).
		WithTopologyKey(topologyKey).
		WithWhenUnsatisfiable(corev1.ScheduleAnyway).
		WithLabelSelector(matching(selector(ms))).
		WithMatchLabelKeys("pod-template-hash")
}
