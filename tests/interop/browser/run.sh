#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# run.sh <server> <repository>: shows page.html to a real browser, Chromium without a window. The page
# makes its checks against the server that it came from, which prints them and ends. Exit code 77: there
# is no such browser, which says SKIPPED and why.
set -euo pipefail
server_program=$1 repository=$2

skip() {
  echo "SKIPPED: $*"
  exit 77
}

find_browser() { command -v chromium-headless-shell || command -v chromium; }
if ! find_browser >/dev/null; then
  ((EUID == 0)) || skip "no Chromium; as root: apt-get install chromium-headless-shell"
  # 60 MB, a minute; the package chromium is twice as much.
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
    timeout 600 apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null; } ||
    skip "apt-get could not install chromium-headless-shell"
fi

scratch=$(mktemp -d)
server= browser=
clean_up() {
  local tries
  if [[ -n $browser ]]; then
    kill -TERM -- "-$browser" 2>/dev/null || true
    for ((tries = 0; tries < 100; ++tries)); do  # its processes end one after the other
      kill -0 -- "-$browser" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$browser" 2>/dev/null || true
    wait "$browser" 2>/dev/null || true
  fi
  [[ -z $server ]] || kill -KILL "$server" 2>/dev/null || true
  rm -rf "$scratch"
}
trap clean_up EXIT

"$server_program" "$repository/tests/interop/browser/page.html" \
  "$repository/examples/browser/page.html" >"$scratch/server" 2>&1 &
server=$!
url=
for ((tries = 0; tries < 600; ++tries)); do
  url=$(sed -n 's/^listening on //p' "$scratch/server")
  [[ -z $url ]] && kill -0 "$server" 2>/dev/null || break
  sleep 0.05
done

if [[ -z $url ]]; then
  echo "FAILED   the server does not listen"
  cat "$scratch/server"
  exit 1
fi

# HOME: nothing outside of the scratch folder is read or written. -m: a process group of its own, for
# what is called Chromium may be a script that starts it.
set -m
HOME=$scratch "$(find_browser)" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
  --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage \
  --user-data-dir="$scratch/profile" "$url/" >"$scratch/browser" 2>&1 &
browser=$!
set +m

code=0
for ((tries = 0; tries < 1500; ++tries)); do  # 150 s, on a machine that has other things to do
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
if kill -0 "$server" 2>/dev/null; then
  echo "FAILED   the page did not come to its end; the browser says:"
  tail -n 20 "$scratch/browser"
  kill -KILL "$server"
fi
wait "$server" || code=$?
server=
cat "$scratch/server"
exit "$code"
