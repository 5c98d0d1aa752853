#!/usr/bin/env bash
# A local Kubernetes without Docker: a real API server, etcd, controllers and scheduler, with nodes played by KWOK.
#   hack/cluster.sh up      starts it (or leaves it running) and waits until a pod runs
#   hack/cluster.sh down    stops it and removes its data
set -euo pipefail

cd "$(dirname "$0")/.."
name=microservice-operator
export KWOK_WORKDIR=$PWD/bin/cluster KUBECONFIG=$PWD/bin/kubeconfig
. hack/kwok.sh

up() {
	for program in etcd kube-apiserver kube-controller-manager kube-scheduler kwok kwokctl kubectl; do
		[ -x "$assets/$program" ] || fail "$assets/$program is missing; run: make controlplane (KUBEBUILDER_ASSETS must be unset)"
	done
	if running; then
		echo "The local cluster is running already."
		return
	fi
	down
	mkdir -p "$KWOK_WORKDIR"
	config "" >"$KWOK_WORKDIR/config.yaml"
	echo "Starting a local cluster ..."
	$kwokctl create cluster --config "$KWOK_WORKDIR/config.yaml" --kubeconfig "$KUBECONFIG" --wait 2m \
		>"$KWOK_WORKDIR/kwokctl.log" 2>&1 || fail "the cluster did not start; see $KWOK_WORKDIR/kwokctl.log and $KWOK_WORKDIR/clusters/$name/logs"
	$kwokctl scale node --replicas 3 >>"$KWOK_WORKDIR/kwokctl.log" 2>&1
	wait_for_pod
	echo "The local cluster is up: $("$kubectl" get nodes --no-headers | wc -l) nodes, kubeconfig in bin/kubeconfig."
}

# The cluster works when a pod runs: then the scheduler, the controllers and the nodes do.
wait_for_pod() {
	local tries
	for tries in $(seq 60); do
		if "$kubectl" -n default get serviceaccount default >/dev/null 2>&1; then
			break
		fi
		sleep 0.5
	done
	"$kubectl" -n default run cluster-check --image=none --restart=Never >/dev/null
	"$kubectl" -n default wait pod/cluster-check --for=jsonpath='{.status.phase}'=Running --timeout=60s >/dev/null ||
		fail "no pod runs after 60 s; see $KWOK_WORKDIR/clusters/$name/logs"
	"$kubectl" -n default delete pod cluster-check --now >/dev/null
}

down() {
	if [ -d "$KWOK_WORKDIR/clusters/$name" ]; then
		$kwokctl delete cluster --kubeconfig "$KUBECONFIG" >"$KWOK_WORKDIR/kwokctl.log" 2>&1 || true
	fi
	rm -rf "$KUBECONFIG" "$KWOK_WORKDIR/clusters"
}

case "${1:-}" in
up) up ;;
down) down ;;
*) fail "usage: $0 up|down" ;;
esac
