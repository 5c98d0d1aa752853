package chart_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// alternative is another value than the default, as a user writes it, and what else has to be set for it to count.
type alternative struct {
	value, with string
}

// alternatives has an entry for each value in values.yaml.
var alternatives = map[string]alternative{
	"fullnameOverride":                         {value: "operator"},
	"commonLabels":                             {value: "{team: platform}"},
	"crds.enabled":                             {value: "false"},
	"crds.keep":                                {value: "false"},
	"image.registry":                           {value: "registry.example.com:5000"},
	"image.repository":                         {value: "mirror/operator"},
	"image.tag":                                {value: "v1"},
	"image.digest":                             {value: "sha256:" + strings.Repeat("0a", 32)},
	"image.pullPolicy":                         {value: "Always"},
	"imagePullSecrets":                         {value: "[{name: registry}]"},
	"replicas":                                 {value: "3"},
	"watchNamespaces":                          {value: "[shop]"},
	"leaderElection.id":                        {value: "shop.apps.microservice.dev"},
	"maxConcurrentReconciles":                  {value: "1000000"},
	"maxDependentRestarts":                     {value: "0"},
	"defaultMinReadySeconds":                   {value: "0"},
	"dns.namespace":                            {value: "openshift-dns"},
	"dns.podLabels":                            {value: `"k8s-app=kube-dns,tier="`},
	"dns.ports":                                {value: "[53, 5353]"},
	"dns.cidrs":                                {value: "[]"},
	"scraperNamespaces":                        {value: "[monitoring]"},
	"clusterCIDRs":                             {value: "[10.0.0.0/8, 'fd00::/8']"},
	"clusterDomain":                            {value: "cluster.local"},
	"gatewayAPI.enabled":                       {value: "true"},
	"gatewayAPI.gateway":                       {value: "gateways/public/https"},
	"gatewayAPI.peers":                         {value: `["envoy:app=envoy,tier=a", "istio:app=gateway"]`},
	"podMonitors.enabled":                      {value: "true"},
	"podMonitors.labels":                       {value: "{release: kube-prometheus-stack}"},
	"meshPorts":                                {value: "[15008/TCP]"},
	"copyLabels":                               {value: "[team, example.com/cost-center]"},
	"otlp.endpoint":                            {value: "http://otel-collector.observability:4317"},
	"otlp.protocol":                            {value: "http/protobuf", with: "otlp: {endpoint: 'http://otel'}"},
	"otlp.peers":                               {value: `"observability:app=otel,tier=a:4317"`},
	"log.level":                                {value: "2"},
	"log.format":                               {value: "console"},
	"extraArgs":                                {value: "[--enable-http2]"},
	"extraEnv":                                 {value: "[{name: GOMEMLIMIT, value: 400MiB}]"},
	"rbac.create":                              {value: "false"},
	"rbac.userRoles.create":                    {value: "false"},
	"rbac.userRoles.aggregate":                 {value: "false"},
	"serviceAccount.create":                    {value: "false"},
	"serviceAccount.name":                      {value: "operator"},
	"serviceAccount.annotations":               {value: "{example.com/role: operator}"},
	"metrics.enabled":                          {value: "false"},
	"metrics.secure":                           {value: "false"},
	"metrics.objects":                          {value: "none"},
	"metrics.port":                             {value: "9443"},
	"metrics.certificateSecret":                {value: "metrics"},
	"metrics.readers":                          {value: "[{name: prometheus, namespace: monitoring}]"},
	"metrics.service.annotations":              {value: `{example.com/scrape: "true"}`},
	"metrics.serviceMonitor.enabled":           {value: "true"},
	"metrics.serviceMonitor.labels":            {value: "{release: prometheus}", with: "metrics: {serviceMonitor: {enabled: true}}"},
	"metrics.serviceMonitor.interval":          {value: "1m30s", with: "metrics: {serviceMonitor: {enabled: true}}"},
	"metrics.serviceMonitor.scrapeTimeout":     {value: "10s", with: "metrics: {serviceMonitor: {enabled: true}}"},
	"metrics.serviceMonitor.tlsConfig":         {value: "{serverName: metrics}", with: "metrics: {serviceMonitor: {enabled: true}}"},
	"metrics.serviceMonitor.relabelings":       {value: "[{action: labeldrop, regex: pod}]", with: "metrics: {serviceMonitor: {enabled: true}}"},
	"metrics.serviceMonitor.metricRelabelings": {value: "[{action: labeldrop, regex: pod}]", with: "metrics: {serviceMonitor: {enabled: true}}"},
	"metrics.prometheusRule.enabled":           {value: "true"},
	"metrics.prometheusRule.labels":            {value: "{release: prometheus}", with: "metrics: {prometheusRule: {enabled: true}}"},
	"metrics.grafanaDashboard.enabled":         {value: "true"},
	"metrics.grafanaDashboard.labels.grafana_dashboard": {value: "yes-please", with: "metrics: {grafanaDashboard: {enabled: true}}"},
	"networkPolicy.enabled":                             {value: "false"},
	"networkPolicy.metricsFrom":                         {value: "[]"},
	"admissionPolicy.enabled":                           {value: "true"},
	"podDisruptionBudget.enabled":                       {value: "false"},
	"podDisruptionBudget.maxUnavailable":                {value: "50%"},
	"deploymentAnnotations":                             {value: "{example.com/owner: platform}"},
	"podAnnotations":                                    {value: "{example.com/owner: platform}"},
	"podLabels":                                         {value: "{team: platform}"},
	"priorityClassName":                                 {value: "system-cluster-critical"},
	"terminationGracePeriodSeconds":                     {value: "30"},
	"nodeSelector":                                      {value: "{kubernetes.io/os: linux}"},
	"tolerations":                                       {value: "[{operator: Exists}]"},
	"affinity":                                          {value: "{podAntiAffinity: {}}"},
	"topologySpreadConstraints":                         {value: "[{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]"},
	"resources.requests.cpu":                            {value: "1"},
	"resources.requests.memory":                         {value: "1Gi"},
	"resources.limits.cpu":                              {value: "null"},
	"resources.limits.memory":                           {value: "1Gi"},
	"podSecurityContext.runAsNonRoot":                   {value: "null"},
	"podSecurityContext.seccompProfile.type":            {value: "Unconfined"},
	"securityContext.allowPrivilegeEscalation":          {value: "null"},
	"securityContext.readOnlyRootFilesystem":            {value: "false"},
	"securityContext.capabilities.drop":                 {value: "[NET_RAW]"},
}

