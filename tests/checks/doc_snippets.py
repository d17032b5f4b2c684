#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""The C++ in README.md and docs/cookbook.md is that of the examples, which are compiled and run.

A block below `<!-- examples/… -->` is that whole file without its licence lines; below
`<!-- from examples/… -->` it is an excerpt: lines of that file in their order and, but for the
indentation, as they stand there; a line `…` leaves some out. Every ```cpp block needs one of the two.
And each field of `limits` has a row in the cookbook's table.

    doc_snippets.py <repository>
    doc_snippets.py --self-test
"""
import re
import sys
import tempfile
from pathlib import Path

DOCUMENTS = ("README.md", "docs/cookbook.md")
LIMITS = "include/polywire/core/limits.hpp"
FIELD = re.compile(r"^  [a-z_:0-9]+ (\w+) = .*;$", re.M)
ROW = re.compile(r"^\| `(\w+)` \|", re.M)
MARK = re.compile(r"<!-- (from )?(\S+) -->")


def blocks_of(text):
    """(line, mark above it or None, lines) of each block of C++."""
    mark, block, start = None, None, 0
    for number, line in enumerate(text.split("\n"), 1):
        if block is None:
            if line.startswith("```cpp"):
                block, start = [], number
            elif line.strip():
                mark = MARK.fullmatch(line.strip())
        elif line.startswith("```"):
            yield start, mark, block
            mark, block = None, None
        else:
            block.append(line)


def program_of(path):
    lines = path.read_text().split("\n")
    while lines and lines[0].startswith("// SPDX-"):
        lines.pop(0)
    return lines


def pieces_of(block):
    """The runs of lines between the `…`, bare of indentation and empty lines."""
    pieces = [[]]
    for line in (line.strip() for line in block):
        if line in {"…", "// …"}:
            pieces.append([])
        elif line:
            pieces[-1].append(line)
    return [piece for piece in pieces if piece]


def is_excerpt(block, program):
    lines, at = [line.strip() for line in program if line.strip()], 0
    for piece in pieces_of(block):
        while at + len(piece) <= len(lines) and lines[at:at + len(piece)] != piece:
            at += 1
        if at + len(piece) > len(lines):
            return False
        at += len(piece)
    return bool(pieces_of(block))


def check(repository):
    root, problems, count = Path(repository), [], 0
    for name in DOCUMENTS:
        for line, mark, block in blocks_of((root / name).read_text()):
            count += 1
            where = f"{name}:{line}"
            if mark is None:
                problems.append(f"{where}: no comment above says which example this comes from")
            elif not (root / mark[2]).is_file():
                problems.append(f"{where}: there is no {mark[2]}")
            elif mark[1]:
                if not is_excerpt(block, program_of(root / mark[2])):
                    problems.append(f"{where}: is not to be found in {mark[2]}")
            elif "\n".join(block).strip() != "\n".join(program_of(root / mark[2])).strip():
                problems.append(f"{where}: differs from {mark[2]}")
    if count == 0:
        problems.append("there is no C++ in the documents")
    fields = FIELD.findall((root / LIMITS).read_text())
    rows = ROW.findall((root / "docs/cookbook.md").read_text().partition("\n## Limits\n")[2])
    problems += [f"docs/cookbook.md: no row for limits::{name}" for name in fields if name not in rows]
    problems += [f"docs/cookbook.md: there is no limits::{name}" for name in rows if name not in fields]
    return problems, count


def self_test():
    program = "// SPDX-x\n// SPDX-y\nint a;\n  int b;\n\n  int c;\nint d;\n"
    whole = "<!-- examples/a.cpp -->\n```cpp\nint a;\n  int b;\n\n  int c;\nint d;\n```\n"
    part = "<!-- from examples/a.cpp -->\n```cpp\n{}\n```\n"
    good = [whole, part.format("int b;\nint c;"), part.format("int a;\n…\nint d;"), "```sh\nls\n```\n" + whole]
    bad = ["", whole.replace("int c;", "int e;"), whole.replace("a.cpp", "b.cpp"), part.format(""),
           part.format("int b;\nint d;"), part.format("int d;\n…\nint a;"), "```cpp\nint a;\n```\n",
           whole + "text\n```cpp\nint a;\n```\n"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for directory in ("docs", "examples", "include/polywire/core"):
            (root / directory).mkdir(parents=True)
        (root / "examples/a.cpp").write_text(program)
        (root / LIMITS).write_text("  std::size_t most = 4;\n  int least = std::size_t{1} << 20;\n")
        table = "\n## Limits\n| `most` | 4 |\n| `least` | 1 |\n"
        (root / "README.md").write_text(whole)
        for text in (table.replace("least", "last"), table + "| `more` | 5 |\n", ""):
            (root / "docs/cookbook.md").write_text(text)
            assert check(folder)[0], text
        (root / "docs/cookbook.md").write_text(table)
        for text in good + bad:
            (root / "README.md").write_text(text)
            assert (check(folder)[0] == []) == (text in good), (text, check(folder))
    print("self-test: what differs is found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    problems, count = check(sys.argv[1])
    print("\n".join(problems) or f"{count} blocks of C++ are those of the examples")
    sys.exit(1 if problems else 0)


main()
