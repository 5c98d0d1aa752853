package explain

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// world returns Microservices by name and spec, all in the namespace shop. A name with a slash has another namespace. A spec may have a
// status beside its fields.
func world(t *testing.T, specs map[string]string) World {
	t.Helper()
	w := NewWorld()
	w.Autoscalers = []autoscalingv2.HorizontalPodAutoscaler{autoscalerOf("scaled", nil)}
	for name, spec := range specs {
		ms := &v1alpha1.Microservice{}
		ms.Namespace, ms.Name = "shop", name
		if i := slices.Index([]byte(name), '/'); i >= 0 {
			ms.Namespace, ms.Name = name[:i], name[i+1:]
		}
		fields := struct {
			v1alpha1.MicroserviceSpec `json:",inline"`
			Status                    v1alpha1.MicroserviceStatus `json:"status"`
		}{}
		if err := yaml.UnmarshalStrict([]byte(spec), &fields); err != nil {
			t.Fatal(err)
		}
		ms.Spec, ms.Status = fields.MicroserviceSpec, fields.Status
		w.Add(ms)
	}
	return w
}

// autoscalerOf returns an autoscaler of the Deployment of that name, which owner controls unless it is nil.
func autoscalerOf(name string, owner *v1alpha1.Microservice) autoscalingv2.HorizontalPodAutoscaler {
	a := autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "by-requests"}}
	a.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: name}
	if owner != nil {
		a.OwnerReferences = []metav1.OwnerReference{{UID: owner.UID, Controller: new(true)}}
	}
	return a
}

// sound is a spec without a weakness.
const sound = `
image: example.com/a:1
replicas: 2
ports: [{name: http, port: 80}]
probes: {readiness: {httpGet: {port: http}}}
resources: {limits: {memory: 64Mi}}
`

func with(more string) string { return sound + more }

// many are n Microservices that depend on target.
func many(n int, target string) map[string]string {
	all := map[string]string{target: sound}
	for i := range n {
		all[fmt.Sprintf("m%d", i)] = with("dependencies: [{name: " + target + "}]")
	}
	return all
}

