#!/usr/bin/env bash
# Gives a Microservice another image and waits until it is Ready. Needs kubectl and nothing else.
#
#   deploy.sh [--wait-only] NAMESPACE NAME IMAGE [TIMEOUT]
#
# --wait-only  changes nothing: waits until somebody else, such as Argo CD or Flux, has set the image, and then for Ready.
# TIMEOUT      such as 90s, 5m or 1h; 10m if left out.
#
# Exit codes:
#   0  Ready with this image
#   1  wrong arguments, or the cluster refused or could not be asked
#   2  Stalled: it will not get there without an edit
#   3  the time is over, and it may still get there
set -euo pipefail

usage() {
	echo "usage: deploy.sh [--wait-only] NAMESPACE NAME IMAGE [TIMEOUT]" >&2
	exit 1
}

fail() { # CODE MESSAGE
	echo "error: $2" >&2
	exit "$1"
}

# seconds DURATION: kubectl takes a duration, this script has to count.
seconds() {
	local number=${1%[smh]}
	case $number in '' | *[!0-9]* | ??????????*) fail 1 "TIMEOUT is $1, want a duration such as 90s, 5m or 1h" ;; esac
	case $1 in
	*h) echo $((10#$number * 3600)) ;;
	*m) echo $((10#$number * 60)) ;;
	*) echo $((10#$number)) ;;
	esac
}

# about JSONPATH: what the Microservice says.
about() { kubectl get "$resource" "$name" --namespace="$namespace" --output="jsonpath=$1"; }

# condition TYPE FIELD
condition() { about "{.status.conditions[?(@.type==\"$1\")].$2}"; }

# until_is CONDITION: such as condition=Ready, for as long as there is time. kubectl does not take the condition of an older
# spec for the new one. To be called in a shell of its own, which becomes kubectl, so that it can be ended.
until_is() { exec kubectl wait "$resource/$name" --namespace="$namespace" --for="$1" --timeout="$(left)s"; }

left() { echo $((deadline > SECONDS ? deadline - SECONDS : 0)); }

# explain says why it is not Ready, in the words of the status.
explain() {
	local generation observed
	generation=$(about '{.metadata.generation}')
	observed=$(about '{.status.observedGeneration}')
	if [ "${observed:-0}" != "$generation" ]; then
		echo "The operator has not looked at this spec yet (generation $generation, observed ${observed:-none}). Does it run?"
		return
	fi
	echo "Ready is $(condition Ready status), $(condition Ready reason): $(condition Ready message)"
	if [ "$(condition DependenciesReady status)" != True ]; then
		echo "DependenciesReady is $(condition DependenciesReady status), $(condition DependenciesReady reason): $(condition DependenciesReady message)"
	fi
	echo "More: kubectl describe $resource $name --namespace=$namespace"
}

# give_up CODE MESSAGE
give_up() {
	echo "error: $2" >&2
	# Gone, or out of reach: then that is the cause, and kubectl says so.
	explain >&2 || exit 1
	exit "$1"
}

# stalled: of this spec, not of the one before.
stalled() {
	[ "$(condition Stalled status)" = True ] &&
		[ "$(condition Stalled observedGeneration)" = "$(about '{.metadata.generation}')" ]
}

# await_ready ends when it is Ready, Stalled or gone, or the time is over. Whether it is Ready is its exit code.
await_ready() {
	until_is condition=Ready &
	ready=$!
	until_is condition=Stalled >/dev/null 2>&1 &
	stopped=$!
	until_is delete >/dev/null 2>&1 &
	gone=$!
	trap end_waits EXIT
	while kill -0 "$ready" 2>/dev/null; do
		if ended_well "$stopped" || ended_well "$gone"; then
			end_waits
			wait "$ready" 2>/dev/null || true
			return 1
		fi
		sleep 1
	done
	end_waits
	wait "$ready"
}

# ended_well PID: a wait that failed says nothing, and the others go on.
ended_well() { ! kill -0 "$1" 2>/dev/null && wait "$1"; }

end_waits() { kill "$ready" "$stopped" "$gone" 2>/dev/null || true; }

# await_image waits until somebody else has set the image.
await_image() {
	if ! (until_is create) >/dev/null; then
		[ "$(left)" -eq 0 ] || fail 1 "the cluster could not be asked"
		fail 3 "$name does not exist"
	fi
	if ! (until_is "jsonpath={.spec.image}=$image") >/dev/null; then
		[ "$(left)" -eq 0 ] || fail 1 "the cluster could not be asked"
		fail 3 "$name still has the image $(about '{.spec.image}')"
	fi
}

set_image() {
	kubectl patch "$resource" "$name" --namespace="$namespace" --field-manager=deploy --type=merge \
		--patch="{\"spec\":{\"image\":\"$image\"}}" || fail 1 "the image was not changed"
}

main() {
	local get_image=set_image word now
	if [ "${1:-}" = --wait-only ]; then
		get_image=await_image
		shift
	fi
	if [ $# -lt 3 ] || [ $# -gt 4 ]; then usage; fi
	resource=microservices.apps.microservice.dev namespace=$1 name=$2 image=$3
	case $image in '' | *[!a-zA-Z0-9._/:@-]*) fail 1 "IMAGE is '$image', want a reference such as ghcr.io/acme/web:1.4.2" ;; esac
	for word in "$namespace" "$name"; do
		case $word in '' | -* | *[!a-z0-9.-]*) fail 1 "'$word' is not a name" ;; esac
	done
	deadline=$(seconds "${4:-10m}")
	deadline=$((SECONDS + deadline))

	$get_image
	until await_ready; do
		if stalled; then
			give_up 2 "$name is Stalled: it will not get there without an edit"
		elif [ "$(left)" -eq 0 ]; then
			give_up 3 "$name is not Ready in time"
		fi
		# It recovered, or the wait was broken off: once more, if the cluster can be asked.
		about '{.metadata.name}' >/dev/null || exit 1
		sleep 1
	done
	now=$(about '{.spec.image}')
	[ "$now" = "$image" ] || fail 1 "somebody changed the image to $now: does a GitOps tool look after $name?"
	echo "$name is Ready: $(condition Ready message)"
}

main "$@"
