#!/usr/bin/env bash
# Prints one hash of every file that git tracks or would track, as it is in the working tree.
set -euo pipefail
cd "$(dirname "$0")/../.."
git ls-files -z --cached --others --exclude-standard | xargs -0 sha256sum 2>/dev/null | sha256sum
