// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/sse/reader.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sse = polywire::wire::sse;
using namespace std::chrono_literals;
using polywire::as_bytes;
using polywire::bytes_view;
using polywire::status_code;
using sse::read_state;

namespace {

using events = std::vector<std::string>;

/// Everything that a stream gives: its events as "type|data|id", then an error if there is one.
events read(sse::reader& reader, std::string_view stream, std::size_t piece) {
  events seen;
  sse::event next;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    // A copy of exactly that size, so that the sanitizer sees what reads on.
    const std::string_view part = stream.substr(at, piece);
    const std::vector<char> exact(part.begin(), part.end());
    bytes_view in = std::as_bytes(std::span(exact));
    while (reader.read(in, next) == read_state::complete) {
      seen.push_back(
          std::string(next.type).append("|").append(next.data).append("|").append(next.id));
    }
    if (!reader.problem().ok()) {
      seen.push_back(reader.problem().to_string());
      break;
    }
    REQUIRE(in.empty());
  }
  return seen;
}

/// The same for every size of pieces.
events read(std::string_view stream, std::size_t max_line = 100, std::size_t max_event = 100) {
  sse::reader whole(max_line, max_event);
  const events seen = read(whole, stream, std::max<std::size_t>(stream.size(), 1));
  for (std::size_t piece = 1; piece < stream.size(); ++piece) {
    CAPTURE(piece);
    sse::reader split(max_line, max_event);
    CHECK(read(split, stream, piece) == seen);
    CHECK(split.last_event_id() == whole.last_event_id());
    CHECK(split.retry() == whole.retry());
  }
  return seen;
}

std::optional<std::chrono::milliseconds> retry_of(std::string_view value) {
  sse::reader reader(100, 100);
  read(reader, std::string("retry:").append(value).append("\n"), 100);
  return reader.retry();
}

}  // namespace

TEST_CASE("the examples of the standard mean what it says") {  // 9.2.6
  CHECK(read("data: YHOO\ndata: +2\ndata: 10\n\n") == events{"message|YHOO\n+2\n10|"});
  CHECK(read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third "
             "event\n") == events{"message|first event|1", "message|second event|"});
  CHECK(read("data\n\ndata\ndata\n\ndata:") == events{"message||", "message|\n|"});
  CHECK(read("data:test\n\ndata: test\n\n") == events{"message|test|", "message|test|"});
}

TEST_CASE("lines end with LF, CR or CRLF, also mixed") {
  const events expected{"add|a\nb|7", "message|c|7"};
  for (const std::string_view end : {"\n", "\r", "\r\n"}) {
    std::string stream;
    for (const std::string_view line :
         {"event: add", "data: a", "data: b", "id: 7", "", "data: c", ""}) {
      stream.append(line).append(end);
    }
    CHECK(read(stream) == expected);
  }
  CHECK(read("event: add\rdata: a\r\ndata: b\nid: 7\r\n\ndata: c\n\r") == expected);
  CHECK(read("data: a\n\r\ndata: b\r\n\r") == events{"message|a|", "message|b|"});
}

TEST_CASE("an event comes with the CR that ends it, and does not wait for an LF") {
  sse::reader reader(100, 100);
  CHECK(read(reader, "data: a\r\n\r", 100) == events{"message|a|"});
  CHECK(read(reader, "\n", 100).empty());
  CHECK(read(reader, "\n\ndata: b\r\n\r\n", 100) == events{"message|b|"});
}

TEST_CASE("one byte order mark at the start of the stream is skipped") {
  CHECK(read("\xef\xbb\xbf"
             "data: a\n\n") == events{"message|a|"});
  CHECK(read("\xef\xbb\xbf\n"
             "data: a\n\n") == events{"message|a|"});
  CHECK(read("\xef\xbb\xbf\xef\xbb\xbf"
             "data: a\n\n")
            .empty());
  CHECK(read("\xef\xbb"
             "data: a\n\n")
            .empty());
  CHECK(read("\n\xef\xbb\xbf"
             "data: a\n\n")
            .empty());
  CHECK(read("data: a\n\xef\xbb\xbf"
             "data: b\n\n") == events{"message|a|"});
}

TEST_CASE("a field has a name up to the colon, and loses one blank behind it") {
  CHECK(read("data:a\ndata: b\ndata:  c\ndata:\td\ndata: e:f \ndata:: g\n\n") ==
        events{"message|a\nb\n c\n\td\ne:f \n: g|"});
  CHECK(read("event\ndata\nid\nretry\n\n") == events{"message||"});
}

TEST_CASE("comments and unknown fields are passed over") {
  CHECK(
      read(":\n: x\n:data: x\ndata: a\n:\nDATA: x\n data: x\ndata : x\nfoo: x\nfoo\ndat: x\n\n") ==
      events{"message|a|"});
}

TEST_CASE("the last event field of an event counts, and only for that event") {
  CHECK(read("event: a\nevent: b\ndata: 1\n\ndata: 2\n\n") == events{"b|1|", "message|2|"});
  CHECK(read("event: a\nevent:\ndata: 1\n\n") == events{"message|1|"});
  CHECK(read("event: a\n\ndata: 1\n\n") == events{"message|1|"});  // no data, no event
}

