package compose_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
)

// examples are values of every key that a service may have. A new version of the library that knows another key fails TestEveryKey.
var examples = map[string]string{
	"annotations": "{a: b}", "attach": "false", "blkio_config": "{weight: 300}", "build": ".", "cap_add": "[NET_ADMIN]", "cap_drop": "[ALL]",
	"cgroup": "host", "cgroup_parent": "a", "command": "run", "configs": "[c]", "container_name": "ab", "cpu_count": "2", "cpu_percent": "50",
	"cpu_period": "1000", "cpu_quota": "1000", "cpu_rt_period": "1000", "cpu_rt_runtime": "1000", "cpu_shares": "100", "cpus": "1", "cpuset": "0-1",
	"credential_spec": "{file: a.json}", "depends_on": "[other]", "deploy": "{replicas: 2}", "develop": "{watch: [{path: a, action: rebuild}]}",
	"device_cgroup_rules": "['c 1:3 mr']", "devices": "['/dev/fuse:/dev/fuse']", "dns": "1.1.1.1", "dns_opt": "[ndots:1]", "dns_search": "a.example",
	"domainname": "a.example", "entrypoint": "run", "env_file": "a.env", "environment": "{A: b}", "expose": "['80']", "external_links": "[a]",
	"extra_hosts": "['a=10.0.0.1']", "gpus": "all", "group_add": "['1']", "healthcheck": "{test: run}", "hostname": "a", "init": "true", "ipc": "host",
	"isolation": "default", "label_file": "a.env", "labels": "{a: b}", "links": "[other]", "logging": "{driver: none}", "mac_address": "02:42:ac:11:65:43",
	"mem_limit": "1g", "mem_reservation": "1g", "mem_swappiness": "10", "memswap_limit": "1g", "models": "[m]", "network_mode": "host",
	"networks": "[n]", "oom_kill_disable": "true", "oom_score_adj": "100", "pid": "host", "pids_limit": "10", "platform": "linux/amd64", "ports": "['80']",
	"post_start": "[{command: [a]}]", "pre_start": "[{command: [a]}]", "pre_stop": "[{command: [a]}]", "privileged": "true", "profiles": "[p]",
	"provider": "{type: a}", "pull_policy": "always", "pull_refresh_after": "24h", "read_only": "true", "restart": "on-failure", "runtime": "a", "scale": "2",
	"secrets": "[s]", "security_opt": "['seccomp:unconfined']", "shm_size": "1g", "stdin_open": "true", "stop_grace_period": "1m", "stop_signal": "SIGINT",
	"storage_opt": "{size: 1g}", "sysctls": "{a: 1}", "tmpfs": "/a", "tty": "true", "ulimits": "{nofile: 1}", "umask": "18", "use_api_socket": "true",
	"user": "'1'", "userns_mode": "host", "uts": "host", "volumes": "['/a']", "volumes_from": "[other]", "working_dir": "/a",
}

// notKeys are fields that no Compose file sets: the loader fills or resolves them, or its schema refuses them.
var notKeys = []string{"name", "image", "extends", "dockerfile", "log_driver", "log_opt", "net", "volume_driver", "#extensions"}

// Every key of a service changes the Microservice or is reported, also one that a later version of the library adds.
func TestEveryKey(t *testing.T) {
	var known []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[types.ServiceConfig]()) {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if field.Anonymous || key == "" || key == "-" || slices.Contains(notKeys, key) {
			continue
		}
		known = append(known, key)
		value, found := examples[key]
		if !found {
			t.Errorf("no example of the key %s: add one, and convert the key or say in keys.go what to do instead", key)
			continue
		}
		t.Run(key, func(t *testing.T) {
			plain, set := project(t, ""), project(t, "    "+key+": "+value+"\n")
			if value := reflect.ValueOf(set.Services["a"]).FieldByIndex(field.Index); value.IsZero() {
				t.Fatal("the loader does not set the key")
			}
			before, after := convert(t, plain), convert(t, set)
			if encode(t, before.Microservices) == encode(t, after.Microservices) && encode(t, before.Findings) == encode(t, after.Findings) {
				t.Errorf("%s: %s changes nothing and is not reported", key, value)
			}
		})
	}
	for key := range examples {
		if !slices.Contains(known, key) {
			t.Errorf("%s is no key of a service any more", key)
		}
	}
}

// project has a service with the lines, and what they name. The files that they name are empty.
func project(t *testing.T, lines string) *types.Project {
	return loadText(t, "services:\n  a:\n    image: a:1\n"+lines+`  other: {image: "b:1"}
configs: {c: {file: a.env}}
secrets: {s: {file: a.env}}
networks: {n: {}}
models: {m: {model: ai/a}}
`)
}

func encode(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
