package resources

import (
	"strconv"
	"strings"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// addressVariables returns the variables with the addresses of dependencies. The host follows from the name alone; the port and
// the URL appear with the target, and stay when it disappears.
func addressVariables(dependencies []dependency.Resolution) []corev1ac.EnvVarApplyConfiguration {
	all := make([]corev1ac.EnvVarApplyConfiguration, 0, 3*len(dependencies))
	for i := range dependencies {
		d := &dependencies[i]
		prefix := strings.ToUpper(strings.ReplaceAll(d.Name, "-", "_"))
		if d.Host != "" {
			all = append(all, *corev1ac.EnvVar().WithName(prefix + "_HOST").WithValue(d.Host))
		}
		if d.Port != 0 {
			all = append(all, *corev1ac.EnvVar().WithName(prefix + "_PORT").WithValue(strconv.Itoa(int(d.Port))))
		}
		if d.URL != "" {
			all = append(all, *corev1ac.EnvVar().WithName(prefix + "_URL").WithValue(d.URL))
		}
	}
	return all
}
