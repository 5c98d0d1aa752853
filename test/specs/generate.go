// Package specs makes specs of Microservices from the CRD's schema: what users write, and what they should not.
package specs

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

type jsonSchema = apiextensionsv1.JSONSchemaProps

// Generator makes values of the CRD's schema: mostly what users write, now and then what they should not. The same seed
// gives the same values.
type Generator struct {
	random *rand.Rand
	spec   jsonSchema
}

// New reads the schema from config/crd.
func New(seed int64) (*Generator, error) {
	crd, err := cluster.CRD()
	if err != nil {
		return nil, err
	}
	return &Generator{
		random: rand.New(rand.NewSource(seed)),
		spec:   crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"],
	}, nil
}

// ordinary are values that fields of a name usually have. Others get words.
var ordinary = map[string][]any{
	"image":                    {"example.com/web:1", "example.com/web:2", "example.com/web@sha256:" + strings.Repeat("a", 64)},
	"replicas":                 {0, 1, 2, 3},
	"minReplicas":              {1, 2, 3},
	"maxReplicas":              {1, 3, 5},
	"targetPort":               {8080, 9090},
	"appProtocol":              {"http", "kubernetes.io/h2c"},
	"cpu":                      {"100m", "1", "0.5"},
	"memory":                   {"64Mi", "1Gi"},
	"maxSurge":                 {1, "25%"},
	"maxUnavailable":           {0, 1, "50%"},
	"minAvailable":             {1, "50%"},
	"cidrs":                    {"10.0.0.0/8", "192.168.0.0/16"},
	"cidr":                     {"10.0.0.0/8", "192.168.0.0/16"},
	"except":                   {"10.1.0.0/16"},
	"loadBalancerSourceRanges": {"10.0.0.0/8"},
	"host":                     {"api.example.com", "db.example.com"},
	"path":                     {"/", "/healthz"},
	"hostnames":                {"shop.example.com", "*.example.com"},
	"paths":                    {"/shop", "/cart"},
	"timeout":                  {"30s"},
	"interval":                 {"30s", "1m"},
	"operator":                 {"In", "NotIn", "Exists"},
	"spec":                     {map[string]any{"nodeSelector": map[string]any{"disk": "ssd"}}, map[string]any{"terminationGracePeriodSeconds": 45}, map[string]any{"containers": []any{map[string]any{"name": "app", "tty": true}, map[string]any{"name": "proxy", "image": "example.com/proxy:1"}}}},
}

// words are names, keys and values of everything else.
var words = []string{"http", "grpc", "metrics", "db", "api", "a-1"}

func (g *Generator) value(name string, s jsonSchema, much float64) any {
	switch {
	case s.Enum != nil:
		var value any
		_ = json.Unmarshal(s.Enum[g.random.Intn(len(s.Enum))].Raw, &value)
		return value
	case ordinary[name] != nil && s.Type != "array" && (s.Type != "object" || s.XPreserveUnknownFields != nil):
		return ordinary[name][g.random.Intn(len(ordinary[name]))]
	case s.XIntOrString:
		return 1
	case s.Type == "object":
		return g.object(s, name, much)
	case s.Type == "array":
		return g.array(name, s, much)
	case s.Type == "integer":
		return g.integer(name, s)
	case s.Type == "boolean":
		return g.random.Intn(2) == 0
	}
	return words[g.random.Intn(len(words))]
}

func (g *Generator) object(s jsonSchema, name string, much float64) any {
	value := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, key) || g.random.Float64() < much {
			value[key] = g.value(key, s.Properties[key], much*0.7)
		}
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		keys := []string{"example.com/a", "b"}
		if name == "limits" || name == "requests" {
			keys = []string{"cpu", "memory"}
		}
		for _, key := range keys[:g.random.Intn(len(keys)+1)] {
			value[key] = g.value(key, *s.AdditionalProperties.Schema, much)
		}
	}
	return value
}

func (g *Generator) array(name string, s jsonSchema, much float64) any {
	values := []any{}
	seen := map[string]bool{}
	n := g.random.Intn(3)
	if s.MinItems != nil {
		n = max(n, int(*s.MinItems))
	}
	for range n {
		item := g.value(name, *s.Items.Schema, much)
		key := fmt.Sprint(item)
		if o, ok := item.(map[string]any); ok && len(s.XListMapKeys) > 0 {
			key = fmt.Sprint(o[s.XListMapKeys[0]])
		}
		if !seen[key] {
			values = append(values, item)
		}
		seen[key] = true
	}
	return values
}

func (g *Generator) integer(name string, s jsonSchema) any {
	least, most := 1, 30
	// What an integer can hold at all is no ordinary value.
	if s.Minimum != nil && *s.Minimum >= 0 {
		least = int(*s.Minimum)
	}
	if s.Maximum != nil && *s.Maximum < math.MaxInt32 {
		most = min(int(*s.Maximum), least+1000)
	}
	if name == "port" {
		return []any{80, 8080, 9090}[g.random.Intn(3)]
	}
	return least + g.random.Intn(max(1, min(most-least, 30)))
}

