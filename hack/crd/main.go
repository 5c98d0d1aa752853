// Command crd tightens a generated CRD: numbers that Go cannot read must not be stored. One such object makes every list
// of Microservices fail, and the operator with it. The markers of controller-gen do not reach into Kubernetes' types.
package main

import (
	"fmt"
	"math"
	"os"

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
	tighten(crd)
	out, err := yaml.Marshal(crd)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", args[0], err)
	}
	return os.WriteFile(args[0], append([]byte("---\n"), out...), 0o644)
}

// tighten bounds every int-or-string below the node: a quantity by its pattern, any other number by what an int32 holds.
// Those of our own types have rules that say more.
func tighten(node any) {
	switch node := node.(type) {
	case map[string]any:
		if node["x-kubernetes-int-or-string"] == true {
			bound(node)
		}
		for _, child := range node {
			tighten(child)
		}
	case []any:
		for _, child := range node {
			tighten(child)
		}
	}
}

func bound(schema map[string]any) {
	if _, isQuantity := schema["pattern"]; isQuantity {
		schema["pattern"] = quantity
		return
	}
	if schema["x-kubernetes-validations"] == nil {
		schema["minimum"], schema["maximum"] = math.MinInt32, math.MaxInt32
	}
}
