#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# pairs.sh <build folder>: runs every sender with its receiver over every backend that there is, as
# two processes where the backend crosses processes, prints what was said, and checks it. Then the
# programs that show one idea each, whose output must be the .txt beside their source.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=$(cd "${1:?usage: pairs.sh <build folder>}" && pwd)/examples
csv=$here/users/users.csv
users=1000 bad_lines=3 calls=1005  # 1,000 users, 2 that are refused, and one stream of each type

scratch=$(mktemp -d)
receiver= subscriber=
problems=()
clean_up() {
  for one in $receiver $subscriber; do kill -KILL "$one" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap clean_up EXIT

problem() {
  problems+=("$*")
  printf 'PROBLEM  %s\n' "$*"
}

# What somebody said: the first and the last lines.
show() {
  local who=$1 file=$2 lines
  lines=$(wc -l <"$file")
  if ((lines <= 26)); then
    sed "s/^/  $who | /" "$file"
  else
    head -n 4 "$file" | sed "s/^/  $who | /"
    printf '  %s | … %d more lines …\n' "$who" $((lines - 12))
    tail -n 8 "$file" | sed "s/^/  $who | /"
  fi
}

expect() {  # expect <file> <line that must be there> [how often]
  local found
  found=$(grep -cE -- "$2" "$1" || true)
  ((found == ${3:-1})) || problem "$url: '$2' was said $found times, not ${3:-1}"
}

# start_receiver <program> <url> [<argument>...]: sets `url` to where it listens.
start_receiver() {
  local tries
  : >"$scratch/receiver"  # or what the last one said would be read
  "$programs/$1" "${@:2}" >>"$scratch/receiver" 2>&1 &
  receiver=$!
  for ((tries = 0; tries < 600; ++tries)); do
    url=$(sed -n 's/^listening on //p' "$scratch/receiver")
    if [[ -n $url ]]; then return 0; fi
    if ! kill -0 "$receiver" 2>/dev/null; then break; fi
    sleep 0.05
  done
  url=$2
  problem "$1 does not listen at $2: $(cat "$scratch/receiver")"
  return 1
}

# stop_receiver <exit code that is right>
stop_receiver() {
  local code=0
  kill -TERM "$receiver"
  wait "$receiver" 2>/dev/null || code=$?
  receiver=
  ((code == $1)) || problem "$url: the receiver ended with $code, not $1"
}

run_sender() {  # run_sender <program> <arguments>...
  local code=0 program=$1
  shift
  timeout 120 "$programs/$program" "$@" >"$scratch/sender" 2>&1 || code=$?
  ((code == 0)) || problem "$url: $program ended with $code"
}

summaries=()
check_users() {  # check_users <sender's file> <receiver's file>
  local how sent received seconds
  expect "$1" "^line [0-9]+ skipped: " "$bad_lines"
  expect "$1" "^created $users users, 0 refused\$"
  expect "$1" "^once more: already_exists: "
  expect "$1" "^without a name: invalid_argument: name is required\$"
  expect "$1" "^listed $users users: ok\$"
  expect "$1" "^1 \+ 2 \+ … \+ 100: 5050\$"
  if [[ $url == http:* ]]; then
    expect "$1" "^the chat ended: unimplemented: HTTP/1.1 carries one direction after the other"
  else
    expect "$1" "^receiver: I heard '" 3
    expect "$1" "^the chat ended: ok\$"
    expect "$2" "^sender says: " 3
  fi
  expect "$2" "^created user [0-9]+: " "$users"
  expect "$2" "^stopped with $users users\$"
  how=$(grep '^calls: ' "$1" || true)
  seconds=$(sed -n 's/.*seconds: \([^,]*\),.*/\1/p' <<<"$how")
  sent=$(sed -n 's/.*bytes sent: \([0-9]*\),.*/\1/p' <<<"$how")
  received=$(sed -n 's/.*bytes received: \([0-9]*\).*/\1/p' <<<"$how")
  [[ $how == "calls: $calls, "* ]] || problem "$url: not $calls calls: $how"
  if [[ $url == inproc:* ]]; then
    [[ ${sent:-x}${received:-x} == 00 ]] || problem "$url: $how"
  else
    # No name, no address and no sum can come across in less.
    ((${sent:-0} > 60000 && ${received:-0} > 60000)) || problem "$url: $how"
  fi
  summaries+=("$(LC_ALL=C printf '%-34s %6d %9.3f %12d %14d' "${url/$scratch/…}" "$calls" \
    "${seconds:-0}" "${sent:-0}" "${received:-0}")")
}

users_in_one_process() {
  url=$1
  printf '\n-- users, one process, %s\n' "$url"
  run_sender users_both "$url" "$csv"
  grep -E '^(listening|created user|stopped|sender says)' "$scratch/sender" >"$scratch/receiver" || true
  grep -vE '^(listening|created user|stopped|sender says)' "$scratch/sender" >"$scratch/said" || true
  show receiver "$scratch/receiver"
  show sender "$scratch/said"
  check_users "$scratch/said" "$scratch/receiver"
}

users_in_two_processes() {
  printf '\n-- users, two processes, %s\n' "${1/$scratch/…}"
  start_receiver users_receiver "$1" || return 0
  run_sender users_sender "$url" "$csv"
  stop_receiver 0
  show receiver "$scratch/receiver"
  show sender "$scratch/sender"
  check_users "$scratch/sender" "$scratch/receiver"
}

# wait_for_lines <file> <how many> <what>
wait_for_lines() {
  local tries
  for ((tries = 0; tries < 3000; ++tries)); do
    if (($(wc -l <"$1") >= $2)); then return 0; fi
    sleep 0.01
  done
  problem "$url: $3: $(wc -l <"$1") lines after 30 s, not $2"
}

# A subscriber is killed while events come, and finds what it missed when it is started again.
events() {
  local half=600 numbers
  printf '\n-- events of users, with a subscriber that is killed, %s\n' "${1/$scratch/…}"
  start_receiver users_receiver "$1" || return 0
  head -n $half "$csv" >"$scratch/first.csv"
  { head -n 1 "$csv" && tail -n +$((half + 1)) "$csv"; } >"$scratch/rest.csv"
  : >"$scratch/journal"
  "$programs/users_subscriber" "$url" "$scratch/journal" $users >"$scratch/subscriber" 2>&1 &
  subscriber=$!
  "$programs/users_sender" "$url" "$scratch/first.csv" >"$scratch/sender" 2>&1 &
  local sender=$!
  wait_for_lines "$scratch/journal" 100 "events while users are created"
  kill -KILL "$subscriber"
  wait "$subscriber" 2>/dev/null || true
  subscriber=
  wait "$sender" || problem "$url: the first sender ended with $?"
  run_sender users_sender "$url" "$scratch/rest.csv"
  show sender "$scratch/sender"
  run_sender users_subscriber "$url" "$scratch/journal" $users
  stop_receiver 0
  show subscriber "$scratch/subscriber"
  show "subscriber, again" "$scratch/sender"
  numbers=$(sed -nE 's/^[0-9]+-[0-9]+ user ([0-9]+): .*/\1/p' "$scratch/journal")
  [[ $numbers == "$(seq $users)" ]] ||
    problem "$url: the journal has not every user once: $(wc -l <"$scratch/journal") lines"
  cat "$scratch/sender" >>"$scratch/subscriber"
  expect "$scratch/subscriber" "^lost " 0
  expect "$scratch/subscriber" "^going on after [0-9]+-[0-9]+\$"
}

prices() {
  local policy got lost all
  printf '\n-- prices for a subscriber that is too slow, %s\n' "${1/$scratch/…}"
  start_receiver prices_feed "$1" || return 0
  run_sender prices_subscriber "$url"
  stop_receiver 0
  show feed "$scratch/receiver"
  show subscriber "$scratch/sender"
  for policy in drop_oldest drop_newest disconnect block; do
    if ! read -r got lost all < <(sed -nE "s/^$policy: got ([0-9]+) and lost ([0-9]+) of ([0-9]+).*/\1 \2 \3/p" \
                                      "$scratch/sender"); then
      problem "$url: nothing was said of $policy"
      continue
    fi
    ((got > 0 && got + lost == all)) || problem "$url: $policy: $got and $lost are not $all"
    case $policy in
      drop_*) ((lost > 0 && all > 1000)) ;;
      disconnect) ((all < 1000)) ;;
      block) ((lost == 0 && all > 1000)) ;;
    esac || problem "$url: $policy: got $got, lost $lost of $all"
  done
  expect "$scratch/sender" "^disconnect: .*, then resource_exhausted: "
  expect "$scratch/sender" ", then " 1  # the others go on
}