// TestEveryValueCounts: a value that changes nothing is a promise that is not kept.
func TestEveryValueCounts(t *testing.T) {
	leaves := leavesOf("", values(t, chartFile(t, "values.yaml")))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(alternatives)), slices.Sorted(maps.Keys(leaves))); diff != "" {
		t.Fatalf("values (-alternatives +values.yaml):\n%s", diff)
	}
	for path, a := range alternatives {
		t.Run(path, func(t *testing.T) {
			with := values(t, a.with)
			if !strings.HasPrefix(path, "crds.") {
				with["crds"] = map[string]any{"enabled": false} // it is long, and would take most of the time
			}
			before, after := standard(with), standard(merge(with, nested(t, path, a.value)))
			for name, h := range helms {
				without, err := h.render(before)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				changed, err := h.render(after)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if without.manifest == changed.manifest {
					t.Errorf("%s: %s changes nothing", name, path)
				}
				for _, words := range wordsOf(values(t, "value: "+a.value)) {
					if !strings.Contains(changed.manifest, words) {
						t.Errorf("%s: %s is %q, which is nowhere", name, path, words)
					}
				}
			}
		})
	}
}

// wordsOf returns the strings in a value: they must be found in what is rendered.
func wordsOf(value any) []string {
	var all []string
	switch value := value.(type) {
	case string:
		all = append(all, value)
	case []any:
		for _, item := range value {
			all = append(all, wordsOf(item)...)
		}
	case map[string]any:
		for _, item := range value {
			all = append(all, wordsOf(item)...)
		}
	}
	return all
}

