package compose

import (
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/internal/hosts"
)

// placeholder is the image of a service that Compose builds and does not name.
const placeholder = "registry.example.com/"

// image sets the image, and a placeholder for one that has no name yet.
func (s *conversion) image() {
	s.spec.Image = s.service.Image
	build := s.service.Build
	switch {
	case build != nil && s.service.Image != "":
		s.toDo("build", "Kubernetes builds nothing: build %s and push %s", s.relative(build.Context), s.service.Image)
	case build != nil:
		s.spec.Image = placeholder + s.name + ":latest"
		s.notConverted("build", "Kubernetes builds nothing: build %s, push it, and replace the placeholder %s in spec.image",
			s.relative(build.Context), s.spec.Image)
		s.comment("a placeholder: the image that you build and push", "spec", "image")
	}
	switch s.service.PullPolicy {
	case "", types.PullPolicyBuild:
	case types.PullPolicyAlways:
		s.spec.ImagePullPolicy = corev1.PullAlways
	case types.PullPolicyNever:
		s.spec.ImagePullPolicy = corev1.PullNever
	case types.PullPolicyMissing, types.PullPolicyIfNotPresent:
		s.spec.ImagePullPolicy = corev1.PullIfNotPresent
	default:
		s.notConverted("pull_policy", "%s: a kubelet pulls always, never or if the image is missing; use a new tag for a new image",
			s.service.PullPolicy)
	}
}

// command sets what runs: what is the entrypoint in Compose is the command in Kubernetes, and the command there are the arguments.
func (s *conversion) command() {
	names := s.hostNames(s.target)
	s.spec.Command = s.words("entrypoint", s.service.Entrypoint, names)
	s.spec.Args = s.words("command", s.service.Command, names)
	if s.service.Entrypoint != nil && len(s.service.Entrypoint) == 0 {
		if s.spec.Command, s.spec.Args = s.spec.Args, nil; len(s.spec.Command) == 0 {
			s.notConverted("entrypoint", "an empty entrypoint does not clear that of the image: set spec.command")
		}
	} else if s.service.Command != nil && len(s.service.Command) == 0 && len(s.spec.Command) == 0 {
		s.notConverted("command", "an empty command does not clear that of the image: set spec.command and spec.args")
	}
}

// words returns the words of a command with the names of Kubernetes. One with a password in it becomes a variable from the Secret.
func (s *conversion) words(key string, words []string, names map[string]string) []string {
	var out []string
	for i, word := range words {
		if passwordInside.MatchString(word) {
			name := fmt.Sprintf("%s_WORD_%d", strings.ToUpper(key), i+1)
			s.secretWords = append(s.secretWords, name)
			s.toDo(key, "word %d has a password in it and is not printed: in the Secret, %s is that word", i+1, name)
			out = append(out, "$("+name+")")
			continue
		}
		out = append(out, escape(hosts.Rename(word, hosts.Find(word, names, false), s.nameOf)))
	}
	return out
}
