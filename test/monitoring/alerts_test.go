package monitoring_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/promqltest"
	"sigs.k8s.io/yaml"
)

// always are the series of an operator that works, for an hour.
const always = `
microservice_operator_build_info{job="operator",namespace="system",instance="a"} 1+0x120
leader_election_master_status{job="operator",namespace="system",instance="a",name="lease"} 1+0x120
controller_runtime_reconcile_total{job="operator",namespace="system",instance="a",controller="microservice",result="success"} 0+1x120
workqueue_depth{job="operator",namespace="system",instance="a",controller="microservice",name="microservice",priority="0"} 0+0x120
workqueue_longest_running_processor_seconds{job="operator",namespace="system",instance="a",controller="microservice",name="microservice"} 0+0x120
`

const (
	objects    = `namespace="shop",name="web",job="operator",instance="a"`
	available  = `microservice_operator_microservice_condition{` + objects + `,type="Available",status="False"} `
	ready      = `microservice_operator_microservice_condition{` + objects + `,type="Ready",status="False"} `
	stalled    = `microservice_operator_microservice_condition{` + objects + `,type="Stalled",status="True"} `
	autoscales = `microservice_operator_microservice_condition{` + objects + `,type="Autoscaling",status="False"} `
	dependent  = `microservice_operator_microservice_condition{` + objects + `,type="DependenciesReady",status="False"} `
	lagging    = `microservice_operator_microservice_unobserved_generations{` + objects + `} `
	failures   = `controller_runtime_reconcile_errors_total{job="operator",namespace="system",instance="a",controller="microservice"} `
	depth      = `workqueue_depth{job="operator",namespace="system",instance="a",controller="microservice",name="microservice",priority="0"} `
	running    = `workqueue_longest_running_processor_seconds{job="operator",namespace="system",instance="a",controller="microservice",name="microservice"} `
)

func reason(word string) string {
	return `microservice_operator_microservice_reason{` + objects + `,reason="` + word + `"} `
}

func total(word string) string {
	return `microservice_operator_microservices{job="operator",namespace="system",instance="a",reason="` + word + `"} `
}

