#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# one.sh <program> <file with what it must print>
set -uo pipefail
said=$(mktemp) errors=$(mktemp)
trap 'rm -f "$said" "$errors"' EXIT
code=0
timeout 120 "$1" >"$said" 2>"$errors" || code=$?
sed 's/^/(stderr) /' "$errors"
cat "$said"
if ! diff -u --label expected --label said "$2" "$said"; then
  echo "PROBLEM  $1 did not say what $2 expects"
  exit 1
fi
if ((code != 0)); then
  echo "PROBLEM  $1 ended with $code"
  exit 1
fi
