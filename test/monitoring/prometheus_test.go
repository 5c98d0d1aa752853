// Package monitoring_test holds the alerts, the runbooks, the dashboards and the sample for Alertmanager to their word, with the
// engines of Prometheus and Alertmanager.
package monitoring_test

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// step is the time between two scrapes, and between two evaluations of the rules.
const step = 30 * time.Second

// promQL reads expressions. Prometheus has the same without flags of its own.
var promQL = parser.NewParser(parser.Options{})

// alertGroups reads the rule file that is shipped.
func alertGroups(t *testing.T) []rulefmt.RuleGroup {
	t.Helper()
	groups, errs := rulefmt.ParseFile(rootPath("config/prometheus/alerts.yaml"), false, model.LegacyValidation, promQL, promslog.NewNopLogger())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return groups.Groups
}

// alerts returns the alerts that are shipped by their name.
func alerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	all := map[string]rulefmt.Rule{}
	for _, group := range alertGroups(t) {
		for _, rule := range group.Rules {
			if _, twice := all[rule.Alert]; twice || rule.Alert == "" {
				t.Fatalf("the alert %q is there twice, or has no name", rule.Alert)
			}
			all[rule.Alert] = rule
		}
	}
	if len(all) == 0 {
		t.Fatal("there are no alerts")
	}
	return all
}

// prometheus evaluates the alerts that are shipped over samples.
type prometheus struct {
	storage *teststorage.TestStorage
	engine  *promql.Engine
	rules   []*rules.AlertingRule
}

// newPrometheus returns one whose storage has been filled, or is still empty.
func newPrometheus(t *testing.T, storage *teststorage.TestStorage) *prometheus {
	t.Helper()
	p := &prometheus{storage: storage, engine: promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: promQL,
	})}
	for _, rule := range alerts(t) {
		expr, err := promQL.ParseExpr(rule.Expr)
		if err != nil {
			t.Fatal(err)
		}
		p.rules = append(p.rules, rules.NewAlertingRule(rule.Alert, expr, time.Duration(rule.For), time.Duration(rule.KeepFiringFor),
			labels.FromMap(rule.Labels), labels.FromMap(rule.Annotations), labels.EmptyLabels(), "", true, promslog.NewNopLogger()))
	}
	return p
}

// evaluate evaluates all rules at a moment.
func (p *prometheus) evaluate(t *testing.T, at time.Time) {
	t.Helper()
	for _, rule := range p.rules {
		if _, err := rule.Eval(t.Context(), 0, at, rules.EngineQueryFunc(p.engine, p.storage), &url.URL{}, 0); err != nil {
			t.Fatalf("%s: %v", rule.Name(), err)
		}
	}
}

// firing returns the alerts that fire.
func (p *prometheus) firing() []*rules.Alert {
	var all []*rules.Alert
	for _, rule := range p.rules {
		for _, a := range rule.ActiveAlerts() {
			if a.State == rules.StateFiring {
				all = append(all, a)
			}
		}
	}
	return all
}

// names returns the alerts that fire as the name of the alert and of the object, such as MicroserviceStalled shop/web, sorted.
func (p *prometheus) names() []string {
	var all []string
	for _, a := range p.firing() {
		name := a.Labels.Get(model.AlertNameLabel)
		if object := a.Labels.Get("name"); object != "" {
			name += " " + a.Labels.Get("namespace") + "/" + object
		}
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func rootPath(name string) string { return filepath.Join(cluster.Root(), filepath.FromSlash(name)) }

// rootFile reads a file of the repository.
func rootFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(rootPath(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lines joins lines, each with an end.
func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }
