package compose

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// converted are the keys of a service that another part of this package converts or reports. Every other key is reported here,
// those of a later Compose too.
var converted = []string{
	"annotations", "build", "cap_add", "command", "configs", "cpus", "depends_on", "deploy", "entrypoint", "env_file", "environment",
	"expose", "extra_hosts", "group_add", "healthcheck", "hostname", "image", "label_file", "labels", "links", "mem_limit",
	"mem_reservation", "name", "networks", "platform", "ports", "privileged", "provider", "pull_policy", "read_only", "restart", "scale",
	"secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period", "tmpfs", "tty", "user", "volumes", "working_dir",
}

// withoutLoss are keys that need no counterpart, with the reason.
var withoutLoss = map[string]string{
	"attach":         "kubectl logs reads what each service prints",
	"cap_drop":       "all capabilities are dropped, but for those of cap_add",
	"container_name": "the name in Kubernetes is that of the Microservice; values that have the container's name as host were changed",
	"develop":        "it is for development",
	"dockerfile":     "Kubernetes builds nothing",
	"init":           "the program is process 1 and has to end on SIGTERM; else set shareProcessNamespace in spec.podTemplate.spec",
	"log_driver":     "the kubelet keeps what is written to stdout and stderr",
	"log_opt":        "the kubelet keeps what is written to stdout and stderr",
	"logging":        "the kubelet keeps what is written to stdout and stderr",
	"profiles":       "a Microservice has none; choose services with --profile",
}

// cures are what to do instead of a key that has no counterpart.
var cures = map[string]string{
	"cpu_count":                             "set spec.resources.limits",
	"cpu_percent":                           "set spec.resources.limits",
	"cpu_period":                            "set spec.resources.limits: cpu_quota divided by cpu_period",
	"cpu_quota":                             "set spec.resources.limits: cpu_quota divided by cpu_period",
	"cpu_shares":                            "set spec.resources.requests",
	"devices":                               "a device plugin offers devices as resources, in spec.resources.limits",
	"dns":                                   "pods ask the DNS of the cluster; set dnsConfig in spec.podTemplate.spec",
	"dns_opt":                               "set dnsConfig in spec.podTemplate.spec",
	"dns_search":                            "set dnsConfig in spec.podTemplate.spec",
	"external_links":                        "declare it as an external or service dependency",
	"gpus":                                  "set the resource of the device plugin in spec.resources.limits, such as nvidia.com/gpu",
	"ipc":                                   "set hostIPC in spec.podTemplate.spec, if it really needs that",
	"mac_address":                           "a pod cannot choose it",
	"models":                                "run the model as a service of its own, and declare it as a dependency",
	"network_mode":                          "a pod has its own network; what must share it is a second container in spec.podTemplate.spec.containers",
	"oom_kill_disable":                      "a container above its memory limit is killed: set the limit high enough",
	"oom_score_adj":                         "it follows from requests and limits",
	"pid":                                   "set hostPID or shareProcessNamespace in spec.podTemplate.spec, if it really needs that",
	"pids_limit":                            "the kubelet limits processes, for all pods of a node",
	"post_start":                            "set lifecycle.postStart of the container app in spec.podTemplate.spec",
	"pre_start":                             "write an init container in spec.podTemplate.spec.initContainers",
	"pre_stop":                              "set lifecycle.preStop of the container app in spec.podTemplate.spec",
	"runtime":                               "set runtimeClassName in spec.podTemplate.spec",
	"stop_signal":                           "the program has to end on SIGTERM, or set STOPSIGNAL in the image",
	"sysctls":                               "set securityContext.sysctls in spec.podTemplate.spec, if the kubelets allow it",
	"ulimits":                               "they are those of the container runtime",
	"use_api_socket":                        "there is no Docker in the cluster",
	"volumes_from":                          "what must share a folder is a second container in spec.podTemplate.spec.containers",
	"deploy.placement":                      "set nodeSelector or affinity in spec.podTemplate.spec",
	"deploy.labels":                         "they are labels of a Swarm service; put them into metadata.labels",
	"deploy.update_config":                  "spec.rollout decides how pods are replaced; by default never fewer serve than wanted",
	"deploy.resources.limits.pids":          "the kubelet limits processes, for all pods of a node",
	"deploy.resources.reservations.devices": "set the resource of the device plugin in spec.resources.limits, such as nvidia.com/gpu",
	"healthcheck.start_interval":            "a probe has one interval, spec.probes.readiness.periodSeconds",
}

// remaining reports the keys of the service that nothing else of this package converts.
func (s *conversion) remaining() {
	s.restartsAlways("restart", s.service.Restart)
	if len(s.service.Links) > 0 {
		s.changed("links", "they are dependencies")
	}
	s.leftOver("", s.service, converted...)
}

// leftOver reports the keys of a part of the Compose file that are set and not among those that are converted.
func (s *conversion) leftOver(prefix string, part any, converted ...string) {
	value := reflect.ValueOf(part)
	for _, field := range reflect.VisibleFields(value.Type()) {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if field.Anonymous || key == "" || key == "-" || slices.Contains(converted, key) {
			continue
		}
		if v := value.FieldByIndex(field.Index); v.IsZero() || hasLength(v) && v.Len() == 0 {
			continue
		}
		if key == "#extensions" {
			s.extensions(prefix, value.FieldByIndex(field.Index).Interface().(types.Extensions))
			continue
		}
		s.reportKey(strings.TrimPrefix(prefix+"."+key, "."))
	}
}

func hasLength(v reflect.Value) bool {
	return v.Kind() == reflect.Map || v.Kind() == reflect.Slice
}

func (s *conversion) extensions(prefix string, all types.Extensions) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s.changed(strings.TrimPrefix(prefix+"."+name, "."), "left out: an extension, which other tools read")
	}
}

func (s *conversion) reportKey(key string) {
	if reason, found := withoutLoss[key]; found {
		s.changed(key, "left out: %s", reason)
		return
	}
	if cure, found := cures[key]; found {
		s.notConverted(key, "no counterpart: %s", cure)
		return
	}
	s.notConverted(key, "no counterpart")
}
