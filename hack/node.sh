#!/usr/bin/env bash
# A real Kubernetes of one node on Linux, without Docker: kubelet, containerd with runc, kube-proxy, CoreDNS, a metrics server, and
# kube-router's policy controller, all built from Go modules. Pods are real containers, and packets are real. It needs root.
#   hack/node.sh up          starts it (or leaves it running) and waits until a pod runs
#   hack/node.sh down        stops it and removes its data
#   hack/node.sh load FILE   loads an image archive
set -euo pipefail

cd "$(dirname "$0")/.."
name=real
programs=$PWD/bin/node/programs
state=$PWD/bin/node/state
# A socket's path has at most 107 characters.
sockets=/run/microservice-operator-node
socket=$sockets/containerd.sock
export KWOK_WORKDIR=$state/kwok KUBECONFIG=$PWD/bin/node/kubeconfig
. hack/kwok.sh
bridge=cni0
address=10.244.0.1
pods=10.244.0.0/24
services=10.0.0.0/24

check() {
	[ "$(uname)" = Linux ] || fail "a real node needs Linux"
	[ "$(id -u)" = 0 ] || fail "a real node needs root: it makes containers, network interfaces and firewall rules"
	for program in kube-apiserver kubelet kube-proxy agnhost; do
		[ -x "$assets/$program" ] || fail "$assets/$program is missing; run: make node-programs (KUBEBUILDER_ASSETS must be unset)"
	done
	local missing=
	for program in runc iptables ipset conntrack; do
		command -v "$program" >/dev/null || missing+=" $program"
	done
	[ -x /usr/lib/cni/bridge ] || missing+=" containernetworking-plugins"
	[ -z "$missing" ] || fail "missing:$missing; on Debian: apt-get install --no-install-recommends runc containernetworking-plugins iptables ipset conntrack"
	# Nobody else is hidden: neither a network that this machine is in, nor a name server.
	local network taken server
	for network in "$pods" "$services"; do
		taken=$(ip -4 route show root "$network"; ip -4 route show match "$network" | grep -v '^default' || true)
		[ -z "$taken" ] || fail "this machine uses $network already: $taken"
	done
	for server in $(awk '$1 == "nameserver" { print $2 }' /etc/resolv.conf); do
		case $server in
		10.244.0.* | 10.0.0.*) fail "this machine's name server $server is in a network that the node would cover" ;;
		esac
	done
}

# start NAME COMMAND...: runs it in the background, with its log and its pid in the state.
start() {
	local name=$1
	shift
	setsid nohup "$@" >"$state/log/$name.log" 2>&1 &
	echo $! >"$state/run/$name.pid"
}

# await WORDS COMMAND...: waits two minutes until a command succeeds.
await() {
	local words=$1 end=$((SECONDS + 120))
	shift
	while [ $SECONDS -lt $end ]; do
		if "$@" >/dev/null 2>&1; then
			return
		fi
		sleep 0.5
	done
	fail "$words after 2 minutes; see $state/log"
}

# The API server listens on all addresses, so that pods reach it: it is encrypted and asks who calls. Everything else listens on
# the loopback address, or on the bridge's.
control_plane() {
	config "10.0.0.1, $address, kubernetes.default.svc" bind-address 0.0.0.0 advertise-address "$address" \
		kubelet-preferred-address-types InternalIP >"$state/kwok.yaml"
	$kwokctl create cluster --config "$state/kwok.yaml" --kubeconfig "$KUBECONFIG" --wait 2m >"$state/log/kwokctl.log" 2>&1 ||
		fail "the control plane did not start; see $state/log/kwokctl.log and $KWOK_WORKDIR/clusters/$name/logs"
	# The kubelet runs the pods.
	kill "$(cat "$KWOK_WORKDIR/clusters/$name/pids/kwok-controller.pid")"
}