// examples trigger a code, and do not.
var examples = map[string]struct{ bad, good map[string]string }{
	"MSV101": {
		map[string]string{"web": with("dependencies: [{name: db}]")},
		map[string]string{"web": with("dependencies: [{name: db}, {name: gone, optional: true}]"), "db": sound},
	},
	"MSV102": {
		map[string]string{"web": with("dependencies: [{name: db, microservice: {name: db, namespace: data}}]"), "data/db": sound},
		map[string]string{"web": with("dependencies: [{name: db, microservice: {name: db, namespace: data}}]"), "data/db": with("allowedDependents: {from: All}")},
	},
	"MSV103": {
		map[string]string{"a": with("dependencies: [{name: b}]"), "b": with("dependencies: [{name: a}]")},
		map[string]string{"a": with("dependencies: [{name: b}]"), "b": sound},
	},
	"MSV104": {
		map[string]string{"web": with("route: {hostnames: [a.example.com]}\nstatus: {conditions: [{type: Routed, status: 'False', reason: GatewayNotSet}]}")},
		map[string]string{
			"web": with("route: {hostnames: [a.example.com]}"),
			"api": with("route: {hostnames: [b.example.com]}\nstatus: {conditions: [{type: Routed, status: 'False', reason: CRDNotInstalled}]}"),
		},
	},
	"MSV201": {many(10, "hub"), many(9, "hub")},
	"MSV202": {
		map[string]string{
			"a": with("dependencies: [{name: b}]"), "b": with("dependencies: [{name: c}]"), "c": with("dependencies: [{name: d}]"),
			"d": with("dependencies: [{name: e}]"), "e": with("dependencies: [{name: f}]"), "f": sound,
		},
		map[string]string{
			"a": with("dependencies: [{name: b}]"), "b": with("dependencies: [{name: c}]"), "c": with("dependencies: [{name: d, optional: true}]"),
			"d": with("dependencies: [{name: e}]"), "e": with("dependencies: [{name: f}]"), "f": sound,
		},
	},
	"MSV203": {
		map[string]string{"a": with("dependencies: [{name: pg, service: {name: postgres}}]"), "b": with("dependencies: [{name: pg, service: {name: postgres}}]")},
		map[string]string{"a": with("dependencies: [{name: pg, service: {name: postgres}}]"), "b": with("dependencies: [{name: q, service: {name: queue}}]"), "c": with("dependencies: [{name: q, service: {name: queue}}]")},
	},
	"MSV206": {
		map[string]string{"web": with("dependencies: [{name: mail, external: {host: mail.example.com, ports: [{port: 587}]}}]")},
		map[string]string{"web": with("dependencies: [{name: mail, external: {host: mail.example.com, cidrs: [192.0.2.0/24], ports: [{port: 587}]}}]")},
	},
	"MSV207": {
		map[string]string{"web": "{image: a:1, autoscaling: {maxReplicas: 3}}"},
		map[string]string{
			"web": "{image: a:1, autoscaling: {maxReplicas: 3}, resources: {requests: {cpu: 100m}}}", "api": "{image: a:1, autoscaling: {external: {}}}",
		},
	},
	"MSV208": {
		map[string]string{"web": "image: localhost:5000/web"},
		map[string]string{"web": "image: localhost:5000/web:1", "api": "image: web@sha256:" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	},
	"MSV209": {
		map[string]string{"web": with("dependencies: [{name: db}]"), "db": "image: a:1"},
		map[string]string{"web": with("dependencies: [{name: db}]"), "db": sound, "lonely": "image: a:1"},
	},
	"MSV210": {
		map[string]string{"web": with("dependencies: [{name: db}]\nnetworkPolicy: {isolation: None}"), "db": sound},
		map[string]string{"web": with("dependencies: [{name: db}]"), "db": with("networkPolicy: {isolation: None}")},
	},
	"MSV211": {
		map[string]string{"scaled": sound},
		map[string]string{"scaled": "{image: a:1, autoscaling: {external: {}}}", "web": sound, "other/scaled": sound},
	},
	"MSV212": {
		map[string]string{"web": with("route: {hostnames: [a.example.com], paths: [/shop]}"), "api": with("route: {hostnames: [b.example.com, a.example.com], paths: [/, /shop/]}")},
		map[string]string{
			"web":  with("route: {hostnames: [a.example.com]}"),
			"api":  with("route: {hostnames: [a.example.com], paths: [/api]}"),
			"all":  with("route: {hostnames: ['*.example.com']}"),
			"far":  with("route: {hostnames: [a.example.com], gateway: {name: internal}}"),
			"tls":  with("route: {hostnames: [c.example.com], gateway: {name: public, sectionName: https}}"),
			"http": with("route: {hostnames: [c.example.com], gateway: {name: public, sectionName: http}}"),
		},
	},
	"MSV301": {
		map[string]string{"web": "{image: a:1, ports: [{port: 80}]}"},
		map[string]string{"web": sound, "worker": "image: a:1"},
	},
	"MSV302": {map[string]string{"web": "image: a:1"}, map[string]string{"web": sound}},
	"MSV303": {map[string]string{"web": with("envFrom: [{configMapRef: {name: a}}]")}, map[string]string{"web": sound}},
}

// Each code has an example that triggers it, and one that does not.
func TestAnalyze(t *testing.T) {
	for _, c := range Checks {
		example, found := examples[c.Code]
		if !found {
			t.Errorf("%s has no example", c.Code)
			continue
		}
		t.Run(c.Code, func(t *testing.T) {
			only := func(code string) bool { return code == c.Code }
			found := NewSystem(world(t, example.bad)).Analyze(only)
			if len(found) == 0 {
				t.Error("the bad example is not found")
			}
			for _, f := range found {
				if f.Message == "" || f.Cure == "" || f.Field == "" || f.Severity != c.Severity {
					t.Errorf("%+v", f)
				}
			}
			if found := NewSystem(world(t, example.good)).Analyze(only); len(found) > 0 {
				t.Errorf("of the good example it says %+v", found)
			}
		})
	}
}

// An autoscaler of somebody else is named, with the way to leave the number to it.
func TestAnalyzeSecondScaler(t *testing.T) {
	ms := func(spec string) *v1alpha1.Microservice {
		only := world(t, map[string]string{"scaled": spec}).Sorted()[0]
		only.UID = "its-uid"
		return only
	}
	for name, tc := range map[string]struct {
		spec  string
		owned bool
		field string
	}{
		"beside a fixed number":     {"replicas: 2", false, "spec.replicas"},
		"beside the operator's own": {"autoscaling: {maxReplicas: 3}", false, "spec.autoscaling.maxReplicas"},
		"it is the operator's own":  {"autoscaling: {maxReplicas: 3}", true, ""},
		"it does nothing at 0":      {"replicas: 0", false, ""},
		"it is what is declared":    {"autoscaling: {external: {}}", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := ms(tc.spec)
			w := NewWorld(m)
			if !tc.owned {
				m = nil
			}
			w.Autoscalers = []autoscalingv2.HorizontalPodAutoscaler{autoscalerOf("scaled", m)}
			found := NewSystem(w).Analyze(func(code string) bool { return code == "MSV211" })
			switch {
			case tc.field == "" && len(found) > 0:
				t.Errorf("%+v is reported", found)
			case tc.field != "" && (len(found) != 1 || found[0].Field != tc.field ||
				!strings.Contains(found[0].Message, "HorizontalPodAutoscaler by-requests") || !strings.Contains(found[0].Cure, "external: {}")):
				t.Errorf("%+v, want one in %s", found, tc.field)
			}
		})
	}
}

