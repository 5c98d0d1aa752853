package faults

import "testing"

// newer is the operator with another opinion of what a Deployment looks like, as a later version has.
var newer = mutant{
	name: "a later version",
	file: "internal/resources/podtemplate.go",
	what: "		WithEnableServiceLinks(false).\n",
	with: "		WithEnableServiceLinks(false).\n		WithTerminationGracePeriodSeconds(45).\n",
}

// TestTwoVersionsTakeTurns: an upgrade, a way back, and a leader that changes between both (F29). Each change of version
// costs what the difference is, once, and nobody fights.
func TestTwoVersionsTakeTurns(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.take(t, scenario[0])
	programs := []string{newer.build(t), env.Program}
	for i := range 4 {
		before := len(s.Proxy.Sent(writes))
		s.Operator.Leave()
		s.Operator.ReturnAs(programs[i%2])
		s.until(t, "the other version writes", func() bool { return len(s.Proxy.Sent(writes)) >= before+2 })
		s.arrive(t, &scenario[0])
		s.assertQuiet(t)
		// two Deployments, and the status of each while its pods are replaced
		if after := s.Proxy.Sent(writes)[before:]; len(after) < 2 || len(after) > 2+2*3 {
			t.Errorf("another version writes %d times: %v", len(after), after)
		}
	}
}
