// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/rpc/input_buffer.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace pw = polywire;
using pw::rpc::input_buffer;

namespace {

std::span<std::byte> put(input_buffer& in, std::string_view text) {
  const auto room = in.prepare();
  REQUIRE(room.size() >= text.size());
  std::ranges::copy(pw::as_bytes(text), room.begin());
  return in.commit(text.size());
}
std::string str(pw::bytes_view v) { return std::string(pw::as_text(v)); }

}  // namespace

TEST_CASE("what is left stands in front of what comes next", "[input_buffer]") {
  input_buffer in;
  auto all = put(in, "abcdef");
  CHECK(str(all) == "abcdef");
  in.finish(all.subspan(2));
  CHECK(in.kept() == 4);
  all = put(in, "gh");
  CHECK(str(all) == "cdefgh");
  in.finish(all.subspan(6));
  CHECK(in.kept() == 0);
}

TEST_CASE("committing nothing gives the buffer back and keeps what was kept", "[input_buffer]") {
  input_buffer in;
  auto all = put(in, "half");
  in.finish(all);
  (void)in.prepare();
  all = in.commit(0);
  CHECK(str(all) == "half");
  in.finish(all);
  CHECK(in.kept() == 4);
}

TEST_CASE("sessions of a thread share one buffer, one after the other", "[input_buffer]") {
  input_buffer a;
  input_buffer b;
  const std::byte* first = a.prepare().data();
  a.finish(a.commit(0));
  const std::byte* second = b.prepare().data();
  b.finish(b.commit(0));
  CHECK(first == second);
}

TEST_CASE("a session that reads within another's callback has a buffer of its own",
          "[input_buffer]") {
  input_buffer outer;
  input_buffer inner;
  auto all = put(outer, "outer message");

  auto nested = put(inner, "inner");
  CHECK(str(nested) == "inner");
  CHECK(nested.data() != all.data());
  inner.finish(nested.subspan(3));
  nested = put(inner, "!");
  CHECK(str(nested) == "er!");
  inner.finish({});

  CHECK(str(all) == "outer message");
  outer.finish(all.subspan(6));
  CHECK(str(put(outer, "?")) == "message?");
  outer.finish({});
  CHECK(inner.prepare().size() >= 16'384);
  inner.finish(inner.commit(0));
}

TEST_CASE("the rest of a message larger than the shared buffer is kept too", "[input_buffer]") {
  input_buffer in;
  std::string sent;
  for (int i = 0; i < 40; ++i) {
    const std::string piece(10'000, static_cast<char>('a' + i % 26));
    sent += piece;
    const auto all = put(in, piece);
    REQUIRE(all.size() == sent.size());
    in.finish(all);
  }
  const auto all = put(in, "");
  CHECK(str(all) == sent);
  in.finish({});
}

TEST_CASE("a session that dies between prepare and finish leaves the buffer to the others",
          "[input_buffer]") {
  const std::byte* first = nullptr;
  {
    input_buffer gone;
    first = gone.prepare().data();
  }
  input_buffer next;
  CHECK(next.prepare().data() == first);
  next.finish(next.commit(0));
}
