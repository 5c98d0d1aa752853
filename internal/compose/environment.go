package compose

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/internal/hosts"
)

var (
	// secretName are names of variables and files that hold secrets.
	secretName = regexp.MustCompile(`(?i)PASS|SECRET|TOKEN|KEY|CREDENTIAL|_PWD$`)
	// pathName are variables that hold the path of a file with the secret.
	pathName = regexp.MustCompile(`(?i)_(FILE|PATH|DIR)$`)
	// passwordInside finds the password of a URL, of a data source name such as root:secret@tcp(db:3306), and of a connection string.
	passwordInside = regexp.MustCompile(`://[^/?#\s:@]*:[^/?#\s]+@|^[^\s:/@]+:[^\s/]+@\S|(?i:\b(?:password|passwd|pwd)\s*=\s*[^\s;&$]+)`)
)

// isSecret reports whether the value of a variable must not be in a Microservice, which many may read. A switch, such as
// ALLOW_EMPTY_PASSWORD=yes, is none.
func isSecret(name, value string) bool {
	switch strings.ToLower(value) {
	case "", "true", "false", "yes", "no", "on", "off":
		return false
	}
	if passwordInside.MatchString(value) {
		return true
	}
	isPath := strings.HasPrefix(value, "/run/secrets/") || pathName.MatchString(name) && strings.HasPrefix(value, "/")
	return secretName.MatchString(name) && !isPath
}

// environment sets the variables. Those of files are among them: the loader has read the files.
func (s *conversion) environment() {
	names := s.hostNames(s.target)
	var secret, renamed, missing []string
	for _, name := range slices.Sorted(maps.Keys(s.service.Environment)) {
		value := s.service.Environment[name]
		if value == nil {
			missing = append(missing, name)
			continue
		}
		found := s.hostsOfVariable(names, s.service.Environment, name, *value)
		text := hosts.Rename(*value, found, s.nameOf)
		if isSecret(name, *value) {
			secret = append(secret, name)
			s.fromSecret(name)
			if text != *value {
				s.toDo("environment."+name, "in the Secret, write the host by its name in Kubernetes: %s", s.newNames(found))
			}
			continue
		}
		if text != *value {
			renamed = append(renamed, name)
		}
		s.spec.Env = append(s.spec.Env, corev1.EnvVar{Name: name, Value: escape(text)})
	}
	for _, name := range s.secretWords {
		secret = append(secret, name)
		s.fromSecret(name)
	}
	if len(secret) > 0 {
		s.toDo("environment", "secret values are not printed; create the Secret: %s", s.kubectl("secret generic", s.name, literals(secret)))
	}
	if len(missing) > 0 {
		s.toDo("environment", "without a value here, so left out: %s; set in spec.env what the program needs", strings.Join(missing, ", "))
	}
	if len(renamed) > 0 {
		s.changed("environment", "the host in it has another name in Kubernetes and was replaced: %s", strings.Join(renamed, ", "))
	}
	if len(s.service.EnvFiles) > 0 {
		s.changed("env_file", "the values are in spec.env, as they are now: a later change of the file changes nothing")
	}
}

// fromSecret sets a variable from the Secret that has the name of the Microservice.
func (s *conversion) fromSecret(name string) {
	s.spec.Env = append(s.spec.Env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: s.name}, Key: dataKey(name),
	}}})
	s.comment("create the Secret first", "spec", "env", name)
}

// newNames returns the new names of hosts that have one.
func (s *conversion) newNames(found []hosts.Host) string {
	var all []string
	for _, h := range found {
		if name := s.nameOf(h.Service); name != h.Service && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return strings.Join(all, ", ")
}

// literals returns the arguments that give keys their values, which whoever runs the command has to fill in.
func literals(keys []string) []string {
	var all []string
	for _, key := range keys {
		all = append(all, fmt.Sprintf("--from-literal=%s='...'", dataKey(key)))
	}
	return all
}

// kubectl returns the command that creates a Secret or a ConfigMap.
func (c *converter) kubectl(kind, name string, arguments []string) string {
	command := fmt.Sprintf("kubectl create %s %s", kind, name)
	if c.options.Namespace != "" {
		command += " -n " + c.options.Namespace
	}
	return command + " " + strings.Join(arguments, " ")
}

// escape keeps Kubernetes from expanding $(NAME) in variables and arguments, which Compose has already expanded:
// https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
func escape(text string) string {
	var out strings.Builder
	for i := range len(text) {
		out.WriteByte(text[i])
		if text[i] == '$' && i+1 < len(text) && (text[i+1] == '(' || text[i+1] == '$') {
			out.WriteByte('$')
		}
	}
	return out.String()
}
