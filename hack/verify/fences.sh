#!/usr/bin/env bash
# The linter must refuse a forbidden import: a fence that stands open looks just like one that is kept. Each violation
# is planted in a copy of the module.
set -euo pipefail

cd "$(dirname "$0")/../.."
: "${GOLANGCI_LINT:?is the path of golangci-lint}"
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -xf - -C "$copy"

# check FOLDER IMPORT: plants the import there and expects depguard to name it.
check() {
	local package file="$copy/$1/zz_fence.go"
	package=$(sed -n 's/^package //p' "$(ls "$copy/$1"/*.go | grep -v _test.go | head -1)")
	printf 'package %s\n\nimport _ "%s"\n' "$package" "$2" >"$file"
	# The linter fails when it finds something, so only its words count.
	local said
	said=$(cd "$copy" && "$GOLANGCI_LINT" run --enable-only depguard "./$1" 2>&1 || true)
	rm "$file"
	if ! grep -q "import '$2' is not allowed" <<<"$said"; then
		echo "error: $1 may import $2: the fence in .golangci.yml is open" >&2
		exit 1
	fi
}

# Imports that would make a cycle are not here: the compiler refuses those.
module=github.com/microservice-dev/microservice-operator
check api/v1alpha1 sigs.k8s.io/controller-runtime/pkg/client
check internal/dependency sigs.k8s.io/controller-runtime/pkg/client
check internal/dependency k8s.io/client-go/applyconfigurations/core/v1
check internal/resources sigs.k8s.io/controller-runtime/pkg/client
check internal/resources time
check internal/settings sigs.k8s.io/controller-runtime/pkg/client
check internal/status k8s.io/client-go/kubernetes
check internal/status $module/internal/resources
check internal/status $module/internal/dependency
check internal/explain sigs.k8s.io/controller-runtime/pkg/client
check internal/explain $module/internal/topology
check internal/layout $module/api/v1alpha1
check internal/layout time
check internal/metrics $module/internal/apply
check internal/netpol $module/api/v1alpha1
check internal/hosts $module/api/v1alpha1
check internal/document k8s.io/client-go/kubernetes
check internal/workload sigs.k8s.io/controller-runtime/pkg/client
check internal/workload os
check internal/difference $module/api/v1alpha1
check internal/inspect $module/internal/resources
check internal/inspect github.com/spf13/cobra
check internal/cli $module/internal/apply
check internal/apply $module/api/v1alpha1
check internal/apply $module/internal/resources
check internal/consistency $module/api/v1alpha1
check internal/consistency sigs.k8s.io/controller-runtime/pkg/client
check internal/fairqueue $module/internal/dependency
check internal/optional $module/internal/dependency
check internal/servicetracker $module/internal/resources
check internal/podreader $module/internal/apply
check internal/topology $module/internal/apply
check internal/topology $module/internal/resources
check internal/planner $module/internal/apply
check internal/restarts sigs.k8s.io/controller-runtime/pkg/client
check internal/unchanged $module/api/v1alpha1
check test/wrappers $module/internal/controller