TEST_CASE("an event without data is none, but sets the last event id") {
  sse::reader reader(100, 100);
  CHECK(read(reader, "id: 5\n", 100).empty());
  CHECK(reader.last_event_id().empty());
  CHECK(read(reader, "\n", 100).empty());
  CHECK(reader.last_event_id() == "5");
  CHECK(read(reader, "data: x\n\nid: 6\n", 100) == events{"message|x|5"});
  CHECK(reader.last_event_id() == "5");
}

TEST_CASE("an id holds until the next one, an empty one clears it, one with NUL is ignored") {
  CHECK(read("id: 1\ndata: a\n\ndata: b\n\nid:\ndata: c\n\n") ==
        events{"message|a|1", "message|b|1", "message|c|"});
  CHECK(read(std::string_view("id: 1\nid: 2\0\ndata: a\n\n", 23)) == events{"message|a|1"});
  CHECK(read(std::string_view("data: \0\nevent: \0\n\n", 19)) == events{std::string("\0|\0|", 4)});
}

TEST_CASE("a reader can go on where an earlier connection came to") {
  sse::reader reader(100, 100, "41");
  CHECK(reader.last_event_id() == "41");
  CHECK(read(reader, "data: a\n\nid: 42\ndata: b\n\n", 100) ==
        events{"message|a|41", "message|b|42"});
  CHECK(reader.last_event_id() == "42");
}

TEST_CASE("a retry of digits is taken, whatever its size, anything else ignored") {
  CHECK(retry_of("0") == 0ms);
  CHECK(retry_of(" 1500") == 1500ms);
  CHECK(retry_of("0010") == 10ms);
  CHECK(retry_of("9223372036854775807") == std::chrono::milliseconds::max());
  CHECK(retry_of("9223372036854775808") == std::chrono::milliseconds::max());
  CHECK(retry_of(std::string(90, '9')) == std::chrono::milliseconds::max());
  for (const std::string_view text : {"", " ", "-1", "+1", "1s", "1.5", "  1", "1 ", "0x1"}) {
    CAPTURE(text);
    CHECK_FALSE(retry_of(text).has_value());
  }
}

TEST_CASE("what is not ended by an empty line is no event") {
  CHECK(read("data: a\n").empty());
  CHECK(read("data: a\n\ndata: b") == events{"message|a|"});
}

TEST_CASE("a line above its limit ends the stream, whatever is in it") {
  for (const std::string_view name : {"data:", ":", "foo:", "event:", "id:", "retry:"}) {
    CAPTURE(name);
    const auto stream = [name](std::size_t size) {
      return std::string(name).append(size - name.size(), '1').append("\ndata:x\n\n");
    };
    CHECK(read(stream(19), 20).size() == 1);
    CHECK(read(stream(20), 20).size() == 1);
    const std::string wrong =
        "resource_exhausted: a line of the event stream is longer than the limit max_line of 20 "
        "bytes";
    CHECK(read(stream(21), 20) == events{wrong});
    CHECK(read(std::string(21, '1'), 20) == events{wrong});
  }
}

TEST_CASE("an event above its limit ends the stream: type, data and id together") {
  const std::string wrong =
      "resource_exhausted: an event of the event stream is longer than the limit max_event of 10 "
      "bytes";
  const auto short_of = [](std::string_view stream) { return read(stream, 100, 10); };
  CHECK(short_of("data:123456789\n\n").size() == 1);
  CHECK(short_of("data:1234567890\n\n") == events{"message|1234567890|"});
  CHECK(short_of("data:12345678901\n\n") == events{wrong});
  CHECK(short_of("data:1234\ndata:56789\n\n") == events{"message|1234\n56789|"});
  CHECK(short_of("data:1234\ndata:567890\n") == events{wrong});
  CHECK(short_of("data:123456\nevent:ab\nid:cd\n\n") == events{"ab|123456|cd"});
  CHECK(short_of("data:123456\nevent:ab\nid:cde\n\n") == events{wrong});
  CHECK(short_of("data:123456\nevent:abc\nid:cd\n\n") == events{wrong});
  CHECK(short_of("data\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n\n").size() ==
        1);
  CHECK(short_of("data\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n\n") ==
        events{wrong});
  CHECK(short_of("data:1234567890\n\ndata:1234567890\n\n").size() == 2);
  CHECK(short_of(":12345678901\nfoo:12345678901\ndata:1\n\n").size() == 1);
}

TEST_CASE("after an error the reader of events stays where it is") {
  sse::reader reader(10, 10);
  CHECK(read(reader, "data: 1234567890", 100).size() == 1);
  const std::string good = "data:x\n\n";
  bytes_view in = as_bytes(good);
  sse::event next;
  CHECK(reader.read(in, next) == read_state::error);
  CHECK(in.size() == good.size());
  CHECK(reader.problem().code() == status_code::resource_exhausted);
}

TEST_CASE("large data comes whole, in one piece and in many") {
  std::string data(1'000'000, 'x');
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>('a' + i * 31 / 7 % 26);
  const std::string stream = "data: " + data + "\ndata:" + data + "\n\ndata: y\n\n";
  for (const std::size_t piece : {stream.size(), std::size_t{16'384}, std::size_t{1'000}}) {
    sse::reader reader(data.size() + 6, 2 * data.size() + 1);
    const events seen = read(reader, stream, piece);
    REQUIRE(seen.size() == 2);
    CHECK(seen[0] == "message|" + data + "\n" + data + "|");
    CHECK(seen[1] == "message|y|");
  }
}
