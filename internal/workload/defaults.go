package workload

import (
	"reflect"
	"strings"
)

// defaults are what the API server fills into a pod: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
// The paths leave out the items of lists; container stands for all kinds of containers, probe for all probes.
var defaults = map[string]any{
	".restartPolicy":                               "Always",
	".dnsPolicy":                                   "ClusterFirst",
	".schedulerName":                               "default-scheduler",
	".terminationGracePeriodSeconds":               30.0,
	".securityContext":                             map[string]any{},
	".container.securityContext":                   map[string]any{},
	".container.terminationMessagePath":            "/dev/termination-log",
	".container.terminationMessagePolicy":          "File",
	".container.resources":                         map[string]any{},
	".container.ports.protocol":                    "TCP",
	".container.env.valueFrom.fieldRef.apiVersion": "v1",
	".container.probe.timeoutSeconds":              1.0,
	".container.probe.periodSeconds":               10.0,
	".container.probe.successThreshold":            1.0,
	".container.probe.failureThreshold":            3.0,
	".container.probe.httpGet.scheme":              "HTTP",
	".container.probe.grpc.service":                "",
	".container.lifecycle.preStop.httpGet.scheme":  "HTTP",
	".volumes.configMap.defaultMode":               420.0,
	".volumes.secret.defaultMode":                  420.0,
	".volumes.downwardAPI.defaultMode":             420.0,
	".volumes.projected.defaultMode":               420.0,
	".volumes.hostPath.type":                       "",
}

var kinds = strings.NewReplacer("initContainers", "container", "containers", "container",
	"startupProbe", "probe", "readinessProbe", "probe", "livenessProbe", "probe")

// dropDefaults removes the fields that have the value that the API server would fill in, and the old name of serviceAccountName.
func dropDefaults(pod map[string]any) {
	delete(pod, "serviceAccount")
	dropDefaultsAt("", pod)
}

func dropDefaultsAt(path string, value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			dropDefaultsAt(path, item)
		}
	case map[string]any:
		for key, field := range v {
			at := path + "." + kinds.Replace(key)
			dropDefaultsAt(at, field)
			if standard, found := defaults[at]; found && reflect.DeepEqual(field, standard) {
				delete(v, key)
			}
		}
	}
}
