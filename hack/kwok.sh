# What the local clusters have in common: hack/cluster.sh and hack/node.sh read this file. They set name, KWOK_WORKDIR and KUBECONFIG.
assets=${KUBEBUILDER_ASSETS:-$PWD/bin/k8s}
kubectl=$assets/kubectl
kwokctl="$assets/kwokctl --name $name"

fail() {
	echo "error: $*" >&2
	exit 1
}

running() {
	[ -s "$KUBECONFIG" ] && "$kubectl" --request-timeout=2s get --raw /readyz >/dev/null 2>&1
}

# config NAMES [FLAG VALUE]...: writes a configuration of kwokctl. NAMES are more of the API server, separated by commas, and the
# flags are the API server's. Everything listens on the loopback address, unless a flag says otherwise: etcd has no authentication.
config() {
	cat <<-EOF
		apiVersion: config.kwok.x-k8s.io/v1alpha1
		kind: KwokctlConfiguration
		options:
		  runtime: binary
		  bindAddress: 127.0.0.1
		  kubeApiserverCertSANs: [$1]
		  etcdBinary: $assets/etcd
		  kubeApiserverBinary: $assets/kube-apiserver
		  kubeControllerManagerBinary: $assets/kube-controller-manager
		  kubeSchedulerBinary: $assets/kube-scheduler
		  kwokControllerBinary: $assets/kwok
		componentsPatches:
		- name: kube-apiserver
		  extraArgs:
		  - key: enable-admission-plugins
		    value: OwnerReferencesPermissionEnforcement
	EOF
	shift
	while [ $# -gt 0 ]; do
		printf '  - key: %s\n    value: %s\n' "$1" "$2"
		shift 2
	done
}
