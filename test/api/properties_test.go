package api_test

import (
	"regexp"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/specs"
)

// TestEveryProperty sets every field of the schema to an ordinary value, to each of its bounds, beyond them, and to what
// does not belong there. The last two are refused, and the refusal names the field; where another value is refused, for
// rules that fields have together, it names a field, too.
func TestEveryProperty(t *testing.T) {
	g, err := specs.New(1)
	if err != nil {
		t.Fatal(err)
	}
	index := regexp.MustCompile(`\[0\]`)
	taken, refused, wrong := 0, 0, 0
	for _, p := range g.Probes() {
		ms := microservice(t, rule{name: "probe", spec: "{}"})
		for field, value := range p.Spec {
			set(t, ms, value, "spec", field)
		}
		err := kube.Create(t.Context(), ms, client.DryRunAll)
		parts := strings.Split(index.ReplaceAllString(p.Field, ""), ".")
		switch {
		case err == nil && p.Wrong:
			t.Errorf("%s, %s, is taken: %v", p.Field, p.What, p.Spec)
		case err == nil:
			taken++
		case !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err):
			t.Errorf("%s, %s: %v", p.Field, p.What, err)
		case p.Wrong && !strings.Contains(err.Error(), parts[len(parts)-1]), !strings.Contains(err.Error(), "spec"):
			t.Errorf("%s, %s: the refusal does not name it: %v", p.Field, p.What, err)
		case p.Wrong:
			wrong++
		default:
			refused++
		}
	}
	t.Logf("%d values are taken, %d are wrong and refused, %d are refused for what is around them", taken, wrong, refused)
	if taken < wrong/4 {
		t.Error("too few values are taken for this to say anything")
	}
}
