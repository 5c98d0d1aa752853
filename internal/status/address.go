package status

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// url returns the address within the cluster, empty for a worker.
func url(ms *v1alpha1.Microservice, clusterDomain string) string {
	primary := ms.Spec.PrimaryPort()
	if primary == nil {
		return ""
	}
	return primary.URL(v1alpha1.ServiceHost(ms.Namespace, ms.Name, clusterDomain))
}

// externalURL is empty until the load balancer has an address.
func externalURL(ms *v1alpha1.Microservice, svc *corev1.Service) string {
	primary := ms.Spec.PrimaryPort()
	if primary == nil || svc == nil || svc.Spec.Type != corev1.ServiceTypeLoadBalancer {
		return ""
	}
	for _, ingress := range svc.Status.LoadBalancer.Ingress {
		if ingress.Hostname != "" {
			return primary.URL(ingress.Hostname)
		}
		if ingress.IP != "" {
			return primary.URL(ingress.IP)
		}
	}
	return ""
}
