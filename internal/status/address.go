package status

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

// routedURL is empty until the gateway has accepted the route.
func routedURL(ms *v1alpha1.Microservice, r *Route, found []metav1.Condition) string {
	if r == nil || !meta.IsStatusConditionTrue(found, v1alpha1.ConditionRouted) {
		return ""
	}
	return ms.Spec.Route.URL(r.Gateway.SectionName)
}

// loadBalancerURL is empty until the load balancer has an address.
func loadBalancerURL(ms *v1alpha1.Microservice, svc *corev1.Service) string {
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
