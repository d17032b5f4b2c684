#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# run.sh <server|client> <repository> <work folder> <compiler> [<compiler flags>]: lets the Connect
# conformance suite test our server or our client over HTTP/1.1, with what server.yaml or client.yaml
# says. The suite comes from the Go module proxy. Exit code 77: it could not be had, which says
# SKIPPED and why.
#
# Cases that fail and are known to would stand in <side>.known, one pattern a line, each with its
# reason in docs/protocols.md; the suite fails if one of them passes. There are none.
set -euo pipefail
side=$1 repository=$2 work=$3 compiler=$4 flags=${5:-}
source=$repository/tests/interop/connect
version=v1.0.5

skip() {
  echo "SKIPPED: $*"
  exit 77
}

command -v go >/dev/null || skip "no Go; apt-get install golang-go"
command -v protoc >/dev/null || skip "no protoc; apt-get install protobuf-compiler"
mkdir -p "$work"
cd "$work"
# One at a time builds what both sides need.
exec {lock}>"$work/lock"
flock "$lock"

export GOTOOLCHAIN=local GOFLAGS="${GOFLAGS:-} -mod=mod -buildvcs=false"
suite=$work/bin/connectconformance-$version
if [[ ! -x $suite ]]; then
  GOBIN=$work/bin timeout 900 go install "connectrpc.com/conformance/cmd/connectconformance@$version" ||
    skip "go could not install connectconformance $version"
  mv "$work/bin/connectconformance" "$suite"
fi
module=$(timeout 300 go mod download -json "connectrpc.com/conformance@$version") ||
  skip "go could not download the suite's protos"
protos=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])' <<<"$module")/proto

if [[ -z ${CMAKE_CXX_COMPILER_LAUNCHER:-} ]] && command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_CXX_FLAGS="-O0 -g1 $flags" -DPOLYWIRE_SOURCE="$repository" \
  -DCONFORMANCE_PROTO="$protos" >/dev/null
cmake --build "$work/build" -j 1 --target "$side"
flock -u "$lock"

known=()
[[ ! -f $source/$side.known ]] || known=(--known-failing "@$source/$side.known")
timeout 900 "$suite" --conf "$source/$side.yaml" --mode "$side" -v "${known[@]}" \
  -- "$work/build/$side"