// alertCases say for series, with a sample each half minute, what fires after a time. Their keys begin with the alert.
var alertCases = map[string]struct {
	// series are added to those of an operator that works, or replace them.
	series, instead string
	after           time.Duration
	want            []string
}{
	"nothing: an operator works": {after: time.Hour},

	"MicroserviceOperatorAbsent: there is none":           {instead: `up{job="operator"} 0+0x120`, after: 11 * time.Minute, want: []string{"MicroserviceOperatorAbsent"}},
	"MicroserviceOperatorAbsent: it has just gone":        {instead: `up{job="operator"} 0+0x120`, after: 9 * time.Minute},
	"MicroserviceOperatorAbsent: it restarts":             {instead: `microservice_operator_build_info{job="operator"} 1+0x10 stale _x9 1+0x100`, after: time.Hour},
	"MicroserviceOperatorLeaderMissing: all stand by":     {instead: standby("a") + standby("b"), after: 6 * time.Minute, want: []string{"MicroserviceOperatorLeaderMissing"}},
	"MicroserviceOperatorLeaderMissing: not for long":     {instead: standby("a") + standby("b"), after: 4 * time.Minute},
	"MicroserviceOperatorLeaderMissing: the other leads":  {series: standby("b"), after: time.Hour},
	"MicroserviceOperatorLeaderMissing: another operator": {series: `leader_election_master_status{job="other",namespace="system",instance="c",name="other"} 0+0x120`, after: time.Hour},

	"MicroserviceOperatorReconcileErrors: a fifth":                 {series: failures + `0+0.2x120`, after: 30 * time.Minute, want: []string{"MicroserviceOperatorReconcileErrors"}},
	"MicroserviceOperatorReconcileErrors: one in twenty":           {series: failures + `0+0.05x120`, after: time.Hour},
	"MicroserviceOperatorReconcileErrors: they end":                {series: failures + `0+1x10 10+0x110`, after: time.Hour},
	"MicroserviceOperatorReconcileErrors: a quota is used up":      {series: lines(failures+`0+1x120`, total("ApplyFailed")+`1+0x120`), after: time.Hour},
	"MicroserviceOperatorReconcileErrors: nor does it hide others": {series: lines(failures+`0+30x120`, total("ApplyFailed")+`1+0x120`), after: 30 * time.Minute, want: []string{"MicroserviceOperatorReconcileErrors"}},
	"MicroserviceOperatorReconcileErrors: others are Available":    {series: lines(failures+`0+1x120`, total("Available")+`1+0x120`), after: time.Hour, want: []string{"MicroserviceOperatorReconcileErrors"}},
	"MicroserviceOperatorWorkqueueStuck: it is never empty":        {series: depth + `3+0x120`, instead: withoutQueue, after: 16 * time.Minute, want: []string{"MicroserviceOperatorWorkqueueStuck"}},
	"MicroserviceOperatorWorkqueueStuck: it is emptied sometimes":  {series: depth + `9 8 7 6 5 4 3 2 1 0 9 8 7 6 5 4 3 2 1 0 9 8 7 6 5 4 3 2 1 0 9 8 7 6 5 4 3 2 1 0`, instead: withoutQueue, after: 20 * time.Minute},
	"MicroserviceOperatorWorkqueueStuck: one never ends":           {series: running + `0+30x120`, instead: withoutQueue, after: 20 * time.Minute, want: []string{"MicroserviceOperatorWorkqueueStuck"}},

	"MicroserviceUnavailable: no pod":                      {series: available + `1+0x120`, after: 6 * time.Minute, want: []string{"MicroserviceUnavailable shop/web"}},
	"MicroserviceUnavailable: it recovers":                 {series: available + `1+0x8 stale`, after: 6 * time.Minute},
	"MicroserviceUnavailable: it waits for its dependency": {series: lines(available+`1+0x120`, reason("WaitingForDependency")+`1+0x120`), after: time.Hour},

	"MicroserviceStalled: the rollout has given up": {series: lines(stalled+`1+0x120`, ready+`1+0x120`, reason("ProgressDeadlineExceeded")+`1+0x120`), after: time.Hour, want: []string{"MicroserviceStalled shop/web"}},
	"MicroserviceStalled: the spec was edited":      {series: stalled + `1+0x8 stale`, after: time.Hour},

	"MicroserviceNameConflict: and nothing else": {series: lines(stalled+`1+0x120`, ready+`1+0x120`, reason("NameConflict")+`1+0x120`), after: time.Hour, want: []string{"MicroserviceNameConflict shop/web"}},
	"MicroserviceNameConflict: it is resolved":   {series: lines(reason("NameConflict")+`1+0x8 stale`, reason("Available")+`_x8 1+0x112`), after: time.Hour},

	"MicroserviceApplyFailed: and nothing else":     {series: lines(ready+`1+0x120`, reason("ApplyFailed")+`1+0x120`), after: time.Hour, want: []string{"MicroserviceApplyFailed shop/web"}},
	"MicroserviceApplyFailed: the quota was raised": {series: lines(reason("ApplyFailed")+`1+0x18 stale`, reason("Available")+`_x18 1+0x102`), after: time.Hour},

	"MicroserviceNotReady: a new version crashes":       {series: lines(ready+`1+0x120`, reason("CrashLooping")+`1+0x120`), after: 31 * time.Minute, want: []string{"MicroserviceNotReady shop/web"}},
	"MicroserviceNotReady: for causes that change":      {series: lines(ready+`1+0x120`, reason("CrashLooping")+`1+0x30 stale`, reason("ImagePullFailed")+`_x30 1+0x90`), after: 31 * time.Minute, want: []string{"MicroserviceNotReady shop/web"}},
	"MicroserviceNotReady: a rollout takes long":        {series: lines(ready+`1+0x120`, reason("RollingOut")+`1+0x120`), after: 29 * time.Minute},
	"MicroserviceNotReady: it is parked":                {series: lines(strings.Replace(ready, "False", "True", 1)+`1+0x120`, reason("Parked")+`1+0x120`), after: time.Hour},
	"MicroserviceNotReady: it is paused":                {series: lines(strings.Replace(ready, "False", "Unknown", 1)+`1+0x120`, reason("Paused")+`1+0x120`), after: time.Hour},
	"MicroserviceNotReady: another manager takes over":  {series: lines(ready+`1+0x30 stale`, strings.Replace(ready, `"a"`, `"b"`, 1)+`_x31 1+0x89`), after: 31 * time.Minute, want: []string{"MicroserviceNotReady shop/web"}},
	"MicroserviceNotObserved: a change is not seen":     {series: lagging + `1+0x120`, after: 6 * time.Minute, want: []string{"MicroserviceNotObserved shop/web"}},
	"MicroserviceNotObserved: it is soon":               {series: lagging + `1 1 0+0x118`, after: 6 * time.Minute},
	"MicroserviceNotScaling: there are no metrics":      {series: autoscales + `1+0x120`, after: 16 * time.Minute, want: []string{"MicroserviceNotScaling shop/web"}},
	"MicroserviceNotScaling: its first report":          {series: strings.Replace(autoscales, "False", "Unknown", 1) + `1+0x120`, after: time.Hour},
	"MicroserviceDependencyDown: one is missing":        {series: dependent + `1+0x120`, after: 6 * time.Minute, want: []string{"MicroserviceDependencyDown shop/web"}},
	"MicroserviceDependencyDown: it cannot be told":     {series: strings.Replace(dependent, "False", "Unknown", 1) + `1+0x120`, after: time.Hour},
	"MicroserviceDependencyDown: a rollout of a target": {series: dependent + `1+0x4 stale`, after: 6 * time.Minute},
}

