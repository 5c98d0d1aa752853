#!/usr/bin/env bash
# Builds a local Kubernetes from Go modules into the folder given: no Docker, nothing downloaded but modules.
set -euo pipefail

out=${1:?usage: build.sh FOLDER}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")"

# What is built follows from these files alone, so a stamp of them says whether it is up to date.
stamp=$(cat go.mod go.sum build.sh etcd/main.go | sha256sum | cut -d' ' -f1)
if [ "$(cat "$out/.stamp" 2>/dev/null || true)" = "$stamp" ]; then
	exit 0
fi

# Clients compare versions, and a plain `go build` has none.
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
IFS=. read -r major minor _ <<<"${version#v}"
ldflags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
	ldflags+=" -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
done

programs=(
	./etcd
	k8s.io/kubernetes/cmd/kube-apiserver
	k8s.io/kubernetes/cmd/kube-controller-manager
	k8s.io/kubernetes/cmd/kube-scheduler
	k8s.io/kubernetes/cmd/kubectl
	sigs.k8s.io/kwok/cmd/kwok
	sigs.k8s.io/kwok/cmd/kwokctl
)
echo "Building a local Kubernetes $version from source into $out."
echo "The first time this takes about 9 minutes on 2 cores; afterwards it is cached."
i=0
for program in "${programs[@]}"; do
	i=$((i + 1))
	echo "  [$i/${#programs[@]}] $(basename "$program")"
	go build -ldflags "$ldflags" -o "$out/" "$program"
done
echo "$stamp" >"$out/.stamp"
echo "Done in $SECONDS s."
