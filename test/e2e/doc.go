// Package e2e tries the operator on a cluster with real nodes: containers, packets and a kubelet's own words. It installs the operator
// into the cluster of KUBECONFIG and removes it afterwards; what the cluster cannot do is skipped, with the reason.
//
//	make node-up test-e2e                                           a real node on this machine, without Docker
//	make test-e2e KUBECONFIG=... E2E_LOAD="kind load image-archive" any other cluster
//
// Labels choose what is tried, as in E2E_ARGS=-ginkgo.label-filter=reach.
package e2e
