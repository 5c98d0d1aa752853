package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// web depends on three: payments has the port that its pods were given, hub another one, late has come only now, and ghost is
// not there. Something outside is always known.
func TestPendingAddresses(t *testing.T) {
	web := microservice("web", dependsOn(
		v1alpha1.Dependency{Name: "payments"}, v1alpha1.Dependency{Name: "hub"}, v1alpha1.Dependency{Name: "late"},
		v1alpha1.Dependency{Name: "ghost"}, v1alpha1.Dependency{Name: "bank", External: &v1alpha1.ExternalDependency{Host: "bank.example.com"}},
	))
	w := world{
		microservices: []*v1alpha1.Microservice{microservice("payments"), microservice("hub", ports(v1alpha1.Port{Name: "http", Port: 81})), microservice("late")},
		known:         dependency.Addresses{"payments": "http://payments.shop.svc:80", "hub": "http://hub.shop.svc:80"},
	}
	wanted := w.resolve(web)
	names := func(all []dependency.Resolution) (names []string) {
		for _, r := range all {
			names = append(names, r.Name)
		}
		return names
	}
	if diff := cmp.Diff([]string{"ghost"}, names(dependency.UnknownPorts(wanted))); diff != "" {
		t.Errorf("without a port (-want +got):\n%s", diff)
	}
	hub := dependency.Target{Kind: dependency.Microservice, Key: key("hub")}
	if diff := cmp.Diff([]dependency.Target{hub}, dependency.ChangedPorts(wanted, w.known)); diff != "" {
		t.Errorf("renumbered (-want +got):\n%s", diff)
	}
	if w.known.Equal(wanted) {
		t.Error("the pods seem to have all addresses")
	}

	held := dependency.WithPreviousAddresses(wanted, w.known)
	if !w.known.Equal(held) || dependency.AddressesOf(held).String() != w.known.String() {
		t.Errorf("held are %s, want %s", dependency.AddressesOf(held), w.known)
	}
	dependency.ExplainHeld(held, wanted, "because")
	got := map[string]string{}
	for _, r := range held {
		got[r.Name] = string(r.State) + " " + r.Message
	}
	want := map[string]string{
		"payments": "Ready ",
		"hub":      "NotReady The pods still have the old address, and will be restarted with http://hub.shop.svc:81: because",
		"late":     "NotReady The pods still have the old address, and will be restarted with http://late.shop.svc:80: because",
		"ghost":    "NotFound There is no Microservice shop/ghost",
		"bank":     wordsOf(wanted, "bank"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is said (-want +got):\n%s", diff)
	}
}

func wordsOf(all []dependency.Resolution, name string) string {
	for _, r := range all {
		if r.Name == name {
			return string(r.State) + " " + r.Message
		}
	}
	return ""
}