// An annotation keeps a code quiet, for its Microservice only.
func TestAnalyzeIgnores(t *testing.T) {
	w := world(t, map[string]string{"a": "image: a", "b": "image: b"})
	for key, ms := range w.Microservices {
		if key.Name == "a" {
			ms.Annotations = map[string]string{AnnotationIgnore: "MSV208, MSV302"}
		}
	}
	for _, f := range NewSystem(w).Analyze(func(string) bool { return true }) {
		if f.Name == "a" {
			t.Errorf("%+v is reported", f)
		}
	}
	if len(NewSystem(w).Analyze(func(code string) bool { return code == "MSV208" })) != 1 {
		t.Error("of b nothing is said")
	}
}

func TestCoupling(t *testing.T) {
	w := world(t, map[string]string{
		"web": with("dependencies: [{name: a}, {name: mail, external: {host: m, ports: [{port: 25}]}}, {name: db, service: {name: db}}]"),
		"a":   with("dependencies: [{name: b}]"), "b": with("dependencies: [{name: a}, {name: c}]"), "c": sound,
	})
	if got, want := NewSystem(w).Coupling(), (Coupling{Services: 4, Edges: 4, LongestChain: 3, LargestCycle: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// What a gateway does with two routes of one host depends on their Gateways, listeners and kinds.
func TestSameRequests(t *testing.T) {
	for name, tc := range map[string]struct {
		a, b string
		want bool
	}{
		"the operator's Gateway":        {"hostnames: [a.example.com]", "hostnames: [a.example.com]", true},
		"one that both name":            {"hostnames: [a.example.com], gateway: {name: g}", "hostnames: [a.example.com], gateway: {name: g, namespace: shop}", true},
		"one named, one not":            {"hostnames: [a.example.com], gateway: {name: g}", "hostnames: [a.example.com]", false},
		"of one, all listeners":         {"hostnames: [a.example.com], gateway: {name: g}", "hostnames: [a.example.com], gateway: {name: g, sectionName: https}", true},
		"HTTP and gRPC share no host":   {"hostnames: [a.example.com], paths: [/a]", "hostnames: [a.example.com], kind: GRPCRoute", true},
		"HTTP and gRPC of other hosts":  {"hostnames: [a.example.com]", "hostnames: [b.example.com], kind: GRPCRoute", false},
		"paths below each other":        {"hostnames: [a.example.com], paths: [/a]", "hostnames: [a.example.com], paths: [/a/b]", false},
		"one path with another's slash": {"hostnames: [a.example.com], paths: [/]", "hostnames: [a.example.com]", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := world(t, map[string]string{"a": with("route: {" + tc.a + "}"), "b": with("route: {" + tc.b + "}"), "none": sound})
			found := NewSystem(w).Analyze(func(code string) bool { return code == "MSV212" })
			if got := len(found); got != 2 && tc.want || got != 0 && !tc.want {
				t.Errorf("%+v, want any: %t", found, tc.want)
			}
		})
	}
}