// Spec is a spec of ordinary values. The API server may refuse it, for rules that a schema cannot have.
func (g *Generator) Spec() map[string]any {
	spec := clone(g.value("", g.spec, 0.4)).(map[string]any)
	fit(spec)
	return spec
}

// fit makes fields that a schema cannot relate fit together, as users do: a route and metrics lead to the first port, an account and
// an autoscaler are either the operator's or somebody else's, and nodes have ports where the Service has.
func fit(spec map[string]any) {
	if spec["serviceAccountName"] != nil {
		delete(spec, "serviceAccount")
	}
	fitPorts(spec)
	fitAutoscaling(spec)
}

func fitPorts(spec map[string]any) {
	service, _ := spec["service"].(map[string]any)
	if kind := service["type"]; kind == nil || kind == "ClusterIP" {
		for _, port := range list(spec["ports"]) {
			delete(port.(map[string]any), "nodePort")
		}
	}
	if service["headless"] == true {
		for _, port := range list(spec["ports"]) {
			delete(port.(map[string]any), "targetPort")
		}
	}
	ports := list(spec["ports"])
	observability, _ := spec["observability"].(map[string]any)
	if len(ports) == 0 {
		delete(spec, "route")
		delete(observability, "metrics")
	} else {
		name := ports[0].(map[string]any)["name"]
		if route, found := spec["route"].(map[string]any); found {
			route["port"] = name
			if route["kind"] == "GRPCRoute" {
				delete(route, "paths")
				delete(route, "stripPrefix")
				delete(route, "timeout")
			} else if route["stripPrefix"] == true && route["paths"] == nil {
				delete(route, "stripPrefix")
			}
		}
		if metrics, found := observability["metrics"].(map[string]any); found {
			metrics["port"] = name
		}
	}
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

func fitAutoscaling(spec map[string]any) {
	autoscaling, found := spec["autoscaling"].(map[string]any)
	if !found {
		return
	}
	delete(spec, "replicas")
	if external := autoscaling["external"]; external != nil {
		spec["autoscaling"] = map[string]any{"external": external}
	} else if autoscaling["maxReplicas"] == nil {
		autoscaling["maxReplicas"] = int64(5)
	}
}

// Change is one edit of a spec, with what it does in words.
func (g *Generator) Change(spec map[string]any) (changed map[string]any, what string) {
	changed = clone(spec).(map[string]any)
	what = g.edit(changed, g.spec, "spec")
	return clone(changed).(map[string]any), what
}

// edit sets, changes, deletes or misuses one field, here or further down.
func (g *Generator) edit(o map[string]any, s jsonSchema, path string) string {
	keys := slices.Sorted(maps.Keys(s.Properties))
	key := keys[g.random.Intn(len(keys))]
	field := s.Properties[key]
	at := path + "." + key
	present, is := o[key]
	if deeper, ok := present.(map[string]any); ok && len(field.Properties) > 0 && g.random.Intn(2) == 0 {
		return g.edit(deeper, field, at)
	}
	if list, ok := present.([]any); ok && len(list) > 0 && g.random.Intn(2) == 0 {
		if item, ok := list[0].(map[string]any); ok && len(field.Items.Schema.Properties) > 0 {
			return g.edit(item, *field.Items.Schema, at+"[0]")
		}
	}
	switch n := g.random.Intn(10); {
	case n == 0:
		o[key] = g.wrong(field)
		return fmt.Sprintf("misuse %s: %v", at, o[key])
	case is && n < 4 && !slices.Contains(s.Required, key):
		delete(o, key)
		return "delete " + at
	}
	o[key] = g.value(key, field, 0.5)
	return fmt.Sprintf("set %s: %v", at, o[key])
}

// wrong is what does not belong into a field.
func (g *Generator) wrong(s jsonSchema) any {
	switch s.Type {
	case "integer":
		return []any{-1, 0, 1 << 31, aboveMaximum(s), "five"}[g.random.Intn(5)]
	case "string":
		return []any{"", strings.Repeat("x", 2000), "Größe \x1b[31m%s\n", 5, "a b"}[g.random.Intn(5)]
	case "array":
		return []any{"no list", []any{map[string]any{"nonsense": true}}}[g.random.Intn(2)]
	case "boolean":
		return "perhaps"
	}
	return []any{5, []any{}, map[string]any{"nonsense": true}}[g.random.Intn(3)]
}

// aboveMaximum is one more than a field may hold: a number that is large and allowed would be as many pods.
func aboveMaximum(s jsonSchema) int64 {
	if s.Maximum == nil {
		return math.MaxInt32 + 1
	}
	return int64(*s.Maximum) + 1
}

// clone copies a value into the types that JSON has in Kubernetes' unstructured objects.
func clone(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case map[string]any:
		c := make(map[string]any, len(v))
		for key, field := range v {
			c[key] = clone(field)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, item := range v {
			c[i] = clone(item)
		}
		return c
	}
	return value
}
