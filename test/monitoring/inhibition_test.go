package monitoring_test

import (
	"testing"
	"time"

	alertmanager "github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/provider/mem"
	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
)

// alert returns the labels that an alert of a Microservice in a namespace has.
func alert(t *testing.T, name, namespace, object string) model.LabelSet {
	t.Helper()
	rule, found := alerts(t)[name]
	if !found {
		t.Fatalf("there is no alert %s", name)
	}
	set := model.LabelSet{model.AlertNameLabel: model.LabelValue(name), "namespace": model.LabelValue(namespace)}
	if object != "" {
		set["name"] = model.LabelValue(object)
	}
	for key, value := range rule.Labels {
		set[model.LabelName(key)] = model.LabelValue(value)
	}
	return set
}

// TestInhibition has Alertmanager's own inhibitor decide what the sample silences.
func TestInhibition(t *testing.T) {
	sample, err := config.LoadFile(rootPath("config/prometheus/alertmanager.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	type named struct{ alert, namespace, name string }
	for name, tc := range map[string]struct {
		fires, other named
		silenced     bool
	}{
		"a dependent of what is down": {
			named{"MicroserviceUnavailable", "shop", "payments"}, named{"MicroserviceDependencyDown", "shop", "orders"}, true},
		"a dependent of what is stalled": {
			named{"MicroserviceStalled", "shop", "payments"}, named{"MicroserviceDependencyDown", "shop", "orders"}, true},
		"a dependent in another namespace": {
			named{"MicroserviceUnavailable", "accounts", "payments"}, named{"MicroserviceDependencyDown", "shop", "orders"}, false},
		"a dependent that is down itself": {
			named{"MicroserviceUnavailable", "shop", "payments"}, named{"MicroserviceUnavailable", "shop", "orders"}, false},
		"what cannot scale beside a dependent": {
			named{"MicroserviceNotScaling", "shop", "payments"}, named{"MicroserviceDependencyDown", "shop", "orders"}, false},
		"the cause, by its dependent": {
			named{"MicroserviceDependencyDown", "shop", "orders"}, named{"MicroserviceUnavailable", "shop", "payments"}, false},
		"what is less bad about the same": {
			named{"MicroserviceUnavailable", "shop", "web"}, named{"MicroserviceNotReady", "shop", "web"}, true},
		"what is less bad about another": {
			named{"MicroserviceUnavailable", "shop", "web"}, named{"MicroserviceNotReady", "shop", "orders"}, false},
		"what a failing operator does not see": {
			named{"MicroserviceOperatorReconcileErrors", "system", ""}, named{"MicroserviceNotObserved", "shop", "web"}, true},
		"what a working operator sees": {
			named{"MicroserviceOperatorReconcileErrors", "system", ""}, named{"MicroserviceUnavailable", "shop", "web"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := mem.NewAlerts(t.Context(), time.Minute, 0, nil, promslog.NewNopLogger(), eventrecorder.NopRecorder(), client.NewRegistry(), nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(store.Close)
			fires := alert(t, tc.fires.alert, tc.fires.namespace, tc.fires.name)
			now := time.Now()
			if err := store.Put(t.Context(), &alertmanager.Alert{Alert: model.Alert{Labels: fires, StartsAt: now, EndsAt: now.Add(time.Hour)}, UpdatedAt: now}); err != nil {
				t.Fatal(err)
			}
			inhibitor := inhibit.NewInhibitor(store, sample.InhibitRules, promslog.NewNopLogger(), eventrecorder.NopRecorder())
			go inhibitor.Run()
			t.Cleanup(inhibitor.Stop)
			inhibitor.WaitForLoading()
			if got := inhibitor.Mutes(t.Context(), alert(t, tc.other.alert, tc.other.namespace, tc.other.name)); got != tc.silenced {
				t.Errorf("%v silences %v: %t", tc.fires, tc.other, got)
			}
		})
	}
}
