// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/sse/writer.hpp"

#include "polywire/wire/sse/reader.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace sse = polywire::wire::sse;
using namespace std::chrono_literals;
using polywire::as_text;
using polywire::buffer;
using polywire::status_code;

namespace {

std::string written(const sse::event& e) {
  buffer out;
  CHECK(sse::append_event(out, e).ok());
  return std::string(as_text(out.view()));
}

/// The data that a reader gets.
std::string data_read(std::string_view data) {
  const std::string stream = written({{}, data, {}});
  sse::reader reader(1000, 1000);
  polywire::bytes_view in = polywire::as_bytes(stream);
  sse::event next;
  REQUIRE(reader.read(in, next) == sse::read_state::complete);
  CHECK(in.empty());
  return std::string(next.data);
}

}  // namespace

TEST_CASE("an event is written with its type and id, where it has them") {
  CHECK(written({"add", "{\"a\":1}", "9-41"}) == "event: add\nid: 9-41\ndata: {\"a\":1}\n\n");
  CHECK(written({{}, "x", {}}) == "data: x\n\n");
  CHECK(written({{}, "", {}}) == "data: \n\n");
}

TEST_CASE("an id alone is no event, but what a reader comes back with") {
  buffer out;
  CHECK(sse::append_id(out, "9-41").ok());
  CHECK(as_text(out.view()) == "id: 9-41\n\n");
  sse::reader reader(1000, 1000);
  polywire::bytes_view in = out.view();
  sse::event next;
  CHECK(reader.read(in, next) == sse::read_state::need_more);
  CHECK(reader.last_event_id() == "9-41");
  for (const char* bad : {"9\n41", "9\r41"}) {
    CHECK(sse::append_id(out, bad).code() == status_code::invalid_argument);
  }
  CHECK(sse::append_id(out, std::string_view("9\0", 2)).code() == status_code::invalid_argument);
  CHECK(out.size() == 10);
}

TEST_CASE("every line of the data is a field, and readers put them together again") {
  CHECK(written({{}, "a\nb\r\nc\rd", {}}) == "data: a\ndata: b\ndata: c\ndata: d\n\n");
  CHECK(written({{}, "\r\r\n\n", {}}) == "data: \ndata: \ndata: \ndata: \n\n");
  for (const auto& [data, back] :
       {std::pair("", ""), std::pair(" two blanks ", " two blanks "), std::pair(":", ":"),
        std::pair("\n", "\n"), std::pair("a\n", "a\n"), std::pair("\r\na\r\rb\r\n", "\na\n\nb\n"),
        std::pair("x\nevent: evil\n\ndata: more", "x\nevent: evil\n\ndata: more"),
        std::pair("ends with CR\r", "ends with CR\n"), std::pair("01234567\n89", "01234567\n89")}) {
    CHECK(data_read(data) == back);
  }
}

TEST_CASE("line ends are found at every place of a long text") {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char end : {'\n', '\r'}) {
        std::string text(size, '\x0b');  // one off either of the two
        text[at] = end;
        CHECK(sse::detail::find_line_end(text) == at);
        text[size - 1] = '\x8a';  // as LF, but for the high bit
        CHECK(sse::detail::find_line_end(text) == (at == size - 1 ? size : at));
      }
    }
  }
}

TEST_CASE("a type or an id that would break its line is refused") {
  for (const std::string_view bad : {std::string_view("a\nb"), std::string_view("\r"),
                                     std::string_view("a\r\n"), std::string_view("a\0b", 3)}) {
    buffer out;
    out.append("before");
    CHECK(sse::append_event(out, {bad, "x", {}}).code() == status_code::invalid_argument);
    CHECK(sse::append_event(out, {{}, "x", bad}).code() == status_code::invalid_argument);
    CHECK(as_text(out.view()) == "before");
  }
}

TEST_CASE("comments are read by nobody") {
  buffer out;
  sse::append_comment(out);
  sse::append_comment(out, "two\nlines");
  CHECK(as_text(out.view()) == ":\n\n:two\n:lines\n\n");
  sse::reader reader(1000, 1000);
  polywire::bytes_view in = out.view();
  sse::event next;
  CHECK(reader.read(in, next) == sse::read_state::need_more);
}

TEST_CASE("the time to wait is written in milliseconds") {
  const auto text = [](polywire::duration wait) {
    buffer out;
    sse::append_retry(out, wait);
    return std::string(as_text(out.view()));
  };
  CHECK(text(3s) == "retry: 3000\n\n");
  CHECK(text(1ns) == "retry: 1\n\n");
  CHECK(text(0s) == "retry: 0\n\n");
  CHECK(text(-1s) == "retry: 0\n\n");
}
