#!/usr/bin/env bash
# The words of hack/verify/words.txt must not be used: the project speaks the language of Kubernetes controllers.
set -euo pipefail

cd "$(dirname "$0")/../.."
words=$PWD/hack/verify/words.txt

# uses FOLDER: prints where the files of the folder use a word, and what to write instead.
uses() {
	local kind word instead
	while IFS=$'\t' read -r kind word instead; do
		case $kind in ''|'#'*) continue ;; esac
		(cd "$1" && grep -rnE --include="*.$kind" --exclude-dir=bin --exclude-dir=.git --exclude=zz_generated.deepcopy.go -- "$word" . || true) |
			sed "s|\$|   <- write: $instead|"
	done <"$words"
}

# A check that finds nothing looks just like one that is broken: it must find a seeded use of each kind.
seeded=$(mktemp -d)
trap 'rm -rf "$seeded"' EXIT
printf 'package a\n\n// Door is what it is; nil is not there.\ntype Door struct{}\n' >"$seeded/a.go"
printf 'It shall be mended.\n' >"$seeded/a.md"
if [ "$(uses "$seeded" | grep -c '<- write:')" -lt 4 ]; then
	echo "error: hack/verify/words.sh does not find seeded words" >&2
	exit 1
fi

found=$(uses .)
if [ -n "$found" ]; then
	echo "error: these words are not used here (hack/verify/words.txt):" >&2
	echo "$found" >&2
	exit 1
fi
