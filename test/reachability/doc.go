// Package reachability proves, by an engine that is not ours, that the generated NetworkPolicies allow what was
// declared and admitted, and nothing else. Three parts know nothing of each other: the operator's builders, a model of
// who may talk to whom that reads only what people write, and the engine that judges the policies. Engine and model
// have to agree on every connection.
//
// It is a module of its own, so it is run where it is:
//
//	cd test/reachability
//	go test ./...                          # everything, in about 20 seconds
//	go test -v -run OnlineBoutique         # who reaches whom in the sample
//	go test -run OnlineBoutique -update    # write that down anew
//	go test -run 'Random/seed=17$'         # one random graph
//	go test -run Random -graphs 5000       # many of them
package reachability