guarded() {
  local calls='polywire_requests_total\{side="server",method="hello.v1.Greeter/Greet",type="unary"'
  printf '\n-- guarded by a token, logged and counted, %s\n' "${1/$scratch/…}"
  start_receiver guarded_receiver "$1" || return 0
  run_sender guarded_sender "$url"
  stop_receiver 0
  show receiver "$scratch/receiver"
  show sender "$scratch/sender"
  expect "$scratch/sender" "^Ada asks me to greet (Grace|Edsger|Barbara)\$" 3
  expect "$scratch/sender" "^unauthenticated: the token is not known\$"
  expect "$scratch/sender" "^unauthenticated: a token is required: "
  expect "$scratch/sender" "^the receiver is well\$"
  expect "$scratch/receiver" "^info: call side=server method=hello.v1.Greeter/Greet .* code=ok " 3
  expect "$scratch/receiver" "^warning: call side=server .* code=unauthenticated outcome=rejected " 2
  expect "$scratch/receiver" "^$calls,code=\"ok\"\} 3\$"
  expect "$scratch/receiver" "^$calls,code=\"unauthenticated\"\} 2\$"
  expect "$scratch/receiver" '^polywire_request_duration_seconds_count\{.*Greet".*\} 5$'
  expect "$scratch/receiver" "^polywire_connections_total 3\$"
  expect "$scratch/receiver" "ada-1234" 0  # a token is in no log
}