// withoutQueue are the series of an operator that works, without those of its queue.
var withoutQueue = always[:strings.Index(always, "workqueue_depth")]

// standby returns the series of a manager that does not lead.
func standby(instance string) string {
	return lines(`microservice_operator_build_info{job="operator",namespace="system",instance="`+instance+`"} 1+0x120`,
		`leader_election_master_status{job="operator",namespace="system",instance="`+instance+`",name="lease"} 0+0x120`)
}

func TestAlerts(t *testing.T) {
	fires, rests := map[string]bool{}, map[string]bool{}
	for name, tc := range alertCases {
		alert, _, _ := strings.Cut(name, ":")
		switch {
		case len(tc.want) == 0:
			rests[alert] = true
		case strings.HasPrefix(tc.want[0], alert):
			fires[alert] = true
		default:
			t.Errorf("%s: expects %v", name, tc.want)
		}
		t.Run(name, func(t *testing.T) {
			series := tc.instead
			if series == "" {
				series = always
			}
			p := newPrometheus(t, promqltest.LoadedStorage(t, "load "+step.String()+"\n"+indented(series+tc.series)))
			for at := time.Duration(0); at <= tc.after; at += step {
				p.evaluate(t, time.Unix(0, 0).Add(at))
			}
			if diff := cmp.Diff(tc.want, p.names()); diff != "" {
				t.Errorf("after %v (-want +firing):\n%s", tc.after, diff)
			}
		})
	}
	for alert := range alerts(t) {
		if !fires[alert] || !rests[alert] {
			t.Errorf("%s needs a case in which it fires, and one in which it does not", alert)
		}
	}
}

// indented returns the series as a load command has them.
func indented(series string) string {
	var all []string
	for line := range strings.Lines(series) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, "  "+line)
		}
	}
	return lines(all...)
}

// TestAnnotations: an alert says how bad it is, what it is about, and where to read on.
func TestAnnotations(t *testing.T) {
	for name, rule := range alerts(t) {
		if s := rule.Labels["severity"]; s != "critical" && s != "warning" && s != "info" {
			t.Errorf("%s has the severity %q", name, s)
		}
		if rule.Annotations["summary"] == "" || rule.For == 0 {
			t.Errorf("%s has no summary, or fires at once", name)
		}
		object := []string{"{{ $labels.namespace }}/{{ $labels.name }}"}
		if strings.HasPrefix(name, "MicroserviceOperator") {
			object = []string{"{{ $labels.job }}", "{{ $labels.namespace }}"}
		}
		for _, words := range object {
			if !strings.Contains(rule.Annotations["description"], words) && name != "MicroserviceOperatorAbsent" {
				t.Errorf("the description of %s does not name the object: it lacks %s", name, words)
			}
		}
	}
}

// TestPrometheusRule: the object for the Prometheus operator has the same groups.
func TestPrometheusRule(t *testing.T) {
	var object struct{ Spec any }
	var file any
	for name, into := range map[string]any{"config/prometheus/prometheus_rule.yaml": &object, "config/prometheus/alerts.yaml": &file} {
		if err := yaml.Unmarshal([]byte(rootFile(t, name)), into); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(file, object.Spec); diff != "" {
		t.Errorf("the PrometheusRule differs; run: make manifests (-alerts.yaml +prometheus_rule.yaml):\n%s", diff)
	}
}
