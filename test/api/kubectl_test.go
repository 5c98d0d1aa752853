package api_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

func TestExplain(t *testing.T) {
	text := kubectl(t, "explain", "microservice.spec.ports")
	for _, want := range []string{"FIELD: ports <[]Object>", "ports are what the service listens on", "-required-"} {
		if !strings.Contains(text, want) {
			t.Errorf("kubectl explain does not say %q:\n%s", want, text)
		}
	}
}

func TestGetPrintsOurColumns(t *testing.T) {
	ms := microservice(t, rule{name: "printed", spec: "{}"})
	create(t, ms)
	set(t, ms, map[string]any{
		"observedGeneration": int64(1), "replicas": int64(2), "availableReplicas": int64(2), "dependenciesSummary": "2/3",
		"url": "http://printed.default.svc:80",
		"conditions": []any{map[string]any{
			"type": "Ready", "status": "True", "reason": "Available", "message": "2 of 2 replicas are available",
			"lastTransitionTime": "2026-01-02T03:04:05Z",
		}},
	}, "status")
	if err := kube.Status().Update(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	wantTable(t, kubectl(t, "get", "msvc", "printed"),
		"NAME READY REASON AVAILABLE REPLICAS DEPS AGE", "printed True Available 2 2 2/3")
	wantTable(t, kubectl(t, "get", "msvc", "printed", "-o", "wide"),
		"NAME READY REASON AVAILABLE REPLICAS DEPS IMAGE URL EXTERNAL MESSAGE AGE",
		"printed True Available 2 2 2/3 ghcr.io/acme/web:1.4.2 http://printed.default.svc:80 2 of 2 replicas are available")
	if all := kubectl(t, "get", "all"); !strings.Contains(all, "microservice.apps.microservice.dev/printed") {
		t.Errorf("kubectl get all does not show it:\n%s", all)
	}
}

// wantTable compares header and first line, whatever the width of the columns is.
func wantTable(t *testing.T, table, header, line string) {
	t.Helper()
	lines := strings.Split(table, "\n")
	if got := words(lines[0]); got != header {
		t.Errorf("header is %q, want %q", got, header)
	}
	if got := words(lines[1]); !strings.HasPrefix(got, line) {
		t.Errorf("line is %q, want %q", got, line)
	}
}

func words(line string) string {
	return strings.Join(strings.Fields(line), " ")
}

func TestSamplesApplyTwice(t *testing.T) {
	samples := filepath.Join(cluster.Root(), "config", "samples")
	for _, args := range applications(t, samples) {
		name := strings.Join(args, " ")
		t.Run(strings.TrimPrefix(name, samples+"/"), func(t *testing.T) {
			apply := append([]string{"apply"}, args...)
			first := kubectl(t, apply...)
			if !strings.Contains(first, "microservice.apps.microservice.dev/") {
				t.Errorf("there is no Microservice in it:\n%s", first)
			}
			for line := range strings.Lines(kubectl(t, apply...)) {
				if !strings.HasSuffix(strings.TrimSpace(line), " unchanged") {
					t.Errorf("a second apply says: %s", line)
				}
			}
		})
	}
}

// applications are the arguments of kubectl apply: -k for each kustomization, -f for each file beside them.
func applications(t *testing.T, samples string) [][]string {
	t.Helper()
	var all [][]string
	kustomizations, err := filepath.Glob(filepath.Join(samples, "*", "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range append(kustomizations, filepath.Join(samples, "kustomization.yaml")) {
		all = append(all, []string{"-k", filepath.Dir(k)})
	}
	files, err := filepath.Glob(filepath.Join(samples, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Base(f) != "kustomization.yaml" {
			all = append(all, []string{"-f", f})
		}
	}
	if len(kustomizations) == 0 || len(files) < 2 {
		t.Fatalf("found only %v", all)
	}
	return all
}

func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	said, err := server.Kubectl(args...)
	if err != nil {
		t.Error(err)
	}
	return said
}
