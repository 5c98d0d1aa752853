package monitoring_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// dashboard is what the tests read of one: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
type dashboard struct {
	UID, Title, Description string
	Inputs                  any `json:"__inputs"`
	ID                      any
	Panels                  []panel
	Templating              struct {
		List []struct {
			Name, Type string
			Datasource struct{ UID string }
			Query      any
		}
	}
}

type panel struct {
	Type, Title, Description string
	ID                       int
	Datasource               struct{ UID string }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		Expr       string
		Datasource struct{ UID string }
	}
	GridPos struct{ X, Y, W, H int }
}

// dashboards returns those that are shipped by the name of their file.
func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	paths, _ := filepath.Glob(rootPath("config/grafana/*.json")) // only a bad pattern fails
	if len(paths) == 0 {
		t.Fatal("there are no dashboards")
	}
	all := map[string]dashboard{}
	for _, path := range paths {
		var d dashboard
		name := filepath.Base(path)
		if err := json.Unmarshal([]byte(rootFile(t, "config/grafana/"+name)), &d); err != nil {
			t.Fatal(err)
		}
		all[name] = d
	}
	return all
}

// TestDashboards: they can be loaded from a file into any Grafana, and each panel explains itself.
func TestDashboards(t *testing.T) {
	const datasource = "${datasource}"
	uids := map[string]string{}
	for name, d := range dashboards(t) {
		if d.UID == "" || len(d.UID) > 40 || uids[d.UID] != "" || d.Title == "" || d.Description == "" {
			t.Errorf("%s has the uid %q (as has %q), the title %q and the description %q", name, d.UID, uids[d.UID], d.Title, d.Description)
		}
		uids[d.UID] = name
		if d.Inputs != nil || d.ID != nil {
			t.Errorf("%s has __inputs or an id: it comes from another Grafana", name)
		}
		if v := d.Templating.List; len(v) < 2 || v[0].Name != "datasource" || v[0].Type != "datasource" || v[1].Datasource.UID != datasource {
			t.Errorf("%s has the variables %+v, want the data source first, and one that asks it", name, v)
		}
		ids, places := map[int]bool{}, map[[2]int]string{}
		for _, p := range d.Panels {
			if ids[p.ID] {
				t.Errorf("%s: %s has the id of another panel", name, p.Title)
			}
			ids[p.ID] = true
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					if other := places[[2]int{x, y}]; other != "" || x > 23 {
						t.Fatalf("%s: %s is where %q is, or outside", name, p.Title, other)
					}
					places[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			if p.Title == "" || p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.Datasource.UID != datasource || len(p.Targets) == 0 {
				t.Errorf("%s: panel %q lacks a title, a description, a unit, the data source or an expression", name, p.Title)
			}
			for _, target := range p.Targets {
				if target.Datasource.UID != datasource {
					t.Errorf("%s: an expression of %q has another data source", name, p.Title)
				}
				expr(t, target.Expr)
			}
		}
	}
}

// expr reads an expression in which Grafana's variables stand.
func expr(t *testing.T, text string) parser.Expr {
	t.Helper()
	e, err := promQL.ParseExpr(strings.NewReplacer("$__rate_interval", "5m", "$namespace", ".*", "$job", ".*").Replace(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// testExpressions: every selector in the alerts and the dashboards has found series of the operator, while all the alerts fired;
// and every label by which they are grouped or joined is on one of them.
func (l *live) testExpressions(t *testing.T) {
	for name, rule := range alerts(t) {
		l.findsSeries(t, name, rule.Expr)
		for _, needsAll := range []string{"microservice_operator_microservice_replicas", "microservice_operator_microservice_dependencies"} {
			if strings.Contains(rule.Expr, needsAll) {
				t.Errorf("%s needs --object-metrics=all", name)
			}
		}
	}
	for name, d := range dashboards(t) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				l.findsSeries(t, name+": "+p.Title, target.Expr)
			}
		}
		for _, v := range d.Templating.List[1:] {
			query, _ := v.Query.(map[string]any)["query"].(string)
			metric, label, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(query, "label_values("), ")"), ", ")
			l.findsSeries(t, name+": variable "+v.Name, "sum by ("+label+") ("+metric+")")
		}
	}
	for _, wrong := range []string{"microservice_operator_microservice_condition{type=\"Redy\"}", "sum by (nam) (microservice_operator_microservice_condition)"} {
		if l.problem(expr(t, wrong)) == "" {
			t.Errorf("the test finds series for %s", wrong)
		}
	}
}

func (l *live) findsSeries(t *testing.T, where, text string) {
	t.Helper()
	if problem := l.problem(expr(t, text)); problem != "" {
		t.Errorf("%s: %s: %s", where, text, problem)
	}
}

// problem returns what of an expression no series has, empty for nothing.
func (l *live) problem(e parser.Expr) string {
	problem := ""
	parser.Inspect(e, func(node parser.Node, _ []parser.Node) error {
		var grouped []string
		switch n := node.(type) {
		case *parser.VectorSelector:
			if len(l.find(n)) == 0 {
				problem = "no series for " + n.String()
			}
		case *parser.AggregateExpr:
			grouped = n.Grouping
		case *parser.BinaryExpr:
			if n.VectorMatching != nil && n.VectorMatching.On {
				grouped = n.VectorMatching.MatchingLabels
			}
		}
		for _, label := range grouped {
			if !l.anyHas(node, label) {
				problem = "no series has the label " + label
			}
		}
		return nil
	})
	return problem
}

// find returns the series that a selector selects of all that were scraped.
func (l *live) find(selector *parser.VectorSelector) []labels.Labels {
	var all []labels.Labels
	for _, series := range l.seen {
		matches := true
		for _, m := range selector.LabelMatchers {
			matches = matches && m.Matches(series.Get(m.Name))
		}
		if matches {
			all = append(all, series)
		}
	}
	return all
}

// anyHas reports whether a series of a selector below a node has the label.
func (l *live) anyHas(below parser.Node, label string) bool {
	has := false
	parser.Inspect(below, func(node parser.Node, _ []parser.Node) error {
		if selector, is := node.(*parser.VectorSelector); is {
			for _, series := range l.find(selector) {
				has = has || series.Has(label)
			}
		}
		return nil
	})
	return has
}
