package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

const head = "apiVersion: apps.microservice.dev/v1alpha1\nkind: Microservice\nmetadata: {name: web}\nspec:\n  "

// What the API server would refuse is refused, with the field.
func TestRead(t *testing.T) {
	for name, tc := range map[string]struct {
		in    string
		want  int
		wrong []string
	}{
		"a Microservice":             {head + "image: a:1", 1, nil},
		"others are passed over":     {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\n" + head + "image: a:1", 1, nil},
		"a list":                     {"apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps.microservice.dev/v1alpha1\n  kind: Microservice\n  metadata: {name: web}\n  spec: {image: a:1}", 1, nil},
		"nothing":                    {"", 0, nil},
		"an unknown field":           {head + "image: a:1\n  imagee: b", 0, []string{"Microservice web", `unknown field "spec.imagee"`}},
		"the schema":                 {head + "replicas: -1", 0, []string{"spec.replicas", "spec.image"}},
		"a rule":                     {head + "image: a:1\n  replicas: 1\n  autoscaling: {maxReplicas: 2}", 0, []string{"spec"}},
		"no YAML":                    {"a: b: c", 0, []string{"yaml"}},
		"all errors, and what is ok": {head + "replicas: -1\n---\n" + head + "image: a:1", 1, []string{"spec.replicas"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := Reader{Namespace: "shop", In: strings.NewReader(tc.in)}
			all, err := r.Read(Stdin)
			if len(all) != tc.want {
				t.Errorf("%d Microservices, want %d", len(all), tc.want)
			}
			if (err != nil) != (tc.wrong != nil) {
				t.Fatalf("the error is %v", err)
			}
			for _, words := range tc.wrong {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%v does not say %q", err, words)
				}
			}
			for _, ms := range all {
				if ms.Namespace != "shop" {
					t.Errorf("the namespace is %q", ms.Namespace)
				}
			}
		})
	}
}

// A folder is read as a whole. The examples of the documentation are valid.
func TestReadFolder(t *testing.T) {
	samples := filepath.Join(cluster.Root(), "config", "samples")
	if _, err := os.Stat(samples); err != nil {
		t.Fatal(err)
	}
	all, err := (&Reader{Namespace: "shop"}).Read(samples)
	if err != nil || len(all) < 12 {
		t.Errorf("%d Microservices, %v", len(all), err)
	}
	if _, err := (&Reader{}).Read("nowhere"); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("of a missing folder it says %v", err)
	}
}
