package workload

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"github.com/microservice-dev/microservice-operator/test/golden"
)

// Each testdata/NAME.in.yaml becomes NAME.out.yaml, with NAME.report.txt.
func TestImport(t *testing.T) {
	inputs, _ := filepath.Glob("testdata/*.in.yaml") // only a bad pattern fails
	if len(inputs) < 4 {
		t.Fatalf("only %d inputs", len(inputs))
	}
	for _, input := range inputs {
		name := strings.TrimSuffix(input, ".in.yaml")
		t.Run(filepath.Base(name), func(t *testing.T) {
			objects := decode(t, input)
			result, err := Import(objects)
			if err != nil {
				t.Fatal(err)
			}
			text, err := result.YAML()
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, name+".out.yaml", string(text))
			golden.Compare(t, name+".report.txt", strings.Join(append(result.Notes, result.Differences...), "\n")+"\n")
			if again := decode(t, input); !cmp.Equal(again, objects) {
				t.Errorf("the input was modified: %s", cmp.Diff(again, objects))
			}
		})
	}
}

func decode(t *testing.T, path string) Objects {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []runtime.Object
	name := ""
	for _, document := range bytes.Split(raw, []byte("\n---\n")) {
		object, _, err := clientgoscheme.Codecs.UniversalDeserializer().Decode(document, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := object.(*appsv1.Deployment); ok {
			name = d.Name
		}
		all = append(all, object)
	}
	return Select(all, name)
}

// What cannot become a Microservice is refused in words.
func TestImportRefuses(t *testing.T) {
	controller := true
	for name, tc := range map[string]struct {
		d    appsv1.Deployment
		want string
	}{
		"no containers": {appsv1.Deployment{}, "it has no containers"},
		"an owner": {appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "Rollout", Name: "web", Controller: &controller}}}},
			"it belongs to Rollout web"},
	} {
		if _, err := Import(Objects{Deployment: &tc.d}); err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Objects of other namespaces do not belong to a Deployment.
func TestSelect(t *testing.T) {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "web"}}
	near, far := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "a"}}, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "b"}}
	if o := Select([]runtime.Object{far, near, d}, "web"); o.Deployment != d || len(o.Services) != 1 || o.Services[0].Namespace != "a" {
		t.Errorf("%+v", o)
	}
	if o := Select([]runtime.Object{near, d}, "api"); o.Deployment != nil || len(o.Services) > 0 {
		t.Errorf("of a name that is not there: %+v", o)
	}
}

// An object is looked after until its tool has been told to keep it.
func TestTracked(t *testing.T) {
	for name, tc := range map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"nobody":               {},
		"Argo CD":              {nil, map[string]string{"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}, "Argo CD looks after Deployment web"},
		"Argo CD, let go":      {nil, map[string]string{"argocd.argoproj.io/tracking-id": "a", "argocd.argoproj.io/sync-options": "Delete=false,Prune=false"}, ""},
		"Flux":                 {map[string]string{"kustomize.toolkit.fluxcd.io/name": "shop"}, nil, "the annotation kustomize.toolkit.fluxcd.io/prune: disabled first"},
		"Flux, let go":         {map[string]string{"kustomize.toolkit.fluxcd.io/name": "shop"}, map[string]string{"kustomize.toolkit.fluxcd.io/prune": "disabled"}, ""},
		"Helm":                 {nil, map[string]string{"meta.helm.sh/release-name": "shop"}, "then remove the object from the chart"},
		"Helm by Flux":         {map[string]string{"helm.toolkit.fluxcd.io/name": "shop"}, nil, "Helm looks after"},
		"Helm, let go":         {nil, map[string]string{"meta.helm.sh/release-name": "shop", "helm.sh/resource-policy": "keep"}, ""},
		"one lets go, one not": {map[string]string{"kustomize.toolkit.fluxcd.io/name": "shop"}, map[string]string{"meta.helm.sh/release-name": "shop", "helm.sh/resource-policy": "keep"}, "Flux looks after"},
	} {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "web", Labels: tc.labels, Annotations: tc.annotations}}
		if got := Tracked("Deployment", d); got == "" != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q", name, got)
		}
		Untrack(d)
		if got := Tracked("Deployment", d); got != "" {
			t.Errorf("%s, untracked: %q", name, got)
		}
	}
}
