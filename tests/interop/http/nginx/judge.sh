# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Our client, nginx, our server. To be sourced by ../run.sh; `nginx` is the program.

# start_nginx <port of our server>: sets `front`.
start_nginx() {
  local front_port attempt
  for ((attempt = 0; attempt < 20; ++attempt)); do
    front_port=$((20000 + RANDOM % 10000))
    sed "s/@FRONT@/$front_port/; s/@BACK@/$1/" "$source/nginx/nginx.conf" >"$work/nginx.conf"
    "$nginx" -p "$work" -c "$work/nginx.conf" 2>"$work/nginx.log" &
    proxy=$!
    started+=("$proxy")
    front=http://127.0.0.1:$front_port
    until curl -s -o "$work/health" "$front/healthz"; do
      kill -0 "$proxy" 2>/dev/null || continue 2  # the port is taken
      sleep 0.05
    done
    return
  done
  cat "$work/nginx.log"
  fail "nginx does not run"
  exit 1
}

# answers <what> <pattern> <path> <method> <bytes>: what our client says of one call.
answers() {
  local got
  got=$(timeout 60 "$our_client" once "$front/$3" "$4" "$5")
  # shellcheck disable=SC2053
  [[ $got == $2 ]] || fail "$1: $got"
}

publish() { curl -sS -o /dev/null -w '%{http_code}' -H 'content-type: application/json' -d "$1" "$front/topics/interop.v1.news"; }

# seen <line>: the watcher has printed it.
seen() {
  local end=$((SECONDS + 60))
  until grep -qx "$1" "$work/watched"; do
    ((SECONDS < end)) || { fail "the watcher has not seen '$1': $(tail -n 3 "$work/watched")"; return; }
    sleep 0.05
  done
}

start server "$our_server" "http://127.0.0.1:0"
back=$url server=$pid
start_nginx "${back##*:}"

check "every call through nginx" "$our_client" proxied "$front"
check "topics through nginx" "$our_client" topics "$front"
check "topics through a proxy that holds answers back if it may" "$our_client" topics "$front/plain"

say=interop.v1.Values/Echo
answers "a call" "ok *" "" "$say" 10
answers "a path before it" "ok *" small "$say" 10
answers "413" "unknown: *413* \[processed\]" small "$say" 2000
answers "413 of much" "unknown: *413* \[processed\]" small "$say" 4000000
answers "502" "unavailable: *502* \[maybe_processed\]" dead "$say" 10
answers "504" "unavailable: *504* \[maybe_processed\]" hasty interop.v1.Values/Wait 0

# Our server goes and comes back, at the same port; the subscriber's connection to nginx tells it
# nothing of either.
"$our_client" watch "$front" >"$work/watched" 2>&1 &
watcher=$!
started+=("$watcher")
seen subscribed
[[ $(publish '{"number":1,"text":"before"}') == 204 ]] || fail "publishing before"
seen "1 before on"
stop "$server"
[[ $(publish '{"number":2,"text":"nobody"}') == 502 ]] || fail "publishing to nobody"
start server "$our_server" "$back"
[[ $(publish '{"number":3,"text":"after"}') == 204 ]] || fail "publishing after"
seen "3 after restarted"
[[ $(publish '{"number":4,"text":"end"}') == 204 ]] || fail "publishing the end"
seen "4 end on"
wait "$watcher" || fail "the watcher ended with $?"
kill -TERM "$proxy"
wait "$proxy" || fail "nginx ended with $?"
stop "$pid"
