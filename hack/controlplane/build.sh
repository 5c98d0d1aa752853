#!/usr/bin/env bash
# Builds a local Kubernetes from Go modules into the folder given: no Docker, nothing downloaded but modules.
#   build.sh FOLDER        the newest
#   build.sh FOLDER 1.34   the API server, the controllers and the scheduler of an older one; all else is the newest's
# With NODE=1 also what a real node runs: the kubelet and kube-proxy, and agnhost, the image of Kubernetes' own tests.
set -euo pipefail

# The programs run in images that have nothing else.
export CGO_ENABLED=0
out=${1:?usage: build.sh FOLDER [MINOR]}
minor=${2:-}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")"

kubernetes=(
	k8s.io/kubernetes/cmd/kube-apiserver
	k8s.io/kubernetes/cmd/kube-controller-manager
	k8s.io/kubernetes/cmd/kube-scheduler
)
node=(
	k8s.io/kubernetes/cmd/kubelet
	k8s.io/kubernetes/cmd/kube-proxy
	k8s.io/kubernetes/test/images/agnhost
)
tools=(
	./etcd
	k8s.io/kubernetes/cmd/kubectl
	sigs.k8s.io/kwok/cmd/kwok
	sigs.k8s.io/kwok/cmd/kwokctl
)

# build WHAT MODULE PROGRAM...: builds what is not there yet. What comes out follows from these files alone, so a stamp of
# them says whether it is up to date.
build() {
	local file=$out/.stamp-$1 module=$2 stamp version major minor ldflags="-s -w" i=0 package program
	shift 2
	stamp=$(cat "$module/go.mod" "$module/go.sum" build.sh etcd/main.go | sha256sum | cut -d' ' -f1)
	if [ "$(cat "$file" 2>/dev/null || true)" = "$stamp" ]; then
		return
	fi
	# Clients compare versions, and a plain `go build` has none.
	version=$(cd "$module" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
	IFS=. read -r major minor _ <<<"${version#v}"
	for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		ldflags+=" -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
	done
	echo "Building programs of Kubernetes $version from source into $out."
	echo "The first time this takes about 9 minutes on 2 cores; afterwards it is cached."
	for program in "$@"; do
		i=$((i + 1))
		echo "  [$i/$#] $(basename "$program")"
		(cd "$module" && go build -ldflags "$ldflags" -o "$out/" "$program")
	done
	echo "$stamp" >"$file"
	echo "Done in $SECONDS s."
}

module=.
if [ -n "$minor" ]; then
	module=v$minor
	if [ ! -e "$module/go.mod" ]; then
		echo "error: K8S=$minor: must be empty, for the newest, or one of $(ls -d v*/ | tr -d 'v/' | xargs)" >&2
		exit 1
	fi
fi
build tools . "${tools[@]}"
build kubernetes "$module" "${kubernetes[@]}"
if [ -n "${NODE:-}" ]; then
	build node "$module" "${node[@]}"
fi
