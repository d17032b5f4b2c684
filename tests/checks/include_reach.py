#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""Heavy libraries are not reachable from headers that promise to do without them.

    include_reach.py --forbid <part of a path> <header>... -- <compiler> <flags>...
    include_reach.py --self-test -- <compiler> <flags>...
"""
import subprocess
import sys
import tempfile
from pathlib import Path


def reached(headers, compiler):
    """Every file that the compiler reads for these headers. Raises where it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "reach.cpp"
        source.write_text("".join(f'#include "{header}"\n' for header in headers))
        done = subprocess.run([*compiler, "-M", str(source)], capture_output=True, text=True,
                              check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.replace("\\\n", " ").split()[2:]  # without the target and the source


def check(forbidden, headers, compiler):
    return [f"{', '.join(headers)}: reaches {path}"
            for path in reached(headers, compiler) if forbidden in path]


def self_test(compiler):
    assert check("/nlohmann/", ["nlohmann/json.hpp"], compiler), "json.hpp reaches json.hpp"
    assert check("/nlohmann/", ["vector", "nlohmann/json_fwd.hpp"], compiler)
    assert not check("/nlohmann/", ["vector"], compiler)
    try:
        check("/nlohmann/", ["polywire/no/such/header.hpp"], compiler)
    except RuntimeError:
        print("self-test: a reached library and a missing header both fail")
    else:
        raise AssertionError("a missing header must fail")


def main():
    split = sys.argv.index("--")
    arguments, compiler = sys.argv[1:split], sys.argv[split + 1:]
    if arguments == ["--self-test"]:
        return self_test(compiler)
    assert arguments[0] == "--forbid" and len(arguments) > 2, __doc__
    try:
        problems = check(arguments[1], arguments[2:], compiler)
    except RuntimeError as error:
        problems = [str(error)]
    print("\n".join(problems) or f"{arguments[1]} is not reachable from {', '.join(arguments[2:])}")
    sys.exit(1 if problems else 0)


main()
