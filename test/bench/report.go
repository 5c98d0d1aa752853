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
	b.WriteString("## Bars\n\n")
	rows := [][]string{}
	for _, bar := range run.bars() {
		met := "-"
		if bar.Met != nil {
			met = map[bool]string{true: "yes", false: "**no**"}[*bar.Met]
		}
		rows = append(rows, []string{bar.Work, bar.Bar, bar.Measured, met})
	}
	table(&b, []string{"work", "at most", "measured", "met"}, rows)
	run.bursts(&b)
	run.workloads(&b)
	run.goBenchmarks(&b)
	return b.String()
}

func (run *Run) command() string {
	if run.Series == "short" {
		return "make bench"
	}
	return "BENCH=" + run.Series + " make bench"
}

func (run *Run) bursts(b *strings.Builder) {
	bare := run.all("create", "bare-client")
	var rows [][]string
	for _, system := range run.systems("create") {
		found := run.all("create", system)
		var wall, cpu, server, writes, reads, conflicts, ready []float64
		for _, r := range found {
			n := float64(r.N) / 1000
			wall, cpu, server = append(wall, r.Wall/n), append(cpu, r.CPU/n), append(server, r.ServerCPU/n)
			writes, reads, conflicts = append(writes, float64(r.writes())/float64(r.N)), append(reads, float64(r.reads())/float64(r.N)), append(conflicts, float64(r.conflicts()))
			ready = append(ready, percentile(r.Times, 99))
		}
		ratio, readyText := "", "-"
		if len(bare) > 0 {
			ratio = fmt.Sprintf(" (%.2f x)", median(ratios(found, bare, func(r *Result) float64 { return r.Wall / float64(r.N) })))
		}
		if median(ready) > 0 {
			readyText = fmt.Sprintf("%.1f s", median(ready))
		}
		rows = append(rows, []string{
			system, fmt.Sprintf("%d x %d", len(found), found[0].N), fmt.Sprintf("%.1f s%s", median(wall), ratio), readyText,
			fmt.Sprintf("%.1f s", median(cpu)), fmt.Sprintf("%.1f s", median(server)),
			fmt.Sprintf("%.2f", median(writes)), fmt.Sprintf("%.2f", median(reads)), fmt.Sprintf("%.0f", median(conflicts)),
		})
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n## Create many at once\n\nMedians, for 1,000 each. In brackets: beside the bare client of the same round.\n\n")
	table(b, []string{"system", "runs", "until the last child exists", "99 % ready after", "CPU", "CPU of the API server and etcd", "writes each", "GETs each", "conflicts"}, rows)
	b.WriteString("\n![Time and CPU of each burst](create.svg)\n")
}

func (run *Run) workloads(b *strings.Builder) {
	var rows [][]string
	for _, r := range run.Results {
		if r.Workload == "create" && r.N <= 1000 {
			continue
		}
		ready, memory := "-", "-"
		if len(r.Times) > 0 {
			ready = fmt.Sprintf("%.0f / %.0f ms", 1000*percentile(r.Times, 50), 1000*percentile(r.Times, 99))
		}
		if r.Resident > 0 {
			memory = r.memory()
		}
		rows = append(rows, []string{
			r.Workload, fmt.Sprint(r.N), fmt.Sprint(r.Present), fmt.Sprintf("%.1f s", max(r.Wall, r.Settled)),
			fmt.Sprint(r.writes()), fmt.Sprint(r.reads()), fmt.Sprint(r.sum("events")), fmt.Sprint(r.sum("list") + r.sum("watch")),
			fmt.Sprint(r.conflicts()), fmt.Sprintf("%.2f s", r.CPU), ready, memory,
		})
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n## Everything else\n\nReady: the time from a change until a watch sees it ready, median and 99th percentile. Memory: live heap, resident, and its peak.\n\n")
	table(b, []string{"workload", "worked on", "in place", "took", "writes", "GETs", "events", "lists and watches", "conflicts", "CPU", "ready", "memory"}, rows)
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
