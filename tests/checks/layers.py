#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""Includes obey the arrows between the layers, and libraries of others stay behind their fences.

    layers.py <repository>       checks include/polywire
    layers.py --self-test        proves that each rule can fail
"""
import re
import sys
import tempfile
from pathlib import Path

# layer -> layers that it may include besides itself
ARROWS = {
    "core": set(),
    "codec": {"core"},
    "wire": {"core"},
    "rpc": {"core", "codec"},
    "backend": {"core", "codec", "wire", "rpc"},
    "io": {"core", "rpc"},
    "call": {"core", "codec", "rpc", "io"},  # one call as users hold it: client and server share it
    "interceptor": {"core", "io"},  # they see contexts, never messages
    "pubsub": {"core", "codec", "wire", "rpc", "io", "call", "interceptor"},
    "client": {"core", "codec", "wire", "rpc", "io", "call", "interceptor", "pubsub"},
    "server": {"core", "codec", "wire", "rpc", "io", "call", "interceptor", "pubsub"},
    "testing": {"core", "codec", "rpc", "io"},
}
# The conformance suite is written as a user would write it: door headers, Asio, no detail/.
USER = r"testing/conformance(/.*|\.hpp)"
# Protocols are strangers to each other; these folders of backend/ are what they share.
SHARED_BACKENDS = {"framed", "http_carrier"}

# (what, its includes, where it may be included)
FENCES = [
    ("asio.hpp, which costs seconds", r"asio\.hpp", r"(?!)"),
    ("Asio", r"asio/.*", rf"io/[^/]*\.hpp|io/detail/.*|{USER}"),
    ("nlohmann_json", r"nlohmann/.*", r"codec/json[^/]*\.hpp|wire/jsonrpc.*"),
    ("protobuf", r"google/protobuf/.*|.*\.pb\.h", r"codec/protobuf[^/]*\.hpp"),
    ("OpenSSL", r"openssl/.*", r"io/tls_[^/]*\.hpp"),
    ("zlib", r"zlib\.h|zconf\.h", r"wire/.*"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def module_of(parts):
    """The folder inside which a detail/ is open: a layer, or one protocol of backend."""
    if len(parts) < 2:
        return "a door header"
    return "/".join(parts[:2]) if parts[0] == "backend" and len(parts) > 2 else parts[0]


def check_include(path, quote, target, root):
    """Yields what is wrong with one include of the header `path`, relative to include/polywire."""
    parts = path.split("/")
    for name, what, where in FENCES:
        if re.fullmatch(what, target) and not re.fullmatch(where, path):
            yield f"<{target}>: {name} may not be included here"
    if not target.startswith("polywire/"):
        if quote == '"':
            yield f'"{target}": write polywire includes from the root, others in <>'
        return
    if quote == "<":
        yield f"<{target}>: write it in quotes"
    inner = target.removeprefix("polywire/")
    if not (root / inner).is_file():
        yield f'"{target}": there is no such file'
    inner_parts = inner.split("/")
    here, there = module_of(parts), module_of(inner_parts)
    if "detail" in inner_parts[:-1] and here != there:
        yield f'"{target}": detail/ is closed to other modules than {there}'
    if len(parts) == 1 or re.fullmatch(USER, path):
        return  # door headers may include anything
    if len(inner_parts) == 1:
        yield f'"{target}": a layer may not include a door header'
        return
    layer, other = parts[0], inner_parts[0]
    if other not in ARROWS:
        yield f'"{target}": {other} is no layer'
    elif other != layer and other not in ARROWS[layer]:
        yield f'"{target}": {layer} may only include {", ".join(sorted(ARROWS[layer])) or "std"}'
    elif layer == other == "backend" and here != there:
        if inner_parts[1] not in SHARED_BACKENDS:
            yield f'"{target}": one protocol may not include another'


def check(repository):
    root = Path(repository) / "include" / "polywire"
    problems, count = [], 0
    for header in sorted(root.rglob("*.[hi]pp")):
        count += 1
        path = header.relative_to(root).as_posix()
        if "/" in path and path.split("/")[0] not in ARROWS:
            problems.append(f"include/polywire/{path}: {path.split('/')[0]} is no layer")
            continue
        for number, line in enumerate(header.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                for problem in check_include(path, found[1], found[2], root):
                    problems.append(f"include/polywire/{path}:{number}: {problem}")
    if count == 0:
        problems.append(f"{root}: no headers found")
    return problems, count


GOOD = {
    "core/a.hpp": "#include <vector>",
    "io/detail/op.hpp": "#include <asio/post.hpp>",
    "testing/conformance/unary.hpp": '#include "polywire/tcp.hpp"\n#include <asio/co_spawn.hpp>',
    "codec/json.hpp": '#include "polywire/core/a.hpp"\n#include <nlohmann/json.hpp>',
    "codec/protobuf.hpp": "#include <google/protobuf/message.h>",
    "wire/w.hpp": '#include "polywire/wire/detail/x.hpp"\n#include <zlib.h>',
    "wire/detail/x.hpp": "",
    "io/asio.hpp": "#include <asio/awaitable.hpp>",
    "io/tls_pump.hpp": "#include <openssl/ssl.h>",
    "rpc/r.hpp": '#include "polywire/codec/json.hpp"',
    "backend/framed/f.hpp": '#include "polywire/wire/w.hpp"',
    "backend/tcp/t.hpp": '#include "polywire/backend/framed/f.hpp"',
    "client/c.hpp": '#include "polywire/io/asio.hpp"',
    "tcp.hpp": '#include "polywire/backend/tcp/t.hpp"\n#include "polywire/client/c.hpp"',
}
BAD = {
    "core/a.hpp": ['#include "polywire/codec/json.hpp"', '#include "polywire/tcp.hpp"',
                   "#include <asio/buffer.hpp>", "# include <zlib.h>",
                   '#include "polywire/core/absent.hpp"', '#include "b.hpp"',
                   "#include <polywire/core/a.hpp>"],
    "codec/codec.hpp": ["#include <nlohmann/json_fwd.hpp>", '#include "polywire/rpc/r.hpp"'],
    "codec/detail/x.hpp": ["#include <google/protobuf/message.h>"],
    "wire/w2.hpp": ['#include "polywire/codec/json.hpp"'],
    "rpc/r.hpp": ['#include "polywire/io/asio.hpp"', '#include "polywire/wire/w.hpp"',
                  '#include "polywire/wire/detail/x.hpp"'],
    "backend/tcp/t.hpp": ['#include "polywire/backend/http/h.hpp"',
                          '#include "polywire/io/asio.hpp"'],
    "backend/framed/f.hpp": ['#include "polywire/backend/tcp/t.hpp"',
                             '#include "polywire/wire/detail/x.hpp"'],
    "io/stream.hpp": ["#include <asio.hpp>", "#include <openssl/ssl.h>", '#include "polywire/backend/tcp/t.hpp"'],
    "io/asio.hpp": ["#include <asio.hpp>"],
    "client/c.hpp": ['#include "polywire/backend/tcp/t.hpp"', '#include "polywire/server/s.hpp"'],
    "rpc/session.hpp": ["#include <asio/post.hpp>"],
    "client/c2.hpp": ["#include <asio/post.hpp>"],
    "testing/t.hpp": ['#include "polywire/client/c.hpp"', '#include "polywire/tcp.hpp"'],
    "testing/conformance/unary.hpp": ['#include "polywire/wire/detail/x.hpp"',
                                      "#include <nlohmann/json.hpp>"],
    "tcp.hpp": ["#include <asio/ip/tcp.hpp>", '#include "polywire/wire/detail/x.hpp"'],
    "utils/u.hpp": ["#include <vector>"],
}


def self_test():
    def problems_of(files):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = Path(folder) / "include" / "polywire" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text + "\n")
            return check(folder)[0]

    assert problems_of({}) != [], "an empty tree must be a problem"
    assert problems_of(GOOD) == [], problems_of(GOOD)
    extra = {"backend/http/h.hpp": "", "server/s.hpp": ""}
    for path, lines in BAD.items():
        for line in lines:
            problems = problems_of(GOOD | extra | {path: line})
            assert len(problems) >= 1 and all(p.startswith(f"include/polywire/{path}")
                                              for p in problems), (path, line, problems)
    print("self-test: every rule can fail")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    problems, count = check(sys.argv[1])
    print("\n".join(problems) or f"{count} headers obey the layers")
    sys.exit(1 if problems else 0)


main()
