package resources

import (
	"slices"
	"strconv"
	"strings"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// injectedVariables returns the variables that stand before those of the spec. Of two with one name the later one counts: a key of a
// Secret replaces an address.
func injectedVariables(in Input) []corev1ac.EnvVarApplyConfiguration {
	spec := &in.Microservice.Spec
	tracing, credentials := tracingVariables(in.Microservice, &in.Settings.OTLP), credentialVariables(spec)
	addresses := addressVariables(in.Dependencies)
	if len(tracing)+len(credentials) == 0 {
		return addresses
	}
	all := slices.Concat(tracing, addresses, credentials)
	seen := map[string]bool{}
	slices.Reverse(all)
	all = slices.DeleteFunc(all, func(v corev1ac.EnvVarApplyConfiguration) bool {
		again := seen[*v.Name]
		seen[*v.Name] = true
		return again
	})
	slices.Reverse(all)
	return all
}

// addressVariables returns the variables with the addresses of dependencies. The host follows from the name alone; the port and
// the URL appear with the target, and stay when it disappears.
func addressVariables(dependencies []dependency.Resolution) []corev1ac.EnvVarApplyConfiguration {
	all := make([]corev1ac.EnvVarApplyConfiguration, 0, 3*len(dependencies))
	for i := range dependencies {
		d := &dependencies[i]
		prefix := variablePrefix(d.Name)
		if d.Host != "" {
			all = append(all, *corev1ac.EnvVar().WithName(prefix + "_" + hostSuffix).WithValue(d.Host))
		}
		if d.Port != 0 {
			all = append(all, *corev1ac.EnvVar().WithName(prefix + "_" + portSuffix).WithValue(strconv.Itoa(int(d.Port))))
		}
		if d.URL != "" {
			all = append(all, *corev1ac.EnvVar().WithName(prefix + "_" + urlSuffix).WithValue(d.URL))
		}
	}
	return all
}

// What an address is made of, as the ends of names of variables.
const (
	hostSuffix = "HOST"
	portSuffix = "PORT"
	urlSuffix  = "URL"
)

var addressSuffixes = []string{hostSuffix, portSuffix, urlSuffix}

// variable returns the name of a variable of a dependency: ORDERS_DB_HOST for orders-db.
func variable(alias, suffix string) string {
	return variablePrefix(alias) + "_" + suffix
}

func variablePrefix(alias string) string {
	return strings.ToUpper(strings.ReplaceAll(alias, "-", "_"))
}