// TestEveryValueIsExplained: README.md is made from the comments.
func TestEveryValueIsExplained(t *testing.T) {
	readme := chartFile(t, "README.md")
	for path := range leavesOf("", values(t, chartFile(t, "values.yaml"))) {
		if !regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(path) + ` \| [^|]+\| [^|]+\| \S[^|]+\|$`).MatchString(readme) {
			t.Errorf("README.md does not explain %s: it needs a comment with `# --` in values.yaml, and `make chart`", path)
		}
	}
}

// leavesOf returns the values that are no maps, and maps of the user's own, which are empty. Their keys are paths.
func leavesOf(path string, v map[string]any) map[string]any {
	all := map[string]any{}
	for key, value := range v {
		if inner, isMap := value.(map[string]any); isMap && len(inner) > 0 {
			maps.Copy(all, leavesOf(path+key+".", inner))
			continue
		}
		all[path+key] = value
	}
	return all
}

// nested returns values with one at a path.
func nested(t *testing.T, path, value string) map[string]any {
	t.Helper()
	keys := strings.Split(path, ".")
	text := strings.Join(keys, ": {") + ": " + value + strings.Repeat("}", len(keys)-1)
	return values(t, text)
}

// merge returns a with b added, as Helm does with two files of values.
func merge(a, b map[string]any) map[string]any {
	a = maps.Clone(a)
	for key, value := range b {
		inner, isMap := value.(map[string]any)
		if old, found := a[key].(map[string]any); isMap && found {
			a[key] = merge(old, inner)
			continue
		}
		a[key] = value
	}
	return a
}

// TestTypos misspells each key, at every level. The error must name it.
func TestTypos(t *testing.T) {
	paths := map[string]bool{}
	for path := range leavesOf("", values(t, chartFile(t, "values.yaml"))) {
		keys := strings.Split(path, ".")
		for i := range keys {
			paths[strings.Join(keys[:i+1], ".")] = true
		}
	}
	for path := range paths {
		if free := strings.HasPrefix(path, "resources.") && strings.Count(path, ".") == 2; free {
			continue // the names of resources are the cluster's
		}
		if strings.HasPrefix(path, "podSecurityContext.seccompProfile.") || strings.HasPrefix(path, "securityContext.capabilities.") {
			continue // the API server refuses them: they are fields of the Deployment
		}
		refused(t, nested(t, path+"s2", "true"), path[strings.LastIndex(path, ".")+1:]+"s2")
	}
}

// TestRefusedValues: what the manager or the API server would refuse is refused before anything is installed.
func TestRefusedValues(t *testing.T) {
	for text, want := range map[string]string{
		"replicas: -1":                                                        "/replicas",
		"replicas: two":                                                       "/replicas",
		"watchNamespaces: [shop-*]":                                           "/watchNamespaces/0",
		"watchNamespaces: shop":                                               "/watchNamespaces",
		"leaderElection: {id: ''}":                                            "/leaderElection/id",
		"maxConcurrentReconciles: 0":                                          "/maxConcurrentReconciles",
		"maxDependentRestarts: -1":                                            "/maxDependentRestarts",
		"defaultMinReadySeconds: 3601":                                        "/defaultMinReadySeconds",
		"dns: {namespace: ''}":                                                "/dns/namespace",
		"dns: {podLabels: kube-dns}":                                          "/dns/podLabels",
		"dns: {ports: []}":                                                    "/dns/ports",
		"dns: {ports: [0]}":                                                   "/dns/ports/0",
		"dns: {cidrs: [169.254.20.10]}":                                       "/dns/cidrs/0",
		"clusterCIDRs: [0.0.0.0/0]":                                           "/clusterCIDRs/0",
		"clusterDomain: Cluster.Local":                                        "/clusterDomain",
		"scraperNamespaces: [Monitoring]":                                     "/scraperNamespaces/0",
		"gatewayAPI: {gateway: public}":                                       "/gatewayAPI/gateway",
		"gatewayAPI: {peers: ['app=envoy']}":                                  "/gatewayAPI/peers/0",
		"podMonitors: {labels: release=stack}":                                "/podMonitors/labels",
		"meshPorts: [15008]":                                                  "/meshPorts/0",
		"meshPorts: [15008/tcp]":                                              "/meshPorts/0",
		"otlp: {endpoint: 'otel:4317'}":                                       "/otlp/endpoint",
		"otlp: {protocol: http}":                                              "/otlp/protocol",
		"otlp: {peers: observability}":                                        "/otlp/peers",
		"log: {level: warn}":                                                  "/log/level",
		"metrics: {port: 8081}":                                               "/metrics/port",
		"metrics: {serviceMonitor: {interval: often}}":                        "/metrics/serviceMonitor/interval",
		"metrics: {readers: [{name: prometheus}]}":                            "namespace",
		"image: {digest: 'sha256:12'}":                                        "/image/digest",
		"image: {registry: registry.example.com/mirror}":                      "/image/registry",
		"imagePullSecrets: [registry]":                                        "/imagePullSecrets/0",
		"commonLabels: {version: 1}":                                          "/commonLabels/version",
		"networkPolicy: {metricsFrom: [{}]}":                                  "/networkPolicy/metricsFrom/0",
		"networkPolicy: {metricsFrom: [{matchLabels: {}}]}":                   "matchLabels",
		"podDisruptionBudget: {maxUnavailable: half}":                         "/podDisruptionBudget/maxUnavailable",
		"extraArgs: [leader-elect]":                                           "/extraArgs/0",
		"copyLabels: [team=a]":                                                "/copyLabels/0",
		"fullnameOverride: a-name-that-is-too-long-for-what-follows-after-it": "/fullnameOverride",
	} {
		refused(t, values(t, text), want)
	}
}

