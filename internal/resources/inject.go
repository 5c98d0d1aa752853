package resources

import (
	"fmt"
	"slices"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// injectEnvironment returns a pod whose containers of these names have the variables of app before their own, which win. A name
// without a container is an *InvalidSpecError. pod is not modified: it may be cached.
func injectEnvironment(pod *corev1ac.PodSpecApplyConfiguration, names []string, app *corev1ac.ContainerApplyConfiguration) (*corev1ac.PodSpecApplyConfiguration, error) {
	out := *pod
	out.InitContainers, out.Containers = slices.Clone(pod.InitContainers), slices.Clone(pod.Containers)
	for i, name := range names {
		c := containerNamed(&out, name)
		if c == nil {
			return nil, &InvalidSpecError{
				Field:  fmt.Sprintf("spec.podTemplate.injectEnvironment[%d]", i),
				Reason: fmt.Sprintf("podTemplate.spec adds no container and no init container %q: add it there, or remove its name here", name),
			}
		}
		c.Env = slices.Concat(withoutNames(app.Env, c.Env), c.Env)
		c.EnvFrom = slices.Concat(app.EnvFrom, c.EnvFrom)
	}
	return &out, nil
}

// containerNamed returns a container other than the application's, or nil.
func containerNamed(pod *corev1ac.PodSpecApplyConfiguration, name string) *corev1ac.ContainerApplyConfiguration {
	for _, list := range [][]corev1ac.ContainerApplyConfiguration{pod.InitContainers, pod.Containers} {
		for i := range list {
			if nameOf(list[i].Name) == name && !isApp(list[i]) {
				return &list[i]
			}
		}
	}
	return nil
}

// withoutNames returns the variables that own does not set.
func withoutNames(variables, own []corev1ac.EnvVarApplyConfiguration) []corev1ac.EnvVarApplyConfiguration {
	var others []corev1ac.EnvVarApplyConfiguration
	for i := range variables {
		if !slices.ContainsFunc(own, func(v corev1ac.EnvVarApplyConfiguration) bool { return nameOf(v.Name) == nameOf(variables[i].Name) }) {
			others = append(others, variables[i])
		}
	}
	return others
}
