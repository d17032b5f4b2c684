# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What tests/run, examples/run and benchmarks/run share: installing what is missing, and steps that
# say what they do and how long it took. To be sourced.

# The packages without which nothing is built.
build_packages=(g++ cmake ninja-build ccache libasio-dev libprotobuf-dev protobuf-compiler
  nlohmann-json3-dev libssl-dev openssl zlib1g-dev python3)

say() { printf '%s\n' "$*"; }
jobs_here() { echo "${POLYWIRE_JOBS:-$(nproc)}"; }

# install_packages <package>...: installs what is not there yet; touches no network otherwise.
install_packages() {
  local missing=() package as_root=()
  for package in "$@"; do
    if ! dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
      missing+=("$package")
    fi
  done
  if ((${#missing[@]} == 0)); then
    say "All packages are there."
    return 0
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      say "Missing, and neither root nor sudo to install them. As root:" \
        "apt-get install ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  say "Installing: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || say "apt-get update failed; trying with what is known" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

step_names=() step_results=() step_seconds=()

# step <name> <command>...: runs it, and remembers how it went. 77 means skipped. Always succeeds, so
# that the steps behind it run; `steps_failed` tells.
step() {
  local name=$1 begin=$SECONDS code=0 result
  shift
  printf '\n== %s  (%s since the start)\n' "$name" "$(elapsed "$SECONDS")"
  # In a shell of its own with its own -e: behind `||` bash would ignore it.
  set +e
  (
    set -e
    "$@"
  )
  code=$?
  set -e
  case $code in
    0) result=passed ;;
    77) result=skipped ;;
    *) result=FAILED ;;
  esac
  step_names+=("$name") step_results+=("$result") step_seconds+=($((SECONDS - begin)))
  printf -- '-- %s: %s in %s\n' "$name" "$result" "$(elapsed $((SECONDS - begin)))"
}

steps_failed() { [[ " ${step_results[*]} " == *" FAILED "* ]]; }

elapsed() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

print_steps() {
  local i
  printf '\n== Summary\n'
  for i in "${!step_names[@]}"; do
    printf '%-8s %6s  %s\n' "${step_results[i]}" "$(elapsed "${step_seconds[i]}")" "${step_names[i]}"
  done
  printf '%-8s %6s  in all\n' "" "$(elapsed "$SECONDS")"
}
