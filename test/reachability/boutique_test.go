package reachability_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/golden"
)

const (
	boutique        = "online-boutique"
	boutiqueSamples = "../../config/samples/online-boutique"
	boutiqueMatrix  = "testdata/online-boutique.txt"
)

// The policies of the sample open the ways that its files declare, and no other.
func TestOnlineBoutique(t *testing.T) {
	w := boutiqueWorld(t)
	built := build(t, w)
	peers := peersOf(w, built)
	e, m := newEngine(w, built, peers), newModel(w)

	table := newMatrix(peers)
	w.connections(peers, func(c connection) {
		got := e.allows(c)
		table.add(c, got)
		if want := m.judge(c); got != want.allow() {
			t.Error(disagreement(c, got, want, built))
		}
	})
	t.Logf("\n%s", table)
	golden.Compare(t, boutiqueMatrix, table.String())

	if diff := cmp.Diff(declaredWays(t), table.waysBetweenMicroservices()); diff != "" {
		t.Errorf("the open ways differ from what the files declare (-declared +open):\n%s", diff)
	}
	frontend := built[key{Namespace: boutique, Name: "frontend"}].pod
	cart := built[key{Namespace: boutique, Name: "cartservice"}].pod
	if !e.allows(connection{from: frontend, to: cart, port: 7070, protocol: corev1.ProtocolTCP}) {
		t.Error("frontend does not reach cartservice on 7070")
	}
	if open := table.open[way{from: cart, to: frontend}]; len(open) > 0 {
		t.Errorf("cartservice reaches frontend on %v", open)
	}
}

// boutiqueWorld is the sample in one namespace, with neighbours that nobody declared.
func boutiqueWorld(t *testing.T) *world {
	t.Helper()
	w := &world{namespaces: map[string]map[string]string{}, settings: usualSettings(), numbers: []int32{443, 40000}}
	for _, name := range []string{boutique, "elsewhere", "kube-system"} {
		w.namespaces[name] = map[string]string{corev1.LabelMetadataName: name}
	}
	for _, content := range boutiqueFiles(t) {
		ms := &v1alpha1.Microservice{}
		if err := yaml.UnmarshalStrict(content, ms); err != nil {
			t.Fatal(err)
		}
		ms.Namespace = boutique
		w.microservices = append(w.microservices, ms)
	}
	w.others = []*peer{
		{name: "a pod of the namespace", namespace: boutique, address: podAddress(100)},
		{name: "a copy of frontend's pod", namespace: "elsewhere", address: podAddress(101), labels: podLabels("frontend")},
		{name: "kube-dns", namespace: "kube-system", address: podAddress(102), labels: map[string]string{"k8s-app": "kube-dns"}},
		{name: "203.0.113.10", address: netip.MustParseAddr("203.0.113.10")},
	}
	return w
}

// boutiqueFiles are the contents of the files that declare a Microservice.
func boutiqueFiles(t *testing.T) [][]byte {
	t.Helper()
	paths, err := filepath.Glob(boutiqueSamples + "/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var files [][]byte
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if declared := plain(t, content); declared["kind"] == "Microservice" {
			files = append(files, content)
		}
	}
	if len(files) != 12 {
		t.Fatalf("found %d Microservices in %s, want 12", len(files), boutiqueSamples)
	}
	return files
}

func plain(t *testing.T, content []byte) map[string]any {
	t.Helper()
	object := map[string]any{}
	if err := yaml.Unmarshal(content, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// declaredWays are those that the files ask for, read without the API's types: each dependency of the sample is a name.
func declaredWays(t *testing.T) []string {
	t.Helper()
	var ways []string
	for _, content := range boutiqueFiles(t) {
		object := plain(t, content)
		from := object["metadata"].(map[string]any)["name"].(string)
		dependencies, _ := object["spec"].(map[string]any)["dependencies"].([]any)
		for _, d := range dependencies {
			ways = append(ways, from+" -> "+d.(map[string]any)["name"].(string))
		}
	}
	slices.Sort(ways)
	return ways
}
