package resources

import (
	"fmt"
	"maps"
	"slices"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// The rules for mounted bindings, and the names of the variable and of the file type, are those of the Service Binding specification
// for Kubernetes: https://github.com/servicebinding/spec#workload-projection
const (
	bindingRootVariable = "SERVICE_BINDING_ROOT"
	bindingRoot         = "/bindings"
	bindingType         = "type"
	// bindingPrefix begins the names of volumes. With the longest alias that may be mounted it fits into a volume's name.
	bindingPrefix = "binding-"
	// bindingAnnotations is the domain of the annotations that hold the types of bindings, which a volume can take from there only.
	bindingAnnotations = "bindings.apps.microservice.dev/"
)

// credentialVariables returns the variables that take keys of Secrets, in the order of the dependencies and their suffixes, and where
// the mounted bindings are.
func credentialVariables(spec *v1alpha1.MicroserviceSpec) []corev1ac.EnvVarApplyConfiguration {
	var all []corev1ac.EnvVarApplyConfiguration
	mounted := false
	for i := range spec.Dependencies {
		d := &spec.Dependencies[i]
		if d.Credentials == nil {
			continue
		}
		mounted = mounted || d.Credentials.Mount
		for _, suffix := range slices.Sorted(maps.Keys(d.Credentials.Env)) {
			all = append(all, *corev1ac.EnvVar().WithName(variable(d.Name, suffix)).WithValueFrom(corev1ac.EnvVarSource().
				WithSecretKeyRef(corev1ac.SecretKeySelector().WithName(d.Credentials.Secret).WithKey(string(d.Credentials.Env[suffix])))))
		}
	}
	if mounted {
		all = append(all, *corev1ac.EnvVar().WithName(bindingRootVariable).WithValue(bindingRoot))
	}
	return all
}

// mountCredentials mounts the Secrets of dependencies, and returns the annotations of the pod that hold the types of bindings.
func mountCredentials(pod *corev1ac.PodSpecApplyConfiguration, app *corev1ac.ContainerApplyConfiguration, spec *v1alpha1.MicroserviceSpec) map[string]string {
	var annotations map[string]string
	for i := range spec.Dependencies {
		d := &spec.Dependencies[i]
		if d.Credentials == nil || !d.Credentials.Mount {
			continue
		}
		files := corev1ac.ProjectedVolumeSource().WithSources(corev1ac.VolumeProjection().
			WithSecret(corev1ac.SecretProjection().WithName(d.Credentials.Secret)))
		if d.Credentials.Type != "" {
			key := bindingAnnotations + d.Name + "-type"
			if annotations == nil {
				annotations = map[string]string{}
			}
			annotations[key] = d.Credentials.Type
			files.WithSources(corev1ac.VolumeProjection().WithDownwardAPI(corev1ac.DownwardAPIProjection().WithItems(
				corev1ac.DownwardAPIVolumeFile().WithPath(bindingType).WithFieldRef(fieldOfPod("metadata.annotations['" + key + "']")))))
		}
		pod.WithVolumes(corev1ac.Volume().WithName(bindingPrefix + d.Name).WithProjected(files))
		app.WithVolumeMounts(corev1ac.VolumeMount().WithName(bindingPrefix + d.Name).WithMountPath(bindingRoot + "/" + d.Name).WithReadOnly(true))
	}
	return annotations
}

func fieldOfPod(path string) *corev1ac.ObjectFieldSelectorApplyConfiguration {
	return corev1ac.ObjectFieldSelector().WithFieldPath(path)
}

// validateCredentials rejects two dependencies that give one variable: aliases and suffixes are joined by what both may contain.
func validateCredentials(spec *v1alpha1.MicroserviceSpec) error {
	givers := map[string]string{}
	for i := range spec.Dependencies {
		for _, suffix := range addressSuffixes {
			givers[variable(spec.Dependencies[i].Name, suffix)] = spec.Dependencies[i].Name
		}
	}
	for i := range spec.Dependencies {
		d := &spec.Dependencies[i]
		if d.Credentials == nil {
			continue
		}
		for _, suffix := range slices.Sorted(maps.Keys(d.Credentials.Env)) {
			name := variable(d.Name, suffix)
			if giver, found := givers[name]; found && giver != d.Name {
				return &InvalidSpecError{
					Field:  fmt.Sprintf("spec.dependencies[%d].credentials.env[%s]", i, suffix),
					Reason: fmt.Sprintf("the variable %s is that of the dependency %s already: choose another suffix, or rename one of the two", name, giver),
				}
			}
			givers[name] = d.Name
		}
	}
	return nil
}
