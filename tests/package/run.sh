#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# run.sh <consumer> <repository> <work folder> <compiler>: configures, builds and runs
# tests/package/<consumer>; find_package consumers get a freshly installed polywire.
set -euo pipefail

consumer=$1 repository=$2 work=$3 compiler=$4
source=$repository/tests/package/$consumer
export CXX=$compiler
if [[ -z ${CMAKE_CXX_COMPILER_LAUNCHER:-} ]] && command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi

rm -rf "$work"
arguments=(-DPOLYWIRE_SOURCE="$repository")
if [[ $consumer != add_subdirectory ]]; then
  cmake -S "$repository" -B "$work/polywire" -G Ninja -DPOLYWIRE_BUILD_TESTS=OFF \
    -DPOLYWIRE_BUILD_EXAMPLES=OFF -DPOLYWIRE_BUILD_BENCHMARKS=OFF
  cmake --install "$work/polywire" --prefix "$work/prefix"
  arguments=(-DCMAKE_PREFIX_PATH="$work/prefix")
  # What is installed is all there is: nothing may still point into the source tree.
  if grep -rn "$repository/include" "$work/prefix/share"; then
    echo "the installed package names the source tree" >&2
    exit 1
  fi
  test -f "$work/prefix/include/polywire/wire/frame/frame.proto"
fi
cmake -S "$source" -B "$work/build" -G Ninja "${arguments[@]}"
cmake --build "$work/build" -j 1
ctest --test-dir "$work/build" --output-on-failure --no-tests=error
