// Command crd does to a generated CRD what the markers of controller-gen cannot.
//
// Numbers that Go cannot read must not be stored: one such object makes every list of Microservices fail, and the
// operator with it. Most of these numbers are in Kubernetes' own types. Kubernetes 1.34 does not enforce "format: int32",
// 1.37 does, so every integer gets its bounds.
//
// Lines of a comment become one paragraph, which kubectl explain wraps to the width of the screen.
package main

import (
	"fmt"
	"math"
	"os"
	"regexp"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// quantity is narrower than what Kubernetes' own pattern lets through, which includes what resource.ParseQuantity
// refuses ("1e3.5") or takes for ever to read ("1e-999999999").
const quantity = `^[+-]?([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run rewrites the CRD in the one file that is named.
func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: crd FILE")
	}
	raw, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("reading the CRD: %w", err)
	}
	crd := map[string]any{}
	if err := yaml.UnmarshalStrict(raw, &crd); err != nil {
		return fmt.Errorf("decoding %s: %w", args[0], err)
	}
	// The typed form only says that this is a CRD: writing it back would add a status that nobody wrote.
	if err := yaml.UnmarshalStrict(raw, &apiextensionsv1.CustomResourceDefinition{}); err != nil {
		return fmt.Errorf("decoding %s: %w", args[0], err)
	}
	walk(crd)
	out, err := yaml.Marshal(crd)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", args[0], err)
	}
	return os.WriteFile(args[0], append([]byte("---\n"), out...), 0o644)
}

// walk visits every schema below the node.
func walk(node any) {
	switch node := node.(type) {
	case map[string]any:
		if node["x-kubernetes-int-or-string"] == true {
			bound(node)
		}
		switch node["format"] {
		case "int32":
			limit(node, math.MinInt32, math.MaxInt32)
		case "int64":
			limit(node, -maxSafeInteger, maxSafeInteger)
		}
		if text, ok := node["description"].(string); ok {
			node["description"] = lineBreak.ReplaceAllString(text, "$1 $2")
		}
		for _, child := range node {
			walk(child)
		}
	case []any:
		for _, child := range node {
			walk(child)
		}
	}
}

// maxSafeInteger is the largest integer that every JSON decoder reads exactly (RFC 8259, section 6). An int64 holds more, but
// a bound near its end is rounded beyond it.
const maxSafeInteger = 1<<53 - 1

// limit sets the bounds that an integer does not have.
func limit(schema map[string]any, minimum, maximum int64) {
	if schema["minimum"] == nil {
		schema["minimum"] = minimum
	}
	if schema["maximum"] == nil {
		schema["maximum"] = maximum
	}
}

// lineBreak is one inside a paragraph: not before an empty line, a list item or an indented one.
var lineBreak = regexp.MustCompile(`([^\n])\n([^\n\s*-])`)

// bound limits a quantity by its pattern, any other number by what an int32 holds. Those of our own types have rules that
// say more.
func bound(schema map[string]any) {
	if _, isQuantity := schema["pattern"]; isQuantity {
		schema["pattern"] = quantity
		return
	}
	if schema["x-kubernetes-validations"] == nil {
		schema["minimum"], schema["maximum"] = math.MinInt32, math.MaxInt32
	}
}
