#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# run.sh <python|go> <our peer> <protoc> <repository> <work folder>: builds the peer of that
# language, then lets its client talk to our server and our client to its server. Exit code 77: it
# could not be built here, which says SKIPPED and why.
set -euo pipefail
language=$1 our_peer=$2 protoc=$3 repository=$4 work=$5
source=$repository/tests/foreign/$language
protos=(-I "$repository/include/polywire/wire/frame" -I "$repository/tests/proto")

skip() {
  echo "SKIPPED: $*"
  exit 77
}

# Generated code, and what runs it, in the version that belongs to protoc 3.21.12, Debian 12's.
build_python() {
  local python=$work/venv/bin/python
  command -v python3 >/dev/null || skip "no Python; apt-get install python3-venv"
  local wanted='from google import protobuf; assert protobuf.__version__ == "4.21.12"'
  if ! "$python" -c "$wanted" 2>/dev/null; then
    python3 -m venv --clear "$work/venv" || skip "no venv can be made; apt-get install python3-venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check protobuf==4.21.12 ||
      skip "pip could not install protobuf==4.21.12"
  fi
  "$protoc" "${protos[@]}" --python_out="$work" frame.proto note.proto
  export PYTHONPATH=$work PYTHONDONTWRITEBYTECODE=1
  their_peer=("$python" "$source/peer.py")
}

build_go() {
  if ! command -v go >/dev/null; then
    ((EUID == 0)) || skip "no Go; as root: apt-get install golang-go"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends golang-go >/dev/null; } ||
      skip "apt-get could not install golang-go"
  fi
  export GOTOOLCHAIN=local GOFLAGS="${GOFLAGS:-} -buildvcs=false"
  local generator=$work/bin/protoc-gen-go
  [[ -x $generator ]] ||
    GOBIN=$work/bin go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.33.0 ||
    skip "go could not install protoc-gen-go v1.33.0"
  cp "$source"/*.go "$source"/go.{mod,sum} "$work"
  "$protoc" "${protos[@]}" --plugin="$generator" --go_out="$work" --go_opt=module=foreign \
    --go_opt=Mframe.proto=foreign/wire --go_opt=Mnote.proto=foreign/wire frame.proto note.proto
  (cd "$work" && go mod download) || skip "go could not download what go.mod names"
  (cd "$work" && go vet . && go build -o peer .)
  their_peer=("$work/peer")
}

server=
clean_up() { [[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true; }
trap clean_up EXIT

# talk <server> <client>: names of arrays with the commands. The last check of the client drains the
# server, which must then end by itself.
talk() {
  local -n serving=$1 calling=$2
  local said line address
  echo "-- $1 serves, $2 calls"
  rm -f "$work/said"
  mkfifo "$work/said"
  "${serving[@]}" serve >"$work/said" &
  server=$!
  exec {said}<"$work/said"
  read -r -t 30 -u "$said" line || line="nothing"
  address=${line#listening on }
  [[ $address != "$line" ]] || fail "the server said: $line"
  timeout 300 "${calling[@]}" call "$address" || fail "the client ended with $?"
  # Its output ends when it does.
  local code=0
  read -r -t 30 -u "$said" line || code=$?
  ((code <= 128)) || fail "the server goes on"
  exec {said}<&-
  wait "$server" || fail "the server ended with $?"
  server=
}
fail() {
  echo "FAILED   $*"
  exit 1
}

mkdir -p "$work"
our_peer=("$our_peer")
"build_$language"
talk our_peer their_peer
talk their_peer our_peer
echo "$language: passed in both directions"