network() {
	ip link add "$bridge" type bridge
	ip address add "$address/24" dev "$bridge"
	ip link set "$bridge" up
	# Without kube-proxy, addresses of Services must not leave the machine either.
	ip route add "$services" dev "$bridge"
	modprobe br_netfilter 2>/dev/null || true
	sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
	cat >"$state/cni/10-bridge.conflist" <<-T
		{"cniVersion": "1.0.0", "name": "bridge", "plugins": [
		  {"type": "bridge", "bridge": "$bridge", "isGateway": true, "hairpinMode": true,
		   "ipam": {"type": "host-local", "dataDir": "$state/addresses", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
		  {"type": "portmap", "capabilities": {"portMappings": true}}]}
	T
}

containerd() {
	# Nobody has example.com, so the tests use its name: what they load is there, and all else is not found.
	start registry "$programs/registry" -address "$address:5000"
	mkdir -p "$state/registries/example.com"
	echo "server = 'http://$address:5000'" >"$state/registries/example.com/hosts.toml"
	cat >"$state/containerd.toml" <<-T
		version = 3
		root = "$state/containerd"
		state = "$sockets"
		[grpc]
		  address = "$socket"
		[plugins.'io.containerd.cri.v1.images'.pinned_images]
		  sandbox = "node.local/pause:1"
		[plugins.'io.containerd.cri.v1.images'.registry]
		  config_path = "$state/registries"
		[plugins.'io.containerd.cri.v1.runtime']
		  restrict_oom_score_adj = true
		  [plugins.'io.containerd.cri.v1.runtime'.containerd]
		    default_runtime_name = "runc"
		    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
		      runtime_type = "io.containerd.runc.v2"
		  [plugins.'io.containerd.cri.v1.runtime'.cni]
		    bin_dirs = ["/usr/lib/cni"]
		    conf_dir = "$state/cni"
	T
	PATH=$programs:$PATH start containerd "$programs/containerd" -c "$state/containerd.toml"
	await "containerd does not answer" "$programs/ctr" -a "$socket" version
	"$programs/image" -out "$state/pause.tar" -name node.local/pause:1 "$assets/agnhost" pause
	"$programs/image" -out "$state/agnhost.tar" -name node.local/agnhost:1 "$assets/agnhost"
	local program
	for program in coredns metrics-server; do
		"$programs/image" -out "$state/$program.tar" -name "node.local/$program:1" "$programs/$program"
	done
	for image in pause agnhost coredns metrics-server; do
		load "$state/$image.tar"
	done
}

# A node on cgroup v1, without swap limits, without the right to raise OOM scores, and on a full disk, runs pods all the same.
kubelet() {
	: >"$state/resolv.conf"
	cat >"$state/kubelet.yaml" <<-T
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		address: $address
		authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
		authorization: {mode: AlwaysAllow}
		cgroupDriver: cgroupfs
		clusterDNS: [10.0.0.10]
		clusterDomain: cluster.local
		containerRuntimeEndpoint: unix://$socket
		evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
		failCgroupV1: false
		failSwapOn: false
		imageGCHighThresholdPercent: 100
		resolvConf: $state/resolv.conf
	T
	cat >"$state/kube-proxy.yaml" <<-T
		apiVersion: kubeproxy.config.k8s.io/v1alpha1
		kind: KubeProxyConfiguration
		bindAddress: $address
		clientConnection: {kubeconfig: $KUBECONFIG}
		clusterCIDR: $pods
		conntrack: {maxPerCore: 0, min: 0}
		healthzBindAddress: $address
		hostnameOverride: node
		metricsBindAddress: $address
		mode: iptables
	T
	start kubelet "$assets/kubelet" --config "$state/kubelet.yaml" --kubeconfig "$KUBECONFIG" --hostname-override node \
		--root-dir "$state/kubelet" --node-ip "$address"
	start kube-proxy "$assets/kube-proxy" --config "$state/kube-proxy.yaml"
	await "the node is not ready" "$kubectl" wait --for=condition=Ready node/node --timeout=1s
}

load() {
	"$programs/ctr" -a "$socket" -n k8s.io images import "$1" >"$state/log/import.log" 2>&1 || fail "$1 cannot be loaded: $(tail -1 "$state/log/import.log")"
}

up() {
	if running; then
		echo "The node is running already."
		return
	fi
	down
	check
	mkdir -p "$state"/{cni,log,run} "$sockets"
	echo "Starting a real node ..."
	network
	control_plane
	containerd
	kubelet
	start netpol "$programs/netpol" -kubeconfig "$KUBECONFIG" -node node -service-cidr "$services"
	"$kubectl" apply -f hack/node/coredns.yaml -f hack/node/metrics-server.yaml >/dev/null
	await "DNS does not run" "$kubectl" -n kube-system rollout status deployment/coredns --timeout=1s
	await "the metrics server does not answer" "$kubectl" wait apiservice/v1beta1.metrics.k8s.io --for=condition=Available --timeout=1s
	echo "The node is up: $("$kubectl" get node node -o jsonpath='{.status.nodeInfo.kubeletVersion}, {.status.nodeInfo.containerRuntimeVersion}'), kubeconfig in bin/node/kubeconfig."
}

# stop NAME SIGNAL: ends what start began, and waits for it.
stop() {
	local pid tries
	pid=$(cat "$state/run/$1.pid" 2>/dev/null) || return 0
	kill -s "$2" "$pid" 2>/dev/null || return 0
	for tries in $(seq 60); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.25
	done
	kill -KILL "$pid" 2>/dev/null || true
}

# clean_firewall removes the rules of kube-proxy, which does not always succeed at once, and the chains of the kubelet.
clean_firewall() {
	local chain table tries
	for tries in $(seq 5); do
		if "$assets/kube-proxy" --cleanup >/dev/null 2>&1; then
			break
		fi
	done
	for chain in INPUT OUTPUT; do
		while iptables -w -D "$chain" -j KUBE-FIREWALL 2>/dev/null; do :; done
	done
	for table in filter nat mangle; do
		for chain in KUBE-FIREWALL KUBE-KUBELET-CANARY; do
			iptables -w -t "$table" -F "$chain" 2>/dev/null && iptables -w -t "$table" -X "$chain" || true
		done
	done
}

down() {
	[ -d "$state" ] || return 0
	local pod mount
	stop kubelet TERM
	stop netpol INT
	stop registry TERM
	stop kube-proxy TERM
	clean_firewall
	for pod in $("$programs/ctr" -a "$socket" -n k8s.io tasks ls -q 2>/dev/null); do
		"$programs/ctr" -a "$socket" -n k8s.io tasks kill -s KILL "$pod" >/dev/null 2>&1 || true
	done
	sleep 1
	stop containerd TERM
	$kwokctl delete cluster --kubeconfig "$KUBECONFIG" >/dev/null 2>&1 || true
	grep -E "$state/kubelet|$sockets|/run/netns/cni-" /proc/mounts | awk '{ print $2 }' | sort -r | while read -r mount; do
		umount -l "$mount" || true
		[ ! -f "$mount" ] || rm -f "$mount" || true # somebody else's mount can hide it
	done
	ip link delete "$bridge" 2>/dev/null || true
	# What the kernel knows of connections would outlive them by a day, and send those of the next node's pods to addresses of this one.
	conntrack -D -s "$pods" >/dev/null 2>&1 || true
	rm -rf "$state" "$sockets" "$KUBECONFIG"
}

case ${1:-} in
up) up ;;
down)
	down
	echo "The node is down."
	;;
load)
	[ -s "${2:-}" ] || fail "usage: hack/node.sh load FILE"
	load "$2"
	;;
*)
	sed -n '2,6p' "$0" >&2
	exit 2
	;;
esac
