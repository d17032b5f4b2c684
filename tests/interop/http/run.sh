#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# run.sh <judge> <our server> <our client> <work folder>: lets programs that others wrote talk HTTP with
# ours. Exit code 77: the judge could not be had here, which says SKIPPED and why.
#   curl    calls our server (curl.sh)
#   python  http.client and urllib call our server
#   httpx   from PyPI, calls our server
#   node    connect-node and fetch call our server; our client calls a server of connect-node, and one
#           that answers whatever it likes
#   go      connect-go and net/http call our server; our client calls a server of connect-go
#   nginx   stands between our client and our server (nginx/judge.sh)
set -euo pipefail
judge=$1 our_server=$2 our_client=$3 work=$4
source=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$work"

skip() {
  echo "SKIPPED: $*"
  exit 77
}
fail() {
  echo "FAILED   $*"
  failures=$((failures + 1))
}
failures=0

started=()
clean_up() { for one in "${started[@]}"; do kill -KILL "$one" 2>/dev/null || true; done; }
trap clean_up EXIT

# start <name> <command>...: a server that says where it listens; sets `url` and `pid`.
start() {
  local name=$1 line=nothing said
  shift
  rm -f "$work/$name.said"
  mkfifo "$work/$name.said"
  "$@" >"$work/$name.said" 2>"$work/$name.log" &
  pid=$!
  started+=("$pid")
  exec {said}<"$work/$name.said"
  read -r -t 30 -u "$said" line || true
  url=${line#listening on }
  [[ $url != "$line" ]] || { cat "$work/$name.log"; fail "$name said: $line"; exit 1; }
}
# stop <pid>: a server of ours, which has to end well by itself.
stop() {
  kill -TERM "$1"
  wait "$1" || fail "our server ended with $?"
}
# check <what> <command>...
check() {
  local what=$1
  shift
  echo "-- $what"
  timeout 240 "$@" || fail "$what"
}

install() {
  command -v "$1" >/dev/null && return
  ((EUID == 0)) || skip "no $1; as root: apt-get install $2"
  # shellcheck disable=SC2086  # several packages
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $2 >/dev/null; } || skip "apt-get could not install $2"
}

judge_curl() {
  install curl curl
  start server "$our_server" "http://127.0.0.1:0?cors=https://app.example"
  check "curl calls our server" bash "$source/curl.sh" "$url" "$work"
  stop "$pid"
}

judge_python() {
  command -v python3 >/dev/null || skip "no Python; apt-get install python3"
  start server "$our_server" "http://127.0.0.1:0"
  check "http.client and urllib call our server" python3 "$source/python/standard.py" "$url"
  stop "$pid"
}

judge_httpx() {
  command -v python3 >/dev/null || skip "no Python; apt-get install python3-venv"
  local python=$work/venv/bin/python
  if ! "$python" -c 'import httpx; assert httpx.__version__ == "0.28.1"' 2>/dev/null; then
    python3 -m venv --clear "$work/venv" || skip "no venv can be made; apt-get install python3-venv"
    timeout 300 "$work/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 ||
      skip "pip could not install httpx==0.28.1"
  fi
  start server "$our_server" "http://127.0.0.1:0"
  check "httpx calls our server" "$python" "$source/python/by_httpx.py" "$url"
  stop "$pid"
}

judge_node() {
  install node nodejs
  install npm npm
  command -v protoc >/dev/null || skip "no protoc; apt-get install protobuf-compiler"
  cp "$source"/node/* "$work"
  protoc --include_imports -o "$work/values.binpb" -I "$source" values.proto
  if ! cmp -s "$work/package.json" "$work/node_modules/of.json"; then
    (cd "$work" && timeout 300 npm install --no-audit --no-fund --no-package-lock --loglevel=error) ||
      skip "npm could not install what node/package.json names"
    cp "$work/package.json" "$work/node_modules/of.json"
  fi
  start server "$our_server" "http://127.0.0.1:0"
  check "connect-node and fetch call our server" node "$work/client.mjs" "$url"
  stop "$pid"
  start node node "$work/server.mjs"
  check "our client calls connect-node" "$our_client" calls "$url"
  start odd node "$work/odd.mjs"
  check "our client calls a server that answers whatever it likes" "$our_client" odd "$url"
}

judge_go() {
  command -v go >/dev/null || skip "no Go; apt-get install golang-go"
  export GOTOOLCHAIN=local GOFLAGS="${GOFLAGS:-} -buildvcs=false"
  local needed have
  needed=$(awk '$1 == "go" { print $2 }' "$source/go/go.mod")
  have=$(cd "$work" && go version | sed -E 's/^go version go([0-9.]+).*/\1/')
  [[ $(printf '%s\n' "$needed" "$have" | sort -V | head -n 1) == "$needed" ]] ||
    skip "Go $have is here, and connect-go needs $needed"
  (cd "$source/go" && timeout 300 go mod download) || skip "go could not download what go.mod names"
  (cd "$source/go" && go vet . && go build -o "$work/peer" .)
  start server "$our_server" "http://127.0.0.1:0"
  check "connect-go and net/http call our server" "$work/peer" client "$url"
  stop "$pid"
  start go "$work/peer" server
  check "our client calls connect-go" "$our_client" calls "$url"
}

judge_nginx() {
  nginx=$(PATH=$PATH:/usr/sbin:$work/nginx/usr/sbin command -v nginx) || {
    # Only the program: its package would start a service.
    command -v apt-get >/dev/null || skip "no nginx"
    (cd "$work" && { apt-get download -qq nginx || { apt-get update -qq && apt-get download -qq nginx; }; } &&
      dpkg -x nginx_*.deb nginx) >"$work/download.log" 2>&1 || skip "apt-get could not download nginx"
    nginx=$work/nginx/usr/sbin/nginx
  }
  "$nginx" -v || skip "nginx does not run here"
  # shellcheck source=nginx/judge.sh
  source "$source/nginx/judge.sh"
}

"judge_$judge"
((failures == 0)) || exit 1
echo "$judge: passed"
