#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""A case of tests/compile_fail: a file that must not compile, for the reason that it names.

    // expect: <regular expression>     the error must match; several lines: each of them
    // only: gcc-12                      for one compiler: gcc or clang, or one release of it

The same file must compile with -DPOLYWIRE_EXPECT_OK, where it does the nearest right thing, so that
a case cannot pass because of a missing file or a typing error.

    run_case.py <case.cpp> -- <compiler> <flags>...
    run_case.py --self-test -- <compiler> <flags>...
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77


def compile_it(source, compiler, *flags):
    done = subprocess.run([*compiler, "-fsyntax-only", *flags, str(source)], capture_output=True,
                          text=True, check=False, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    return done.returncode == 0, done.stderr


def compiler_names(compiler):
    macros = subprocess.run([*compiler, "-dM", "-E", "-x", "c++", "/dev/null"], check=True,
                            capture_output=True, text=True).stdout
    values = dict(re.findall(r"#define (\w+) (.*)", macros))
    name = "clang" if "__clang__" in values else "gcc"
    release = values["__clang_major__" if name == "clang" else "__GNUC__"]
    return {name, f"{name}-{release}"}


def check(source, compiler):
    """Returns (exit code, what to say)."""
    text = source.read_text()
    expected = re.findall(r"^// expect: (.+)$", text, re.M)
    only = re.findall(r"^// only: (.+)$", text, re.M)
    if not expected:
        return 1, "the case has no line '// expect: <regular expression>'"
    if only and not compiler_names(compiler) & set(only):
        return SKIPPED, f"SKIP: only for {' '.join(only)}"
    good, errors = compile_it(source, compiler, "-DPOLYWIRE_EXPECT_OK")
    if not good:
        return 1, f"the right variant (-DPOLYWIRE_EXPECT_OK) does not compile:\n{errors}"
    good, errors = compile_it(source, compiler)
    if good:
        return 1, "compiled, but must not"
    for pattern in expected:
        if not re.search(pattern, errors):
            return 1, f"no error matches '{pattern}':\n{errors}"
    return 0, f"refused as expected: {', '.join(expected)}"


def self_test(compiler):
    cases = [
        (0, "// expect: too short\n#ifndef POLYWIRE_EXPECT_OK\n#error too short\n#endif\n"),
        (1, "// expect: too long\n#ifndef POLYWIRE_EXPECT_OK\n#error too short\n#endif\n"),
        (1, "// expect: too short\n#error too short\n"),
        (1, "// expect: too short\nint x;\n"),
        (1, "#ifndef POLYWIRE_EXPECT_OK\n#error too short\n#endif\n"),
        (SKIPPED, "// expect: too short\n// only: msvc\nint x;\n"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        for wanted, text in cases:
            source = Path(folder) / "case.cpp"
            source.write_text(text)
            got, message = check(source, compiler)
            assert got == wanted, (text, got, message)
    print("self-test: a case passes for the right reason only")


def main():
    split = sys.argv.index("--")
    arguments, compiler = sys.argv[1:split], sys.argv[split + 1:]
    if arguments == ["--self-test"]:
        return self_test(compiler)
    code, message = check(Path(arguments[0]), compiler)
    print(message)
    sys.exit(code)


main()
