// Package transcript reads what a page shows of a terminal, and compares it with what commands print, for other tests.
package transcript

import (
	"regexp"
	"strings"
)

// Step is a command and the output that a page shows.
type Step struct{ Command, Output string }

// Steps returns the commands of a console block, each with the output below it.
func Steps(block string) []Step {
	var all []Step
	for line := range strings.Lines(block) {
		if command, typed := strings.CutPrefix(line, "$ "); typed {
			all = append(all, Step{Command: strings.TrimSuffix(command, "\n")})
		} else if len(all) > 0 {
			all[len(all)-1].Output += line
		}
	}
	return all
}

// volatile replaces what differs between two runs of the same command.
var volatile = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| \+0000 UTC)`), "TIME"},
	// Before ages: a part of it can be read as one, such as 123d.
	{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), "UID"},
	{regexp.MustCompile(`\b(\d+[dhms])+\b`), "AGE"},
	{regexp.MustCompile(`Context "[^"]*"`), "Context"},
	// What the oldest Kubernetes that is tested says beside the same words.
	{regexp.MustCompile(`Invalid value: "object": `), "Invalid value: "},
	{regexp.MustCompile(` no new claims to deallocate,`), ""},
	{regexp.MustCompile(`\b10\.\d+\.\d+\.\d+\b`), "IP"},
	{regexp.MustCompile(`\b[0-9a-f]{16,}\b`), "HASH"},
	{regexp.MustCompile(`-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b`), "-POD"},
	{regexp.MustCompile(`[ \t]+`), " "}, // columns are as wide as an age or an address
}

// Normalized returns an output without what differs between two runs: ages, times, addresses, hashes, widths of columns.
func Normalized(output string) string {
	for _, v := range volatile {
		output = v.pattern.ReplaceAllString(output, v.by)
	}
	return strings.TrimRight(output, "\n ")
}
