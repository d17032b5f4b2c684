#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# run.sh <repository> <work folder> <compiler>: makes the Conan package and lets a consumer build
# against it, without any remote: what polywire needs comes from the system, through small wrapper
# recipes. Conan itself is installed into the work folder when Python's package index answers.
set -euo pipefail

repository=$1 work=$2
export CXX=$3
export CONAN_HOME=$work/home
here=$repository/tests/package/conan
mkdir -p "$work"

skip() {
  echo "SKIP: the Conan package was NOT tested: $1" >&2
  exit 77
}

if command -v conan >/dev/null; then
  conan=conan
else
  conan=$work/venv/bin/conan
  if ! [[ -x $conan ]] || ! "$conan" --version >/dev/null 2>&1; then
    python3 -m venv --clear "$work/venv" || skip "python3 -m venv does not work (apt-get install python3-venv)"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 20 \
      'conan>=2,<3' || skip "conan cannot be installed: Python's package index does not answer"
  fi
fi
"$conan" --version

rm -rf "$CONAN_HOME" "$work/create-"*
"$conan" profile detect
cat > "$work/profile" <<END
include(default)
[settings]
compiler.cppstd=20
[replace_requires]
asio/*: asio/1.22.1@system
nlohmann_json/*: nlohmann_json/3.11.2@system
protobuf/*: protobuf/3.21.12@system
openssl/*: openssl/3.0.11@system
zlib/*: zlib/1.2.13@system
[conf]
tools.cmake.cmaketoolchain:generator=Ninja
tools.build:jobs=1
tools.build:cxxflags=["-g0"]
tools.cmake.cmake_layout:test_folder=$work/test_package
tools.cmake.cmaketoolchain:user_presets=
END
for wrapper in "$here"/wrappers/*/; do
  "$conan" export "$wrapper"
done

# Nothing of it is compiled: whatever the settings and options, it is one package.
create() {
  local name=$1
  shift
  "$conan" create "$repository" --no-remote -pr:a "$work/profile" --build=missing \
    --format=json "$@" > "$work/create-$name.json"
}
create with_all -s build_type=Debug -o 'polywire/*:with_protobuf=True' -o 'polywire/*:with_tls=True' \
  -o 'polywire/*:with_gzip=True'
create plain -s build_type=Release -s compiler.cppstd=23 --test-folder=""
python3 - "$work"/create-*.json <<'END'
import json
import sys

ids = set()
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        nodes = json.load(file)["graph"]["nodes"].values()
    ids |= {node["package_id"] for node in nodes if (node["ref"] or "").startswith("polywire/")
            and node["package_id"]}
print("package ids:", ids)
assert len(ids) == 1, "the package id of a header library is constant"
END

# C++17 is refused, with a sentence.
if "$conan" create "$repository" --no-remote -pr:a "$work/profile" -s compiler.cppstd=17 \
  --build=missing --test-folder="" > "$work/create-17.log" 2>&1; then
  echo "cppstd=17 was not refused" >&2
  exit 1
fi
grep -i 'cppstd' "$work/create-17.log"
