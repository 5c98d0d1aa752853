package reachability_test

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// disagreement is everything that one needs to find out who is wrong.
func disagreement(c connection, engine bool, model reasons, built map[key]*children) string {
	out := &strings.Builder{}
	fmt.Fprintf(out, "%s\n  engine: allowed %t\n  model:  allowed %t (egress: %q, ingress: %q)\n",
		c, engine, model.allow(), model.egress, model.ingress)
	for _, end := range []*peer{c.from, c.to} {
		of := built[end.microservice]
		if of == nil || of.policy == nil {
			fmt.Fprintf(out, "%s has no policy; its labels are %v\n", end.name, end.labels)
			continue
		}
		content, err := yaml.Marshal(of.policy.Spec)
		if err != nil {
			content = []byte(err.Error())
		}
		fmt.Fprintf(out, "policy of %s:\n%s", end.name, content)
	}
	return out.String()
}
