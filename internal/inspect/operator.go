package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/settings"
)

// OperatorFlags returns the flags of the operator in namespace at that manages a namespace, by name: those of its Deployment, and those of
// the ConfigMap that it reads. It sends a list, and a get for each Deployment in it until one fits. The error is about rights, or says that
// there is no such operator.
func OperatorFlags(ctx context.Context, c client.Reader, at, namespace string) (map[string]string, error) {
	list := &appsv1.DeploymentList{}
	if err := c.List(ctx, list, client.InNamespace(at), client.MatchingLabels{"app.kubernetes.io/name": "microservice-operator"}); err != nil {
		return nil, fmt.Errorf("listing the operator's Deployments in namespace %s: %w", at, err)
	}
	for i := range list.Items {
		flags, err := flagsOf(ctx, c, &list.Items[i])
		if err != nil {
			return nil, err
		}
		if watched := settings.Split(flags["watch-namespaces"]); len(watched) == 0 || slices.Contains(watched, namespace) {
			return flags, nil
		}
	}
	return nil, fmt.Errorf("there is no Deployment of an operator for namespace %s in namespace %s", namespace, at)
}

// flagsOf returns the flags of an operator's first container.
func flagsOf(ctx context.Context, c client.Reader, d *appsv1.Deployment) (map[string]string, error) {
	pod := &d.Spec.Template.Spec
	container := &pod.Containers[0]
	flags := settings.Arguments(slices.Concat(container.Command, container.Args))
	source := configMapAt(pod, container, flags["flags-from"])
	if source == nil {
		return flags, nil
	}
	from := &corev1.ConfigMap{}
	err := c.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: source.Name}, from)
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("reading the operator's flags in ConfigMap %s/%s: %w", d.Namespace, source.Name, err)
	}
	for name, value := range from.Data {
		flags[name] = strings.TrimSpace(value)
	}
	return flags, nil
}

// configMapAt returns the ConfigMap that is mounted at a folder, nil for none.
func configMapAt(pod *corev1.PodSpec, c *corev1.Container, folder string) *corev1.ConfigMapVolumeSource {
	for _, m := range c.VolumeMounts {
		for _, v := range pod.Volumes {
			if m.MountPath == folder && v.Name == m.Name {
				return v.ConfigMap
			}
		}
	}
	return nil
}
