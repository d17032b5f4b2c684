#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""What every file keeps to: licence lines, `#pragma once`, sizes, and no names of package hosts.

    house_rules.py <repository>
    house_rules.py --self-test
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

COPYRIGHT = "SPDX-FileCopyrightText: 2026 The polywire authors"
LICENCE = "SPDX-License-Identifier: MIT"
SLASHES = {".hpp", ".ipp", ".cpp", ".proto", ".js", ".mjs", ".go"}
HASHES = {".py", ".sh", ".cmake"}
HEADERS = {".hpp", ".ipp"}
LONGEST_HEADER = 400
SKIPPED = {".git", "build", "__pycache__"}

# In two pieces each: this file may not name them either.
HOSTS = [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"),
         ("crates", "io"), ("proxy.golang", "org"), ("sum.golang", "org"),
         ("maven.apache", "org"), ("maven", "org"), ("deb.debian", "org"),
         ("security.debian", "org"), ("center.conan", "io"), ("center2.conan", "io"),
         ("rubygems", "org"), ("docker", "io")]
HOST = re.compile("|".join(rf"(?<![\w-]){re.escape(a)}\.{b}(?![\w-])" for a, b in HOSTS))
MACRO = re.compile(r"^\s*#\s*define\s+(\w+)")


def files_of(repository):
    """What git knows or would add; every file where there is no git."""
    listed = subprocess.run(["git", "-C", repository, "ls-files", "-z", "--cached", "--others",
                             "--exclude-standard"], capture_output=True, check=False)
    if listed.returncode == 0:
        names = sorted(set(listed.stdout.decode().split("\0")) - {""})
        return [name for name in names if (Path(repository) / name).is_file()]
    paths = (p.relative_to(repository) for p in sorted(Path(repository).rglob("*")) if p.is_file())
    return [p.as_posix() for p in paths if not SKIPPED & set(p.parts)]


def check_file(name, text):
    lines = text.split("\n")
    suffix = Path(name).suffix
    script = lines[0].startswith("#!")
    mark = "//" if suffix in SLASHES else "#"
    if suffix in SLASHES | HASHES or script or Path(name).name == "CMakeLists.txt":
        first = 1 if script else 0
        if lines[first:first + 2] != [f"{mark} {COPYRIGHT}", f"{mark} {LICENCE}"]:
            yield 1, "the two SPDX lines are missing (copy them from another file)"
    if suffix in HEADERS:
        if len(lines) < 3 or lines[2] != "#pragma once":
            yield 3, "#pragma once belongs below the SPDX lines"
        if len(lines) - 1 > LONGEST_HEADER:
            yield LONGEST_HEADER, f"{len(lines) - 1} lines: does this header hold one thing?"
    for number, line in enumerate(lines, 1):
        if HOST.search(line):
            yield number, "names the host of a package registry"
        if "\r" in line:
            yield number, "has a carriage return at its end"
            break
        if name.startswith("include/") and suffix in HEADERS:
            if re.match(r"using namespace (?!.*literals)", line):  # inside a function it harms nobody
                yield number, "using namespace in a header"
            macro = MACRO.match(line)
            if macro and not macro[1].startswith("POLYWIRE_"):
                yield number, f"the macro {macro[1]} does not start with POLYWIRE_"


def check(repository):
    problems, count = [], 0
    for name in files_of(repository):
        data = (Path(repository) / name).read_bytes()
        if b"\0" in data or "/corpus/" in name:
            continue
        count += 1
        text = data.decode("utf-8", errors="replace")
        problems += [f"{name}:{number}: {what}" for number, what in check_file(name, text)]
    if count == 0:
        problems.append(f"{repository}: no files found")
    return problems, count


def self_test():
    slashes = f"// {COPYRIGHT}\n// {LICENCE}\n"
    hashes = f"# {COPYRIGHT}\n# {LICENCE}\n"
    good = {"include/polywire/a.hpp": slashes + "#pragma once\n",
            "tests/a.cpp": slashes + "int main() {}\n",
            "tests/run": "#!/usr/bin/env bash\n" + hashes,
            "CMakeLists.txt": hashes, "README.md": "# read\n"}
    host = ".".join(HOSTS[0])
    bad = {"include/polywire/a.hpp": ["#pragma once\n", slashes + "\n#pragma once\n",
                                      slashes + "#pragma once\n" + "\n" * 400,
                                      slashes + "#pragma once\nusing namespace std;\n",
                                      slashes + "#pragma once\n#define SHORT 1\n"],
           "tests/a.cpp": ["int main() {}\n", hashes, slashes + "int x;\r\n"],
           "tests/run": ["#!/usr/bin/env bash\necho\n"],
           "CMakeLists.txt": ["project(x)\n"],
           "README.md": [f"pip install from {host}\n", f"https://{host}/simple\n"]}
    with tempfile.TemporaryDirectory() as folder:
        def problems_of(files):
            for path, text in files.items():
                file = Path(folder) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode())
            return check(folder)[0]

        assert problems_of({}) != [], "an empty tree must be a problem"
        assert problems_of(good) == [], problems_of(good)
        for path, texts in bad.items():
            for text in texts:
                problems = problems_of(good | {path: text})
                assert problems and all(p.startswith(path) for p in problems), (path, text)
    print("self-test: every rule can fail")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    problems, count = check(sys.argv[1])
    print("\n".join(problems) or f"{count} files keep the house rules")
    sys.exit(1 if problems else 0)


main()
