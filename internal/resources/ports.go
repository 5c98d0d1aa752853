package resources

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// podPorts returns the ports of the application in pods of this template.
func podPorts(pod *corev1ac.PodSpecApplyConfiguration) dependency.PodPorts {
	var ports dependency.PodPorts
	for i := range pod.Containers {
		if c := &pod.Containers[i]; isApp(*c) {
			for j := range c.Ports {
				ports = append(ports, podPort(&c.Ports[j]))
			}
		}
	}
	return ports
}

func podPort(p *corev1ac.ContainerPortApplyConfiguration) dependency.PodPort {
	return dependency.PodPort{
		Name:     ptr.Deref(p.Name, ""),
		Port:     ptr.Deref(p.ContainerPort, 0),
		Protocol: cmp.Or(ptr.Deref(p.Protocol, ""), corev1.ProtocolTCP),
	}
}

// targetPort returns the name of the container's port, so that pods of each revision are reached where they listen. It returns
// the number if the name leads elsewhere in this template, or if earlier pods have the number under another name.
func targetPort(ms *v1alpha1.Microservice, p *v1alpha1.Port, pod *corev1ac.PodSpecApplyConfiguration, previous dependency.PodPorts) intstr.IntOrString {
	name, protocol := ms.Spec.ContainerPortName(p), p.TransportProtocol()
	renamed := slices.ContainsFunc(previous, func(old dependency.PodPort) bool {
		return old.Port == p.Target() && old.Protocol == protocol
	}) && !slices.ContainsFunc(previous, func(old dependency.PodPort) bool {
		return old.Name == name && old.Protocol == protocol
	})
	if renamed || named(pod, name, protocol) != p.Target() {
		return intstr.FromInt32(p.Target())
	}
	return intstr.FromString(name)
}

// named returns the number that Kubernetes finds for a named targetPort, 0 if there is none: that of the first container with
// such a port, sidecars last (FindPort of https://pkg.go.dev/k8s.io/endpointslice).
func named(pod *corev1ac.PodSpecApplyConfiguration, name string, protocol corev1.Protocol) int32 {
	containers := slices.Clone(pod.Containers)
	for i := range pod.InitContainers {
		if ptr.Deref(pod.InitContainers[i].RestartPolicy, "") == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, pod.InitContainers[i])
		}
	}
	for i := range containers {
		for j := range containers[i].Ports {
			if p := podPort(&containers[i].Ports[j]); p.Name == name && p.Protocol == protocol {
				return p.Port
			}
		}
	}
	return 0
}

// ofAllRevisions adds the ports where earlier pods listen instead.
func ofAllRevisions(ms *v1alpha1.Microservice, ports []dependency.NetworkPort, previous dependency.PodPorts) []dependency.NetworkPort {
	if len(previous) == 0 {
		return ports
	}
	all := slices.Clone(ports)
	for _, port := range ports {
		for i := range ms.Spec.Ports {
			if p := &ms.Spec.Ports[i]; p.Target() == port.Port.IntVal && p.TransportProtocol() == port.Protocol {
				all = append(all, dependency.NetworkPorts(&ms.Spec, p, previous)...)
			}
		}
	}
	return dependency.SortPorts(all)
}
