package resources

import (
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// service builds the Service with every port of the spec; a worker has none. pod is the pod of the template, previous are the
// ports of earlier pods.
func service(ms *v1alpha1.Microservice, pod *corev1ac.PodSpecApplyConfiguration, previous dependency.PodPorts) *corev1ac.ServiceApplyConfiguration {
	if len(ms.Spec.Ports) == 0 {
		return nil
	}
	spec := corev1ac.ServiceSpec().WithType(serviceType(ms)).WithSelector(selector(ms))
	for i := range ms.Spec.Ports {
		p := &ms.Spec.Ports[i]
		port := corev1ac.ServicePort().
			WithName(p.Name).
			WithPort(p.Port).
			WithTargetPort(targetPort(ms, p, pod, previous)).
			WithProtocol(p.TransportProtocol())
		port.AppProtocol = p.AppProtocol
		if p.NodePort != 0 {
			port.WithNodePort(p.NodePort)
		}
		spec.WithPorts(port)
	}
	svc := corev1ac.Service(ms.Name, ms.Namespace).
		WithLabels(labels(ms)).
		WithOwnerReferences(owner(ms)).
		WithSpec(spec)
	if o := ms.Spec.Service; o != nil {
		svc.WithAnnotations(o.Annotations)
		setDistribution(spec, o)
		spec.LoadBalancerClass = o.LoadBalancerClass
		spec.WithLoadBalancerSourceRanges(o.LoadBalancerSourceRanges...)
		if o.ExternalTrafficPolicy != "" {
			spec.WithExternalTrafficPolicy(o.ExternalTrafficPolicy)
		}
	}
	return svc
}

// setDistribution sets how clients find the pods.
func setDistribution(spec *corev1ac.ServiceSpecApplyConfiguration, o *v1alpha1.ServiceOptions) {
	if o.Headless {
		spec.WithClusterIP(corev1.ClusterIPNone)
	}
	if o.SessionAffinity != "" {
		spec.WithSessionAffinity(corev1.ServiceAffinity(o.SessionAffinity))
	}
	// The timeout is always set, as one that the server sets by itself would stay when the affinity goes, and be refused.
	if o.SessionAffinity == v1alpha1.SessionAffinityClientIP {
		spec.WithSessionAffinityConfig(corev1ac.SessionAffinityConfig().WithClientIP(corev1ac.ClientIPConfig().
			WithTimeoutSeconds(ptr.Deref(o.SessionAffinityTimeoutSeconds, corev1.DefaultClientIPServiceAffinitySeconds))))
	}
	if o.IPFamilyPolicy != "" {
		spec.WithIPFamilyPolicy(o.IPFamilyPolicy)
	}
	if o.InternalTrafficPolicy != "" {
		spec.WithInternalTrafficPolicy(o.InternalTrafficPolicy)
	}
	if o.TrafficDistribution != "" {
		spec.WithTrafficDistribution(o.TrafficDistribution)
	}
}

func serviceType(ms *v1alpha1.Microservice) corev1.ServiceType {
	if o := ms.Spec.Service; o != nil && o.Type != "" {
		return o.Type
	}
	return corev1.ServiceTypeClusterIP
}

// published reports whether the ports are open to clients outside the cluster.
func published(ms *v1alpha1.Microservice) bool {
	return len(ms.Spec.Ports) > 0 && serviceType(ms) != corev1.ServiceTypeClusterIP
}