// refused expects that both versions of Helm refuse the values, with words in the error.
func refused(t *testing.T, v map[string]any, words string) {
	t.Helper()
	for name, h := range helms {
		if _, err := h.render(standard(v)); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s does not refuse %v with %q: %v", name, v, words, err)
		}
	}
}

// TestParentChart: Helm hands global to every subchart, and a parent's condition is a value of its subchart.
func TestParentChart(t *testing.T) {
	for name, h := range helms {
		if _, err := h.render(standard(values(t, "{enabled: true, global: {registry: example.com}}"))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// schema is a part of values.schema.json.
type schema struct {
	Type                 any                `json:"type"`
	Properties           map[string]*schema `json:"properties"`
	AdditionalProperties any                `json:"additionalProperties"`
	Definitions          map[string]*schema `json:"definitions"`
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	s := &schema{}
	if err := json.Unmarshal([]byte(chartFile(t, "values.schema.json")), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchemaHasNoOtherValues: what the schema admits and values.yaml lacks would be a value that nobody reads.
func TestSchemaHasNoOtherValues(t *testing.T) {
	s := readSchema(t)
	delete(s.Properties, "global")
	delete(s.Properties, "enabled")
	sameKeys(t, "", s, values(t, chartFile(t, "values.yaml")))
}

func sameKeys(t *testing.T, path string, s *schema, v map[string]any) {
	t.Helper()
	if len(s.Properties) == 0 {
		return
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(v)), slices.Sorted(maps.Keys(s.Properties))); diff != "" {
		t.Errorf("%s (-values.yaml +schema):\n%s", path, diff)
	}
	for key, inner := range s.Properties {
		if m, isMap := v[key].(map[string]any); isMap {
			sameKeys(t, fmt.Sprintf("%s/%s", path, key), inner, m)
		}
	}
}

// TestSchemaKnowsKubernetes: the schema lists the fields of these types, so that it can refuse others.
func TestSchemaKnowsKubernetes(t *testing.T) {
	definitions := readSchema(t).Definitions
	for name, of := range map[string]any{
		"toleration":               corev1.Toleration{},
		"affinity":                 corev1.Affinity{},
		"topologySpreadConstraint": corev1.TopologySpreadConstraint{},
		"podSecurityContext":       corev1.PodSecurityContext{},
		"securityContext":          corev1.SecurityContext{},
		"envVar":                   corev1.EnvVar{},
		"networkPolicyPeer":        networkingv1.NetworkPolicyPeer{},
	} {
		var want []string
		for field := range reflect.TypeOf(of).Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			want = append(want, key)
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(definitions[name].Properties))); diff != "" {
			t.Errorf("%s (-Kubernetes +schema):\n%s", name, diff)
		}
	}
}
