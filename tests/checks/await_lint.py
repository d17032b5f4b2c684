#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
"""Finds what g++ 12 miscompiles inside one full-expression with a co_await: temporaries of
aggregates (`Type{...}`, `f({...})`) and lambdas that capture by value are destroyed twice.

Tokens do not tell whether a type is an aggregate or a capture is trivial. What is known to be right
is written with a name before the co_await, with parentheses, or carries a comment in the statement
or on the line above:   // await-lint: ok <reason>

    await_lint.py <repository>     include, examples, tests, benchmarks, and the C++ in *.md
    await_lint.py --self-test
"""
import re
import sys
import tempfile
from pathlib import Path

# No aggregates, or trivially destructible: braces around these are right.
HARMLESS = re.compile(
    r"(?:(?:::)?(?:std::)?(?:size_t|ptrdiff_t|u?int(?:8|16|32|64)_t|byte|string|string_view|nullopt_t"
    r"|optional<.*>|span<.*>)|(?:std::)?chrono::\w+(?:<.*>)?"
    r"|int|long|unsigned|char|bool|double|float|auto)")
ALLOW = re.compile(r"//\s*await-lint:\s*ok\s+\S+")
TOKEN = re.compile(r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<raw>(?:u8|[uUL])?R"(?P<delim>[^(\s]*)\(.*?\)(?P=delim)")
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
  | (?P<char>(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+')
  | (?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<word>[A-Za-z_]\w*|[0-9](?:'?[\w.])*)
  | (?P<punct>::|->|<<=|>>=|<=>|&&|\|\||[-+*/%^&|!=<>]=|\+\+|--|<<|[^\s\w])
""", re.X | re.S | re.M)
OPEN, CLOSE = {"(": ")", "{": "}", "[": "]"}, {")", "}", "]"}
CONTROL = {"if", "while", "for", "switch"}
NOT_A_TYPE = {"return", "co_return", "co_await", "co_yield", "else", "do", "try", "throw", "case",
              "new", "constexpr", "mutable", "noexcept", "const", "override", "final", "goto"}


class Lint:
    def __init__(self, text):
        self.tokens, self.allowed = [], set()  # (text, line); lines with an allow comment
        line, at = 1, 0
        for match in TOKEN.finditer(text):
            line += text.count("\n", at, match.start())
            at = match.start()
            kind = match.lastgroup if match.lastgroup != "delim" else "raw"
            if kind == "comment":
                if ALLOW.match(match[0]):
                    self.allowed.add(line)
            elif kind in ("string", "raw", "char"):
                self.tokens.append(('""', line))
            elif kind != "directive":
                self.tokens.append((match[0], line))
        self.partner, stack = {}, []
        for i, (token, _) in enumerate(self.tokens):
            if token in OPEN:
                stack.append(i)
            elif token in CLOSE and stack:
                opened = stack.pop()
                self.partner[opened], self.partner[i] = i, opened

    def text(self, i):
        return self.tokens[i][0] if 0 <= i < len(self.tokens) else ""

    def type_start(self, last):
        """Where the type that ends at token `last` begins; None if it is none."""
        i = last
        while True:
            if self.text(i) == ">":
                depth = 0
                while i >= 0:
                    depth += {">": 1, "<": -1}.get(self.text(i), 0)
                    if depth == 0:
                        break
                    if self.text(i) in {";", "{", "}"}:
                        return None
                    i -= 1
                i -= 1
            word = self.text(i)
            if not re.match(r"[A-Za-z_]", word) or word in NOT_A_TYPE | CONTROL:
                return None
            if self.text(i - 1) == "::":
                if re.match(r"[A-Za-z_>]", self.text(i - 2)) and self.text(i - 2) not in NOT_A_TYPE:
                    i -= 2
                    continue
                return i - 1
            return i

    def is_block(self, i):
        """Whether the brace at `i` opens a block of statements or members, not a list of values."""
        before = self.text(i - 1)
        if before in {"", ")", ";", "{", "}", ":", "else", "do", "try", "mutable", "noexcept",
                      "const", "override", "final", "]"}:
            return True
        if before == '""':
            return True  # extern "C" {
        start = self.type_start(i - 1)
        if start is None:
            return False
        if self.text(start - 1) == "->":
            return self.text(start - 2) in {")", "mutable", "noexcept", "const", "]"}
        return self.text(start - 1) in {"struct", "class", "union", "enum", "namespace", "inline",
                                        "public", "private", "protected"}

    def full_expression(self, at):
        """The range of tokens of the full-expression around token `at`."""
        i = at - 1
        while i >= 0:
            token = self.text(i)
            if token == ";":
                break
            if token in CLOSE and i in self.partner:
                opened = self.partner[i]
                if token == "}" and self.is_block(opened) and not self.is_lambda_body(opened):
                    break
                if token == ")" and self.text(opened - 1) in CONTROL | {"constexpr"}:
                    break  # if (...) co_await x;
                i = opened - 1
                continue
            if token == "{" and self.is_block(i):
                break
            if token == "(" and self.text(i - 1) in CONTROL | {"constexpr"}:
                break
            i -= 1
        start = end = i + 1
        while end < len(self.tokens):
            token = self.text(end)
            if token == ";" or token in CLOSE:
                break
            end = self.partner.get(end, end) + 1 if token in OPEN else end + 1
        return start, end

    def is_lambda_body(self, brace):
        i = brace - 1
        while i > 0 and self.text(i) not in {";", "{", "}"}:
            if self.text(i) == ")" and i in self.partner:
                i = self.partner[i]
                if self.text(i - 1) == "]" and self.is_capture(self.partner.get(i - 1, -1)):
                    return True
            elif self.text(i) == "]":
                return self.is_capture(self.partner.get(i, -1))
            elif self.text(i) in {"(", "[", "=", ","}:
                return False
            i -= 1
        return False

    def is_capture(self, i):
        """Whether the `[` at `i` begins a lambda, not a subscript or an attribute."""
        if i < 0 or self.text(i) != "[" or self.text(i + 1) == "[" or self.text(i - 1) == "[":
            return False
        before = self.text(i - 1)
        return not (before in {")", "]", '""', ">", "}"} or
                    (re.match(r"\w", before) and before not in NOT_A_TYPE | {"&", "&&"}))

    def problems_in(self, start, end):
        i = start
        while i < end:
            token = self.text(i)
            if token == "[" and self.is_capture(i):
                captures = [self.text(k) for k in range(i + 1, self.partner.get(i, i))]
                depth, first, by_value = 0, True, False
                for capture in captures:
                    if first and depth == 0 and capture not in {"&", "this"}:
                        by_value = True
                    depth += (capture in OPEN) - (capture in CLOSE)
                    first = capture == "," and depth == 0
                if by_value:
                    yield i, "a lambda that captures by value"
            elif token == "{":
                if self.is_block(i):
                    if self.is_lambda_body(i):  # other expressions: they are looked at by themselves
                        i = self.partner.get(i, i)
                elif self.text(i - 1) in {"(", ",", "{", "return", "co_return", "co_yield"}:
                    if self.text(i - 1) in {"(", ","}:
                        yield i, "a braced argument"
                elif self.text(i - 1) != "=":
                    type_start = self.type_start(i - 1)
                    if type_start is not None and not self.declares(type_start, i):
                        name = "".join(self.text(k) for k in range(type_start, i))
                        if not HARMLESS.fullmatch(name):
                            yield i, f"the temporary {name}{{...}}"
            i += 1

    def declares(self, start, brace):
        """`Type name{...}`: a variable, or the name of a member in a constructor's list."""
        before = self.text(start - 1)
        return brace - start == 1 and (
            before in {">", "&", "*"} or
            (re.match(r"[A-Za-z_]", before) is not None and before not in NOT_A_TYPE))

    def problems(self):
        seen = set()
        for at, (token, line) in enumerate(self.tokens):
            if token != "co_await":
                continue
            start, end = self.full_expression(at)
            lines = {self.tokens[k][1] for k in range(start, end)} | {line}
            if self.allowed & (lines | {min(lines) - 1}):
                continue
            for place, what in self.problems_in(start, end):
                if place not in seen:
                    seen.add(place)
                    yield self.tokens[place][1], what


def code_of(path):
    text = path.read_text(errors="replace")
    if path.suffix != ".md":
        return text
    # Everything but the C++ becomes empty lines, so that line numbers stay.
    kept, inside = [], False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            inside = not inside and re.match(r"\s*```(cpp|c\+\+|cc)\b", line) is not None
            kept.append("")
        else:
            kept.append(line if inside else "")
    return "\n".join(kept)


def check(repository):
    root, problems, count = Path(repository), [], 0
    paths = [p for folder in ("include", "examples", "tests", "benchmarks")
             for p in sorted((root / folder).rglob("*")) if p.suffix in {".hpp", ".ipp", ".cpp"}]
    paths += sorted(root.glob("*.md")) + sorted((root / "docs").glob("*.md"))
    for path in paths:
        count += 1
        for line, what in Lint(code_of(path)).problems():
            problems.append(f"{path.relative_to(root)}:{line}: {what} in an expression with "
                            "co_await: g++ 12 destroys it twice; name it first")
    return problems, count


BAD = """
co_await client.async_call(m, Request{1, "x"});
co_await client.async_call(m, {1, "x"});
auto r = co_await client.async_call(m, api::Request<int>{.id = 1});
use(Request{1}, co_await f());
return Request{1} == co_await f();
co_await run([copy] { copy.use(); });
co_await run([=] { use(copy); });
co_await run([&a, b = std::move(b)](int) mutable { b.use(); });
if (auto r = co_await f(Request{1}); r) use(r);
while (co_await f(Request{1})) { }
for (int i = 0; i < 3; ++i) co_await f(api::Request{i});
auto f = [&]() -> asio::awaitable<void> { co_await g(Request{1}); };
CHECK(co_await f(Request{1}) == 2);
co_await g(a ? Request{1} : Request{2});
co_await g(Request{1});  // await-lint: ok
"""
GOOD = """
Request request{1, "x"}; co_await client.async_call(m, request);
const std::vector<Request> all{{1}, {2}}; for (auto& one : all) co_await f(one);
polywire::result<User> user{co_await f(x)};
co_await f(Request(1, "x"));
co_await run([&] { use(Request{1}); });
co_await run([this, &a] { use(a); });
auto f = [copy]() -> asio::awaitable<void> { co_await g(copy); };
spawn([copy]() -> asio::awaitable<status> { co_return co_await g(copy); }(), Request{1});
co_await timer.async_wait(std::chrono::seconds{1});
// co_await f(Request{1});
auto s = "co_await f(Request{1})"; use(Request{1});
co_await f(Request{1});  // await-lint: ok Request has a constructor
use(Request{1}); co_await f(x); use(Request{2});
if (x) { co_await f(x); } else { co_await g(x); } auto y = Request{1};
asio::awaitable<void> h() { co_await f(x); }
struct s { asio::awaitable<void> h() { co_await f(table[0]); } int x{1}; };
auto w = R"(co_await f(Request{1}))"; const int n = 1'000'000; co_await f(n);
switch (x) { case 1: { co_await f(x); } }
"""


def self_test():
    for line in filter(None, BAD.split("\n")):
        assert list(Lint(line).problems()), line
    for line in filter(None, GOOD.split("\n")):
        found = list(Lint(line).problems())
        assert not found, (line, found)
    with tempfile.TemporaryDirectory() as folder:
        read_me = Path(folder) / "README.md"
        read_me.write_text("```cpp\nco_await f(Request{1});\n```\n")
        assert len(check(folder)[0]) == 1
        read_me.write_text("co_await f(Request{1});\n```sh\nco_await f(Request{1});\n```\n")
        assert check(folder) == ([], 1)
    print("self-test: the pattern is found, and what is right is left alone")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    problems, count = check(sys.argv[1])
    if count == 0:
        problems.append("no files found")
    print("\n".join(problems) or f"{count} files are free of what g++ 12 miscompiles")
    sys.exit(1 if problems else 0)


main()
