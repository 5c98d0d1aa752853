package main

import (
	"flag"
	"slices"
	"strings"
	"testing"
)

// The report of another operator says how it was made, and has no bars of ours.
func TestReportOfAnotherOperator(t *testing.T) {
	requests := []Count{{Kind: "write", Code: 200, N: 20}, {Kind: "query", N: 30}, {Kind: "discovery", N: 40}, {Kind: "list", N: 5}}
	run := &Run{Series: "short", System: "theirs", Flags: []string{"-burst=10", "-system=theirs.yaml"}, Results: []*Result{
		{Workload: "create", System: "theirs", N: 10, Wall: 1, Requests: requests, Done: &Cost{CPU: 0.5, Requests: requests[:1]}},
		{Workload: "create", System: "also", N: 10, Wall: 2, Requests: requests},
		{Workload: "one-field", System: "theirs", N: 10, Requests: requests, Others: requests[:2]},
		{Workload: "memory", System: "theirs", Present: 10, Resident: 3 << 20, Peak: 4 << 20},
	}}
	report := run.report()
	for _, want := range []string{
		"# Measured: theirs,",
		"Made by `make bench BENCH_ARGS=\"-burst=10 -system=theirs.yaml\"`",
		"| theirs | 1 x 10 | 100.0 s | - | 0.0 s | 0.0 s | 2.00 | 0.00 | 3.00 | 4.00 | 0 | 2.00, 50.0 s |",
		"| also | 1 x 10 | 200.0 s | - | 0.0 s | 0.0 s | 2.00 | 0.00 | 3.00 | 4.00 | 0 | - |",
		"| one-field | 10 | 0 | 0.0 s | 20 | 0 | 30 | 40 | 0 | 5 | 0 | 0.00 s | - | - | - |",
		"not in the table: one-field: 50.",
		"| - / 3.0 / 4.0 MiB |",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	if strings.Contains(report, "## Bars") {
		t.Error("the report of another operator has our bars")
	}
	if err := run.plot(t.TempDir()); err != nil {
		t.Errorf("without a live heap nothing is drawn: %v", err)
	}
}

// The data that is kept in the repository can still be read, and its report has bars and one big burst.
func TestReportOfEarlierData(t *testing.T) {
	run, err := readRun("../../docs/contributing/performance/full.json")
	if err != nil {
		t.Fatal(err)
	}
	report := run.report()
	for _, want := range []string{"Made by `BENCH=full make bench` on", "## Bars", "\n| create | 5000 | 5000 |"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// Flags that were set are told as they can be given again.
func TestFlagsOf(t *testing.T) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	for _, name := range []string{"series", "out", "only", "system"} {
		flags.String(name, "", "")
	}
	if err := flags.Parse([]string{"-series=full", "-out", "x", "-only", "create,sizes"}); err != nil {
		t.Fatal(err)
	}
	if got := flagsOf(flags); !slices.Equal(got, []string{"-only=create,sizes"}) {
		t.Errorf("the flags are %q", got)
	}
}
