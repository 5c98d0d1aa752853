package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/microservice-dev/microservice-operator/internal/explain"
)

// severities from bad to good.
var severities = []explain.Severity{explain.Error, explain.Warning, explain.Advice}

func newAnalyze(o *options) *cobra.Command {
	var format output
	var from source
	var failOn string
	var only, skip []string
	c := &cobra.Command{
		Use:   "analyze",
		Short: "Find weaknesses of a system, in the cluster or in files",
		Long: `Find weaknesses of a system, in the cluster or in files.

The exit code is 1 if there is a finding of the severity of --fail-on, or worse. The annotation
` + explain.AnnotationIgnore + `: MSV203,MSV209 on a Microservice keeps these quiet for it.`,
		Example: o.example("$ analyze -A\n$ analyze -f deploy/ --fail-on=warning\n$ analyze -f deploy/ -o sarif > msvc.sarif"),
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.Contains(append(severities, never), explain.Severity(failOn)) {
				return failed(ExitUsage, "--fail-on=%q: must be one of error, warning, advice, never", failOn)
			}
			wanted, err := selected(only, skip)
			if err != nil {
				return err
			}
			w, asked, err := from.world(c.Context(), o)
			if err != nil {
				return err
			}
			if err := from.addAutoscalers(c.Context(), o, &w); err != nil {
				return err
			}
			system := explain.NewSystem(w)
			findings := slices.DeleteFunc(system.Analyze(wanted), func(f explain.Finding) bool { return !asked(f.Namespace) })
			if err := printFindings(o.Out, system, findings, string(format)); err != nil {
				return err
			}
			if fails(findings, explain.Severity(failOn)) {
				return exit(ExitNo)
			}
			return nil
		},
	}
	format.add(c, "text", "json", "sarif")
	from.add(c)
	c.Flags().StringVar(&failOn, "fail-on", string(explain.Error), "The severity from which on the exit code is 1: error, warning, advice, never.")
	c.Flags().StringSliceVar(&only, "only", nil, "Look for these codes only, such as MSV101.")
	c.Flags().StringSliceVar(&skip, "skip", nil, "Do not look for these codes.")
	return c
}

const never explain.Severity = "never"

// selected returns which codes are looked for. The error names a code that does not exist.
func selected(only, skip []string) (func(string) bool, error) {
	for _, code := range slices.Concat(only, skip) {
		if !slices.ContainsFunc(explain.Checks, func(c explain.Check) bool { return c.Code == code }) {
			return nil, failed(ExitUsage, "%q is no code: want one such as %s", code, explain.Checks[0].Code)
		}
	}
	return func(code string) bool {
		return (len(only) == 0 || slices.Contains(only, code)) && !slices.Contains(skip, code)
	}, nil
}

func fails(findings []explain.Finding, on explain.Severity) bool {
	limit := slices.Index(severities, on)
	return slices.ContainsFunc(findings, func(f explain.Finding) bool { return slices.Index(severities, f.Severity) <= limit })
}

func printFindings(out io.Writer, system *explain.System, findings []explain.Finding, format string) error {
	coupling := system.Coupling()
	switch format {
	case "json":
		return printJSON(out, map[string]any{"findings": findings, "coupling": coupling})
	case "sarif":
		return printJSON(out, sarif(findings))
	}
	for _, f := range findings {
		print(out, "%s %-7s %s/%s  %s\n      %s\n      do: %s\n", f.Code, f.Severity, f.Namespace, f.Name, f.Field, f.Message, f.Cure)
	}
	if len(findings) == 0 {
		print(out, "Nothing was found.\n")
	}
	print(out, "Checked %d Microservices: %d findings. Coupling: %d dependencies between them, longest chain %d, largest cycle %d.\n",
		coupling.Services, len(findings), coupling.Edges, coupling.LongestChain, coupling.LargestCycle)
	return nil
}

// sarif returns the findings in the Static Analysis Results Interchange Format 2.1.0, which code hosts show beside a change.
func sarif(findings []explain.Finding) any {
	type object = map[string]any
	levels := map[explain.Severity]string{explain.Error: "error", explain.Warning: "warning", explain.Advice: "note"}
	rules, results := []object{}, []object{}
	for _, c := range explain.Checks {
		rules = append(rules, object{"id": c.Code, "shortDescription": object{"text": c.Title}, "defaultConfiguration": object{"level": levels[c.Severity]}})
	}
	for _, f := range findings {
		name := strings.Join([]string{f.Namespace, f.Name, f.Field}, "/")
		results = append(results, object{
			"ruleId": f.Code, "level": levels[f.Severity], "message": object{"text": f.Name + ": " + f.Message + "; " + f.Cure},
			"locations": []object{{"logicalLocations": []object{{"fullyQualifiedName": name, "kind": "resource"}}}},
		})
	}
	return object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []object{{"tool": object{"driver": object{"name": "kubectl-msvc", "rules": rules}}, "results": results}},
	}
}
