#!/usr/bin/env bash
# Online Boutique on the local cluster, with the operator beside it as a process that has the rights of its ServiceAccount.
#   hack/demo.sh up      can be run again at any time
#   hack/demo.sh down    removes everything
set -euo pipefail

cd "$(dirname "$0")/.."
export KUBECONFIG=$PWD/bin/kubeconfig
kubectl=${KUBEBUILDER_ASSETS:-$PWD/bin/k8s}/kubectl
state=bin/demo
log=$state/operator.log
pidfile=$state/operator.pid
system=microservice-operator-system
shop=online-boutique
timeout=${DEMO_TIMEOUT:-180}

fail() {
	echo "error: $*" >&2
	exit 1
}

# show runs a command the way a user would, and says which one it is.
show() {
	echo
	echo "\$ kubectl $*"
	"$kubectl" "$@"
}

install() {
	"$kubectl" apply --server-side -f config/crd/bases -f dist/install.yaml >/dev/null
	# The nodes of this cluster run no containers: the operator runs here instead, as a process.
	"$kubectl" -n $system scale deployment microservice-operator-controller-manager --replicas=0 >/dev/null
}

# The operator gets its ServiceAccount's token and nothing else.
operator_kubeconfig() {
	local token server
	token=$("$kubectl" -n $system create token microservice-operator-controller-manager --duration=24h)
	server=$("$kubectl" config view --minify -o jsonpath='{.clusters[0].cluster.server}')
	"$kubectl" config view --minify --flatten -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d >$state/ca.crt
	(
		umask 077
		export KUBECONFIG=$state/operator.kubeconfig
		rm -f "$KUBECONFIG"
		"$kubectl" config set-cluster local --server="$server" --certificate-authority=$state/ca.crt --embed-certs >/dev/null
		"$kubectl" config set-credentials operator --token="$token" >/dev/null
		"$kubectl" config set-context local --cluster=local --user=operator >/dev/null
		"$kubectl" config use-context local >/dev/null
	)
}

operator_running() {
	[ -s $pidfile ] && [ "$(ps -o comm= -p "$(cat $pidfile)" 2>/dev/null)" = manager ]
}

# As a kubelet does it: what does not end within the grace period is killed.
stop_operator() {
	local tries
	if operator_running; then
		kill "$(cat $pidfile)"
		for tries in $(seq 100); do
			operator_running || break
			sleep 0.1
		done
		! operator_running || kill -KILL "$(cat $pidfile)"
	fi
	rm -f $pidfile
}

start_operator() {
	stop_operator
	KUBECONFIG=$state/operator.kubeconfig nohup bin/manager --leader-elect --leader-election-namespace=$system \
		--health-probe-bind-address=0 --default-min-ready-seconds=0 >$log 2>&1 </dev/null &
	echo $! >$pidfile
}

all_ready() {
	local deadline=$((SECONDS + timeout)) ready total line
	while :; do
		operator_running || fail "the operator stopped; the end of $log: $(tail -3 $log)"
		total=$("$kubectl" -n $shop get microservices -o name | wc -l)
		ready=$("$kubectl" -n $shop get microservices \
			-o jsonpath='{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' | grep -c True || true)
		line="$ready of $total Microservices are Ready"
		[ "$ready" -lt "$total" ] || break
		if [ $SECONDS -ge $deadline ]; then
			"$kubectl" -n $shop get microservices -o wide >&2
			fail "$line after $timeout s; the operator's log is $log"
		fi
		sleep 0.5
	done
	echo "$line."
}

# A system that is applied at once is rolled out once: each Deployment has had one template.
rollouts() {
	local deployments sets
	deployments=$("$kubectl" -n $shop get deployments -o name | wc -l)
	sets=$("$kubectl" -n $shop get replicasets -o name | wc -l)
	echo "$deployments Deployments have $sets ReplicaSets: $([ "$sets" -gt "$deployments" ] && echo "some were rolled out more than once" || echo "each was rolled out once, although most came before what they call")."
}

up() {
	mkdir -p $state
	hack/cluster.sh up
	echo "Installing the operator and starting it with the rights of its ServiceAccount ..."
	install
	operator_kubeconfig
	start_operator
	echo "Applying Online Boutique: eleven services and redis ..."
	"$kubectl" apply -k config/samples/online-boutique >/dev/null
	all_ready
	show get microservices -n $shop
	show get deployments,services,horizontalpodautoscalers,networkpolicies,poddisruptionbudgets,serviceaccounts \
		-n $shop -l apps.microservice.dev/name=frontend
	cat <<-EOF

		$(all_ready)
		$(rollouts)

		Try next:

		  export KUBECONFIG=$KUBECONFIG PATH=$PWD/bin/k8s:\$PATH
		  kubectl describe microservice frontend -n $shop
		  kubectl scale microservice cartservice -n $shop --replicas=3
		  kubectl delete deployment adservice -n $shop      # it comes back
		  kubectl scale microservice redis-cart -n $shop --replicas=0   # cartservice has 0/1 dependencies then
		  kubectl describe networkpolicy cartservice -n $shop   # who may call it, and whom it may call
		  go run ./cmd/kubectl-msvc ui -n $shop             # see it in the browser
		  kubectl explain microservice.spec
		  tail -f $PWD/$log

		There is no metrics server here, so frontend says Autoscaling=False and is Ready all the same.
		The nodes are played by KWOK: pods are scheduled and become ready, but no container runs.
		Stop everything with: make demo-down
	EOF
}

down() {
	stop_operator
	hack/cluster.sh down
	rm -rf $state
	echo "The demo is stopped and its data removed."
}

case "${1:-}" in
up) up ;;
down) down ;;
*) fail "usage: $0 up|down" ;;
esac
