package api_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// everyStruct has an empty object wherever one of our own types has a default.
const everyStruct = `
service: {annotations: {a: b}}
allowedDependents: {}
networkPolicy: {ingress: [{}]}
rollout: {maxSurge: 1}
`

// everyList has every list of our own types, and nothing in an item but what is required.
const everyList = `
imagePullSecrets: [{name: registry}]
command: [web]
args: [serve]
env: [{name: A}, {name: B, value: ""}, {name: C, valueFrom: {secretKeyRef: {name: a, key: b}}}]
envFrom: [{secretRef: {name: a}}, {prefix: P_, configMapRef: {name: a}}]
ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]
dependencies:
- name: payments
- {name: db, service: {name: postgres}}
- {name: api, external: {cidrs: [10.0.0.0/8], ports: [{port: 443}]}}
service: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8]}
networkPolicy: {ingress: [{ports: [{port: 80}], from: [{podSelector: {}}]}], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
autoscaling:
  maxReplicas: 3
  metrics: [{type: Pods, pods: {metric: {name: m}, target: {type: AverageValue, averageValue: "1"}}}]
probes: {readiness: {httpGet: {port: http, httpHeaders: [{name: a, value: b}]}}, liveness: {grpc: {port: 80}}}
resources: {requests: {cpu: "0.1", memory: 1024Mi}}
`

func TestMinimalObjectIsStoredAsWritten(t *testing.T) {
	ms := microservice(t, rule{name: "minimal", spec: "{}"})
	want := ms.DeepCopy()
	create(t, ms)
	get(t, ms)
	if !reflect.DeepEqual(ms.Object["spec"], want.Object["spec"]) {
		t.Errorf("spec is stored as %v, was %v", ms.Object["spec"], want.Object["spec"])
	}
	if status := map[string]any{"observedGeneration": int64(-1)}; !reflect.DeepEqual(ms.Object["status"], status) {
		t.Errorf("status is %v, want %v", ms.Object["status"], status)
	}
}

func TestDefaultsOfStructs(t *testing.T) {
	ms := microservice(t, rule{name: "structs", spec: everyStruct})
	want := microservice(t, rule{spec: `
service: {annotations: {a: b}, type: ClusterIP}
allowedDependents: {from: Same}
networkPolicy: {ingress: [{}], isolation: Full}
rollout: {maxSurge: 1, strategy: RollingUpdate}
`})
	create(t, ms)
	if !reflect.DeepEqual(ms.Object["spec"], want.Object["spec"]) {
		t.Errorf("spec is stored as %v, want %v", ms.Object["spec"], want.Object["spec"])
	}
}

// TestNoDefaultsInLists holds for our types. Those that Kubernetes has are empty names, which nobody leaves out, and the
// optional of an environment file.
func TestNoDefaultsInLists(t *testing.T) {
	known := []string{
		"spec.env[].valueFrom.configMapKeyRef.name",
		"spec.env[].valueFrom.fileKeyRef.optional",
		"spec.env[].valueFrom.secretKeyRef.name",
		"spec.envFrom[].configMapRef.name",
		"spec.envFrom[].secretRef.name",
		"spec.imagePullSecrets[].name",
	}
	walk(t, func(field string, s *schema) {
		if s.Default != nil && strings.Contains(field, "[") && !slices.Contains(known, field) {
			t.Errorf("%s has the default %s: a client-side apply takes it for a change", field, s.Default.Raw)
		}
	})
}

func TestApplyingAgainChangesNothing(t *testing.T) {
	for name, spec := range map[string]string{
		"the smallest spec": "{}",
		"every struct":      everyStruct,
		"every list":        everyList,
		"the full sample":   fullSample(t),
	} {
		t.Run(name, func(t *testing.T) {
			wanted := microservice(t, rule{name: "again", spec: spec})
			stored := wanted.DeepCopy()
			create(t, stored)
			get(t, stored)
			if patch := applyPatch(t, wanted, stored); patch != "{}" {
				t.Errorf("a second kubectl apply would send %s", patch)
			}
			sameAfterPut(t, stored)
		})
	}
}

// sameAfterPut writes back what was read. The first write stores the default of status, which so far the server added
// at each read: that is a new resourceVersion, and nothing else.
func sameAfterPut(t *testing.T, stored *unstructured.Unstructured) {
	t.Helper()
	again := stored.DeepCopy()
	put(t, again)
	stored.SetResourceVersion(again.GetResourceVersion())
	put(t, again)
	if !reflect.DeepEqual(again.Object, stored.Object) {
		t.Errorf("a PUT of what GET answered changed it to %v, was %v", again.Object, stored.Object)
	}
}

// applyPatch is what kubectl apply sends for a custom resource, when wanted is what it applied last.
func applyPatch(t *testing.T, wanted, stored *unstructured.Unstructured) string {
	t.Helper()
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(marshal(t, wanted), marshal(t, wanted), marshal(t, stored))
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}

func marshal(t *testing.T, ms *unstructured.Unstructured) []byte {
	t.Helper()
	content, err := json.Marshal(ms.Object)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func put(t *testing.T, ms *unstructured.Unstructured) {
	t.Helper()
	if err := kube.Update(context.Background(), ms); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, ms *unstructured.Unstructured) {
	t.Helper()
	if err := kube.Get(context.Background(), client.ObjectKeyFromObject(ms), ms); err != nil {
		t.Fatal(err)
	}
}

func fullSample(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(cluster.Root(), "config", "samples", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := yaml.Marshal(parse(t, string(content))["spec"])
	if err != nil {
		t.Fatal(err)
	}
	return string(spec)
}
