package compose

import (
	"encoding/json"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// pod is the patch of the pod template, for what has no field of its own.
type pod struct {
	annotations map[string]string
	spec        *corev1ac.PodSpecApplyConfiguration
	app         *corev1ac.ContainerApplyConfiguration
	security    *corev1ac.SecurityContextApplyConfiguration
	// volumes are the names that are taken, and named those of the volumes of Compose that have a name.
	volumes map[string]bool
	named   map[string]string
}

func newPod() *pod {
	return &pod{
		annotations: map[string]string{}, spec: corev1ac.PodSpec(), app: corev1ac.Container(),
		security: corev1ac.SecurityContext(), volumes: map[string]bool{}, named: map[string]string{},
	}
}

// template returns the patch, nil if there is nothing in it.
func (p *pod) template() *v1alpha1.PodTemplatePatch {
	if !reflect.ValueOf(*p.security).IsZero() {
		p.app.WithSecurityContext(p.security)
	}
	if !reflect.ValueOf(*p.app).IsZero() {
		p.spec.WithContainers(p.app.WithName(v1alpha1.ContainerName))
	}
	patch := &v1alpha1.PodTemplatePatch{}
	if len(p.annotations) > 0 {
		patch.Annotations = p.annotations
	}
	if !reflect.ValueOf(*p.spec).IsZero() {
		raw, _ := json.Marshal(p.spec) // strings, numbers and structs of them always encode
		patch.Spec = &runtime.RawExtension{Raw: raw}
	}
	if patch.Annotations == nil && patch.Spec == nil {
		return nil
	}
	return patch
}

// podFields sets fields of the pod and the container that are the same in Compose.
func (s *conversion) podFields() {
	if s.service.WorkingDir != "" {
		s.pod.app.WithWorkingDir(s.service.WorkingDir)
	}
	if s.service.Tty {
		s.pod.app.WithTTY(true)
	}
	if s.service.StdinOpen {
		s.pod.app.WithStdin(true)
	}
	if d := s.service.StopGracePeriod; d != nil {
		s.pod.spec.WithTerminationGracePeriodSeconds(s.gracePeriod(d))
	}
	if platform := s.service.Platform; platform != "" {
		system, machine, _ := strings.Cut(platform, "/")
		machine, _, _ = strings.Cut(machine, "/")
		if system == "linux" && machine != "" {
			s.pod.spec.WithNodeSelector(map[string]string{corev1.LabelOSStable: system, corev1.LabelArchStable: machine})
		} else {
			s.notConverted("platform", "%s: choose nodes in spec.podTemplate.spec.nodeSelector", platform)
		}
	}
	for _, group := range s.service.GroupAdd {
		if id, err := strconv.ParseUint(group, 10, 31); err == nil {
			if s.pod.spec.SecurityContext == nil {
				s.pod.spec.WithSecurityContext(corev1ac.PodSecurityContext())
			}
			s.pod.spec.SecurityContext.WithSupplementalGroups(int64(id))
		} else {
			s.notConverted("group_add", "Kubernetes takes numbers: look up the number of %s in the image, and set supplementalGroups in "+
				"spec.podTemplate.spec.securityContext", group)
		}
	}
}

// preStop is how long a pod with ports serves on before it is told to stop. It is part of the grace period.
const preStop = 5

func (s *conversion) gracePeriod(d *types.Duration) int64 {
	period := (int64(*d) + second - 1) / second
	if len(s.spec.Ports) > 0 {
		period += preStop
	}
	return max(1, period)
}

// names sets the host's name, and names of other machines.
func (s *conversion) names() {
	if name := s.service.Hostname; name != "" {
		if label(name) == name {
			s.pod.spec.WithHostname(name)
		} else {
			s.notConverted("hostname", "%s is not the name of a pod's host, which is one DNS label", name)
		}
	}
	byAddress := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(s.service.ExtraHosts)) {
		for _, address := range s.service.ExtraHosts[name] {
			if _, err := netip.ParseAddr(address); err != nil {
				s.notConverted("extra_hosts", "%s: %s is no address that a pod can reach; declare it as an external dependency", name, address)
				continue
			}
			byAddress[address] = append(byAddress[address], name)
		}
	}
	for _, address := range slices.Sorted(maps.Keys(byAddress)) {
		s.pod.spec.WithHostAliases(corev1ac.HostAlias().WithIP(address).WithHostnames(byAddress[address]...))
	}
}

// metadata makes labels and annotations annotations of the pods: labels of Compose rarely fit into the 63 characters of Kubernetes.
func (s *conversion) metadata() {
	s.annotate("labels", s.service.Labels)
	s.annotate("annotations", s.service.Annotations)
	if len(s.service.Labels) > 0 {
		s.changed("labels", "they are annotations of the pods, which no proxy reads that reads the labels of Docker")
	}
}

func (s *conversion) annotate(key string, all map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if len(validation.IsQualifiedName(strings.ToLower(name))) > 0 || strings.HasPrefix(name, "apps.microservice.dev/") {
			s.notConverted(key, "%s is not allowed as the key of an annotation", name)
			continue
		}
		if isSecret(name, all[name]) {
			s.notConverted(key, "%s looks like a secret: it is not printed", name)
			continue
		}
		s.pod.annotations[name] = all[name]
	}
}

// networks reports what is not about who reaches whom.
func (s *conversion) networks() {
	var named []string
	for _, name := range slices.Sorted(maps.Keys(s.service.Networks)) {
		if name != "default" {
			named = append(named, name)
		}
		if n := s.service.Networks[name]; n != nil {
			s.leftOver("networks."+name, *n, "aliases")
			if len(n.Aliases) > 0 {
				s.changed("networks."+name, "aliases %s: the name in Kubernetes is %s alone; values that have an alias as host were changed",
					strings.Join(n.Aliases, ", "), s.name)
			}
		}
	}
	if len(named) > 0 {
		s.changed("networks", "%s: not needed, because the dependencies decide who reaches whom", strings.Join(named, ", "))
	}
}
