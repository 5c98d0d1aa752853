package compose

import (
	"math"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"
)

// size sets the number of replicas, if the file says one.
func (s *conversion) size() {
	d := s.service.Deploy
	switch {
	case s.service.Scale != nil:
		s.spec.Replicas = ptr.To(int32(min(*s.service.Scale, math.MaxInt32)))
	case d != nil && d.Replicas != nil:
		s.spec.Replicas = ptr.To(int32(min(*d.Replicas, math.MaxInt32)))
	}
	if d == nil {
		return
	}
	if d.Mode == "global" {
		s.notConverted("deploy.mode", "global: a Microservice has a number of replicas; for one pod on each node write a DaemonSet")
	}
	if p := d.RestartPolicy; p != nil {
		s.restartsAlways("deploy.restart_policy", p.Condition)
		s.leftOver("deploy.restart_policy", *p, "condition")
	}
	s.leftOver("deploy", *d, "mode", "replicas", "resources", "restart_policy")
	s.leftOver("deploy.resources", d.Resources, "limits", "reservations")
}

// restartsAlways reports a policy that a Deployment does not have.
func (s *conversion) restartsAlways(key, policy string) {
	switch policy {
	case "", "always", "unless-stopped", "any":
	default:
		s.changed(key, "%s: a Deployment always restarts what ends; if it is meant to end, run it as a Job", policy)
	}
}

// resources sets requests and limits, of deploy or of the older keys.
func (s *conversion) resources() {
	limits, requests := corev1.ResourceList{}, corev1.ResourceList{}
	setResource(limits, s.service.CPUS, s.service.MemLimit)
	setResource(requests, 0, s.service.MemReservation)
	if d := s.service.Deploy; d != nil {
		s.deployed("deploy.resources.limits", d.Resources.Limits, limits)
		s.deployed("deploy.resources.reservations", d.Resources.Reservations, requests)
	}
	if len(limits)+len(requests) == 0 {
		return
	}
	s.spec.Resources = &corev1.ResourceRequirements{}
	for name, request := range requests {
		if limit, limited := limits[name]; limited && limit.Cmp(request) < 0 {
			s.changed("deploy.resources", "the reservation of %s %s is above the limit: it is the limit now", name, request.String())
			requests[name] = limit
		}
	}
	if len(limits) > 0 {
		s.spec.Resources.Limits = limits
	}
	if len(requests) > 0 {
		s.spec.Resources.Requests = requests
	}
}

func (s *conversion) deployed(key string, r *types.Resource, list corev1.ResourceList) {
	if r != nil {
		setResource(list, r.NanoCPUs.Value(), r.MemoryBytes)
		s.leftOver(key, *r, "cpus", "memory")
	}
}

// setResource sets what is more than 0. CPUs are rounded up to thousandths.
func setResource(list corev1.ResourceList, cpus float32, memory types.UnitBytes) {
	if cpus > 0 {
		// a float32 such as 0.1 is a little more than that
		list[corev1.ResourceCPU] = *resource.NewMilliQuantity(int64(math.Ceil(math.Round(float64(cpus)*1e6)/1e3)), resource.DecimalSI)
	}
	if memory > 0 {
		list[corev1.ResourceMemory] = *resource.NewQuantity(int64(memory), resource.BinarySI)
	}
}
