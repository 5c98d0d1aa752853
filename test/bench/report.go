package main

import (
	"fmt"
	"slices"
	"strings"
)

// report is Markdown.
func (run *Run) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Measured: %s, the %s series\n\n", run.System, run.Series)
	fmt.Fprintf(&b, "Made by `%s` on %s, in %.0f minutes: %s.\nHow it is measured, and what is noisy: [README](README.md). The data: [%s.json](%s.json).\n\n",
		run.command(), run.Began.Format("2006-01-02"), run.Took/60, strings.Join(run.Versions, ", "), run.Series, run.Series)
	for _, again := range run.Again {
		fmt.Fprintf(&b, "Measured again: %s.\n\n", again)
	}
	if run.System == ours {
		run.promises(&b)
	}
	run.bursts(&b)
	run.workloads(&b)
	run.goBenchmarks(&b)
	return b.String()
}

// ours is the system that the bars are for.
const ours = "microservice-operator"

func (run *Run) promises(b *strings.Builder) {
	b.WriteString("## Bars\n\n")
	rows := [][]string{}
	for _, bar := range run.bars() {
		met := "-"
		if bar.Met != nil {
			met = map[bool]string{true: "yes", false: "**no**"}[*bar.Met]
		}
		rows = append(rows, []string{bar.Work, bar.Bar, bar.Measured, met})
	}
	table(b, []string{"work", "at most", "measured", "met"}, rows)
}

// command is what made it. Without flags that is what everybody types.
func (run *Run) command() string {
	command := "make bench"
	if run.Series != "short" {
		command = "BENCH=" + run.Series + " " + command
	}
	if len(run.Flags) > 0 {
		command += fmt.Sprintf(" BENCH_ARGS=%q", strings.Join(run.Flags, " "))
	}
	return command
}

func (run *Run) bursts(b *strings.Builder) {
	var rows [][]string
	for _, system := range run.systems("create") {
		rows = append(rows, run.burst(system))
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n## Create many at once\n\nMedians, for 1,000 each. In brackets: beside the bare client of the same round. Done: requests of the work for each, and CPU, when all were ready; the other columns are until silence.\n\n")
	table(b, []string{"system", "runs", "until the last child exists", "99 % ready after", "CPU", "CPU of the API server and etcd", "writes each", "GETs each", "LISTs each", "discovery each", "conflicts", "done"}, rows)
	b.WriteString("\n![Time and CPU of each burst](create.svg)\n")
}

// burst is the row of a system.
func (run *Run) burst(system string) []string {
	found, bare := run.all("create", system), run.all("create", "bare-client")
	middle := func(of func(*Result) float64) float64 {
		var all []float64
		for _, r := range found {
			all = append(all, of(r))
		}
		return median(all)
	}
	each := func(of func(*Result) int) string {
		return fmt.Sprintf("%.2f", middle(func(r *Result) float64 { return float64(of(r)) / float64(r.N) }))
	}
	seconds := func(of func(*Result) float64) string {
		return fmt.Sprintf("%.1f s", middle(func(r *Result) float64 { return of(r) / float64(r.N) * 1000 }))
	}
	ratio, ready, done := "", "-", "-"
	if len(bare) > 0 {
		ratio = fmt.Sprintf(" (%.2f x)", median(ratios(found, bare, func(r *Result) float64 { return r.Wall / float64(r.N) })))
	}
	if p99 := middle(func(r *Result) float64 { return percentile(r.Times, 99) }); p99 > 0 {
		ready = fmt.Sprintf("%.1f s", p99)
	}
	if !slices.ContainsFunc(found, func(r *Result) bool { return r.Done == nil }) {
		done = each(func(r *Result) int { return workOf(r.Done.Requests) }) + ", " + seconds(func(r *Result) float64 { return r.Done.CPU })
	}
	return []string{
		system, fmt.Sprintf("%d x %d", len(found), found[0].N), seconds(func(r *Result) float64 { return r.Wall }) + ratio, ready,
		seconds(func(r *Result) float64 { return r.CPU }), seconds(func(r *Result) float64 { return r.ServerCPU }),
		each(func(r *Result) int { return r.writes() }), each((*Result).reads), each((*Result).queries), each(func(r *Result) int { return r.sum("discovery") }),
		fmt.Sprintf("%.0f", middle(func(r *Result) float64 { return float64(r.conflicts()) })), done,
	}
}

func (run *Run) workloads(b *strings.Builder) {
	var rows [][]string
	var others []string
	for _, r := range run.Results {
		if r.Workload == "create" && r.N <= run.all("create", r.System)[0].N {
			continue // it is among the bursts
		}
		ready, memory, done := "-", "-", "-"
		if len(r.Times) > 0 {
			ready = fmt.Sprintf("%.0f / %.0f ms", 1000*percentile(r.Times, 50), 1000*percentile(r.Times, 99))
		}
		if r.Resident > 0 {
			memory = r.memory()
		}
		if r.Done != nil {
			done = fmt.Sprintf("%d, %.2f s", workOf(r.Done.Requests), r.Done.CPU)
		}
		if n := workOf(r.Others); n > 0 {
			others = append(others, fmt.Sprintf("%s: %d", r.Workload, n))
		}
		rows = append(rows, []string{
			r.Workload, fmt.Sprint(r.N), fmt.Sprint(r.Present), fmt.Sprintf("%.1f s", max(r.Wall, r.Settled)),
			fmt.Sprint(r.writes()), fmt.Sprint(r.reads()), fmt.Sprint(r.queries()), fmt.Sprint(r.sum("discovery")), fmt.Sprint(r.sum("events")),
			fmt.Sprint(r.sum("list") + r.sum("watch")), fmt.Sprint(r.conflicts()), fmt.Sprintf("%.2f s", r.CPU), done, ready, memory,
		})
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n## Everything else\n\nReady: the time from a change until a watch sees it ready, median and 99th percentile. Memory: live heap, resident, and its peak. Done: requests of the work, and CPU, when it was done; the other columns are until silence.\n\n")
	table(b, []string{"workload", "worked on", "in place", "took", "writes", "GETs", "LISTs", "discovery", "events", "lists and watches of caches", "conflicts", "CPU", "done", "ready", "memory"}, rows)
	if len(others) > 0 {
		fmt.Fprintf(b, "\nRequests of the work for custom resources that were not worked on, which are not in the table: %s.\n", strings.Join(others, ", "))
	}
	b.WriteString("\n![Live heap and resident set by size](memory.svg)\n\n![Time to ready](ready.svg)\n")
}

func (run *Run) goBenchmarks(b *strings.Builder) {
	var rows [][]string
	for _, r := range run.Benchmarks {
		rows = append(rows, []string{r.Name, duration(r.NsPerOp), fmt.Sprint(r.AllocsPerOp), fmt.Sprint(r.AllocedBytesPerOp)})
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n## Single steps\n\n`go test -run '^$' -bench . -benchmem ./internal/...`\n\n")
	table(b, []string{"benchmark", "time", "allocations", "bytes"}, rows)
}

func (run *Run) systems(workload string) []string {
	var names []string
	for _, r := range run.Results {
		if r.Workload == workload && !slices.Contains(names, r.System) {
			names = append(names, r.System)
		}
	}
	return names
}

func table(b *strings.Builder, head []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}
