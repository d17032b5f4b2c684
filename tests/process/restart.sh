#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# restart.sh <program> <url>: kills a receiver with SIGKILL while it publishes, 20 times, and starts it
# again. The subscriber checks that everything came once or is lost by what it was told; here it is
# checked that it notices each restart, and that the sums are right. {scratch} in the URL is a folder.
set -euo pipefail
program=${1:?usage: restart.sh <program> <url>}
rounds=20
scratch=$(mktemp -d)
url=${2//\{scratch\}/$scratch}
receiver= subscriber=
clean_up() {
  for one in $receiver $subscriber; do kill -KILL "$one" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap clean_up EXIT

fail() {
  echo "PROBLEM  $*"
  for file in receiver subscriber; do sed "s/^/  $file | /" "$scratch/$file"; done
  exit 1
}

# wait_until <what> <command>...: until it succeeds; the other process has 20 s.
wait_until() {
  local what=$1 end=$((SECONDS + 20))
  shift
  until "$@"; do
    ((SECONDS < end)) || fail "$what: not within 20 s"
    sleep 0.01
  done
}
said() { (($(grep -c "$2" "$scratch/$1" || true) >= $3)); }
published() { (($(<"$scratch/counter") >= $1)); }
ended() { ! kill -0 "$1" 2>/dev/null; }

start_receiver() {
  : >"$scratch/receiver"
  "$program" publish "$url" "$scratch/counter" >"$scratch/receiver" 2>&1 &
  receiver=$!
  wait_until "the receiver listens" said receiver "^listening on " 1
  url=$(sed -n 's/^listening on //p' "$scratch/receiver")  # the same port from now on
}

echo 0 >"$scratch/counter"
start_receiver
"$program" watch "$url" >"$scratch/subscriber" 2>&1 &
subscriber=$!
for ((round = 1; round <= rounds; ++round)); do
  wait_until "the subscriber gets events of start $round" said subscriber "^epoch from " $round
  wait_until "the receiver publishes" published $(($(<"$scratch/counter") + 200))
  kill -KILL "$receiver"
  wait "$receiver" 2>/dev/null || true
  start_receiver
done
wait_until "the subscriber gets events of the last start" said subscriber "^epoch from " $((rounds + 1))
kill -TERM "$receiver"
wait_until "the subscriber gets the final event" said subscriber "^final " 1
kill -TERM "$receiver"
for one in receiver subscriber; do
  wait_until "the $one ends" ended "${!one}"
  wait "${!one}" || fail "the $one ended with $?"
done
cat "$scratch/subscriber"

total=$(($(<"$scratch/counter")))
summary=$(grep "^final " "$scratch/subscriber")
[[ $summary =~ ^final\ ([0-9]+):\ got\ ([0-9]+),\ lost\ ([0-9]+)$ ]] || fail "not understood: $summary"
((BASH_REMATCH[1] == total && BASH_REMATCH[2] + BASH_REMATCH[3] == total)) ||
  fail "$total numbers were published"
(($(grep -c "^epoch from " "$scratch/subscriber") == rounds + 1)) || fail "too many restarts were noticed"