hello() {
  printf '\n-- hello, two processes, %s\n' "${1/$scratch/…}"
  start_receiver hello_receiver "$1" || return 0
  run_sender hello_sender "$url"
  stop_receiver 143  # nobody told it what SIGTERM means
  show receiver "$scratch/receiver"
  show sender "$scratch/sender"
  expect "$scratch/sender" "^Hello, (Ada|Grace)!\$" 2
  expect "$scratch/sender" "^invalid_argument: name is required\$"
}

tls() {
  local files=$scratch/certificates
  printf '\n-- encrypted, and only for who has a certificate\n'
  url=tls://127.0.0.1
  if ! bash "$here/tls/certificates.sh" "$files" >"$scratch/openssl" 2>&1; then
    problem "certificates.sh: $(cat "$scratch/openssl")"
    return 0
  fi
  start_receiver tls_receiver \
    "tls://127.0.0.1:0?cert=$files/server.pem&key=$files/server.key&client_ca=$files/ca.pem" || return 0
  run_sender tls_sender "$url" "$files"
  stop_receiver 0
  show receiver "$scratch/receiver"
  show sender "$scratch/sender"
  expect "$scratch/sender" "^Hello, Ada, says the receiver to URI:spiffe://example/ada\$"
  expect "$scratch/sender" "^nobody: unavailable: .* the server wants a client certificate"
  expect "$scratch/sender" "^stranger: unavailable: .* unknown CA \(my CA\)"
  expect "$scratch/sender" "^lost: unavailable: .* not for mail.example"
  expect "$scratch/receiver" "^warning: the TLS handshake with 127.0.0.1:[0-9]* failed: " 3
}

