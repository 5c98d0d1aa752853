package compose

import (
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// security sets what the container may do.
func (s *conversion) security() {
	s.user()
	security := s.pod.security
	if s.service.ReadOnly {
		security.WithReadOnlyRootFilesystem(true)
	}
	if s.service.Privileged {
		security.WithPrivileged(true).WithAllowPrivilegeEscalation(true)
		s.changed("privileged", "it is privileged as in Compose, which most clusters refuse: find out what it needs, and give it that alone")
	}
	capabilities := corev1ac.Capabilities()
	for _, name := range s.service.CapAdd {
		capability := strings.TrimPrefix(strings.ToUpper(name), "CAP_")
		capabilities.WithAdd(corev1.Capability(capability))
		if capability == "SYS_ADMIN" || capability == "ALL" {
			security.WithAllowPrivilegeEscalation(true)
		}
	}
	if len(s.service.CapAdd) > 0 {
		security.WithCapabilities(capabilities)
		s.changed("cap_add", "%s: namespaces with the Pod Security Standard restricted refuse it; all other capabilities are dropped",
			strings.Join(s.service.CapAdd, ", "))
	}
	for _, option := range s.service.SecurityOpt {
		if option != "no-new-privileges" && option != "no-new-privileges:true" && option != "no-new-privileges=true" {
			s.notConverted("security_opt", "%s: set it in spec.podTemplate.spec.securityContext", option)
		}
	}
}

var numericUser = regexp.MustCompile(`^(\d{1,9})(?::(\d{1,9}))?$`)

// user sets who runs the program. The operator refuses root unless the patch allows it.
func (s *conversion) user() {
	name := s.service.User
	group, isRoot := "", false
	if rest, found := strings.CutPrefix(name, "root"); found && (rest == "" || strings.HasPrefix(rest, ":")) {
		name, isRoot = "0", true
		if rest == ":root" || rest == ":0" {
			name = "0:0"
		}
	}
	m := numericUser.FindStringSubmatch(name)
	if m == nil {
		if name != "" {
			s.notConverted("user", "Kubernetes takes numbers: look up the number of %s in the image, and set runAsUser in "+
				"spec.podTemplate.spec.securityContext", name)
		}
		return
	}
	id, _ := strconv.ParseInt(m[1], 10, 64) // digits, by the expression
	s.pod.security.WithRunAsUser(id)
	if group = m[2]; group != "" {
		gid, _ := strconv.ParseInt(group, 10, 64)
		s.pod.security.WithRunAsGroup(gid)
	}
	if isRoot || id == 0 {
		s.pod.security.WithRunAsNonRoot(false)
		s.changed("user", "it runs as root as in Compose; namespaces with the Pod Security Standard restricted refuse it")
	}
}
