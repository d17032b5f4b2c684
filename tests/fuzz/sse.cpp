// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The first byte says how the stream is cut, the rest is the stream. Its events are the same whole,
// in pieces, and as a slow reader of the standard's text finds them; written again they read the
// same.
#include "polywire/wire/sse/reader.hpp"
#include "polywire/wire/sse/writer.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sse = polywire::wire::sse;
using polywire::bytes_view;

namespace {

constexpr std::size_t max_line = 200;
constexpr std::size_t max_event = 100;

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

struct found {
  std::string type;
  std::string data;
  std::string id;
  bool operator==(const found&) const = default;
};

struct outcome {
  std::vector<found> events;
  std::string last_id;
  std::optional<std::chrono::milliseconds> retry;
  std::string problem;
  bool operator==(const outcome&) const = default;
};

outcome read(bytes_view stream, std::size_t piece) {
  sse::reader reader(max_line, max_event);
  outcome out;
  sse::event next;
  while (!stream.empty() && reader.problem().ok()) {
    // A copy of exactly that size, so that the address sanitizer sees one byte too far.
    const bytes_view part = stream.first(std::min(piece, stream.size()));
    const std::vector<std::byte> exact(part.begin(), part.end());
    stream = stream.subspan(part.size());
    bytes_view in(exact);
    while (reader.read(in, next) == sse::read_state::complete) {
      require(next.type.size() + next.data.size() + next.id.size() <= max_event + 7,
              "an event above the limit");
      out.events.push_back({std::string(next.type), std::string(next.data), std::string(next.id)});
    }
    require(in.empty() || !reader.problem().ok(), "bytes are left over");
  }
  out.last_id = reader.last_event_id();
  out.retry = reader.retry();
  out.problem = reader.problem().to_string();
  return out;
}

/// 9.2.5 and 9.2.6 word by word, without limits.
std::vector<found> read_slowly(std::string text) {
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  std::vector<found> events;
  std::string data;
  std::string type;
  std::string id;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == std::string::npos) break;
    const std::string line = text.substr(0, end);
    text.erase(0, text.compare(end, 2, "\r\n") == 0 ? end + 2 : end + 1);
    if (line.empty()) {
      if (!data.empty()) {
        data.pop_back();
        events.push_back({type.empty() ? "message" : type, data, id});
      }
      data.clear();
      type.clear();
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    if (name == "event") type = value;
    if (name == "data") data += value + '\n';
    if (name == "id" && value.find('\0') == std::string::npos) id = value;
  }
  return events;
}

bool fits(const std::string& text) { return text.find('\0') == std::string::npos; }

void comes_back(const found& e) {
  if (!fits(e.type)) return;  // of a type with NUL there is nothing to be written
  polywire::buffer out;
  require(sse::append_event(out, {e.type, e.data, e.id}).ok(), "what was read is not written");
  sse::reader reader(max_line + 8, max_event + 7);
  sse::event back;
  bytes_view in = out.view();
  require(reader.read(in, back) == sse::read_state::complete && in.empty(), "no event comes back");
  require(back.type == e.type && back.data == e.data && back.id == e.id, "an event changes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bytes_view stream(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const outcome whole = read(stream, size);
  require(read(stream, 1) == whole, "a stream byte for byte means something else");
  require(read(stream, 1 + data[0]) == whole, "a stream in pieces means something else");

  const auto slow = read_slowly(std::string(polywire::as_text(stream)));
  require(whole.events.size() <= slow.size() &&
              std::equal(whole.events.begin(), whole.events.end(), slow.begin()),
          "an event is not what the standard says");
  require(whole.problem != "ok" || whole.events.size() == slow.size(), "an event is missing");
  for (const found& e : whole.events) comes_back(e);
  return 0;
}