protobuf() {
  printf '\n-- protobuf, and the same method with plain structs, %s\n' "${1/$scratch/…}"
  start_receiver protobuf_receiver "$1" || return 0
  run_sender protobuf_sender "$url"
  cp "$scratch/sender" "$scratch/said"
  run_sender protobuf_json_sender "$url"
  cat "$scratch/sender" >>"$scratch/said"
  stop_receiver 143
  show receiver "$scratch/receiver"
  show sender "$scratch/said"
  expect "$scratch/said" '^protobuf: id: "1" name: "Ada Lovelace" .* active: true ?$'
  expect "$scratch/said" "^invalid_argument: name is required\$"
  expect "$scratch/said" "^JSON: 2 Grace Hopper, active\$"
}

# ask <method> <path> <body> [<last line>]: what a browser sends, and the answer up to that line.
ask() (
  exec {peer}<>"/dev/tcp/127.0.0.1/${url##*:}"
  printf '%s %s HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n' "$1" "$2" >&"$peer"
  printf 'content-length: %d\r\n\r\n%s' "${#3}" "$3" >&"$peer"
  echo "-> $1 $2 $3"
  timeout 30 sed "/${4:-no such line}/q" <&"$peer"
  echo
)

# tests/interop/browser shows the page to a real one.
browser() {
  local users=/user.v1.UserService
  printf '\n-- a page for browsers\n'
  start_receiver browser_receiver "http://127.0.0.1:0" "$here/browser/page.html" || return 0
  {
    ask GET / ""
    ask POST $users/CreateUser '{"name":"Ada","email":"ada@users.example"}'
    ask POST $users/CreateUser '{"name":"Ada"}'
    ask GET "$users/ListUsers?limit=100" ""
    ask GET "/topics/user.v1.events?from=earliest" "" "^data: "
  } >"$scratch/sender" 2>&1 || problem "$url: somebody did not answer"
  stop_receiver 0
  show receiver "$scratch/receiver"
  grep -E '^(->|HTTP|content-type|<title>|\{|id:|event:|data:)' "$scratch/sender" >"$scratch/said" || true
  show browser "$scratch/said"
  expect "$scratch/sender" "^content-type: text/html; charset=utf-8"
  expect "$scratch/sender" "^<title>Users</title>"
  expect "$scratch/sender" '^\{"active":true,.*"name":"Ada"'
  expect "$scratch/sender" '^\{"code":"invalid_argument","message":"email is required"\}'
  expect "$scratch/sender" '^data: \{"active":true,.*"name":"Ada"'
  expect "$scratch/sender" "^event: end"
  expect "$scratch/sender" '^data: \{"user":.*"what":"created"'
}

two_process_urls=("tcp://127.0.0.1:0" "unix:$scratch/polywire.sock" "http://127.0.0.1:0")

users_in_one_process inproc://users
for to in "${two_process_urls[@]}"; do
  users_in_two_processes "$to"
  events "$to"
  # Over http:// nothing but the kernel's buffers is between the two, which hold all these prices.
  [[ $to == http:* ]] || prices "$to"
  guarded "$to"
  hello "$to"
  if [[ -x $programs/protobuf_receiver ]]; then
    protobuf "$to"
  else
    printf '\n-- protobuf: SKIPPED, it was not found when this was built\n'
  fi
done

browser

if [[ -x $programs/tls_receiver ]]; then
  tls
else
  printf '\n-- tls: SKIPPED, OpenSSL was not found when this was built\n'
fi

for expected in "$here"/*/*.txt; do
  name=$(basename "$(dirname "$expected")")
  printf '\n-- %s\n' "$name"
  bash "$here/one.sh" "$programs/${name}_$(basename "$expected" .txt)" "$expected" |
    sed 's/^/  | /' || problem "$name: see above"
done

printf '\n%-34s %6s %9s %12s %14s\n' "users at" calls seconds "bytes sent" "bytes received"
printf '%s\n' "${summaries[@]}"
if ((${#problems[@]})); then
  printf '\n%d problems:\n' "${#problems[@]}"
  printf '  %s\n' "${problems[@]}"
  exit 1
fi
printf '\nEverything was said as expected.\n'
