#!/usr/bin/env bash
# Fails with a message unless the working tree still has the hash that hack/verify/tree.sh printed before.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "$(hack/verify/tree.sh)" != "$1" ]; then
	echo "error: $2" >&2
	git status --short >&2
	exit 1
fi
