// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "framed_support.hpp"

#include "polywire/core/limits.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What the targets of the HTTP sessions share. An input is: a byte that chooses bounds, two for
/// the pieces in which the peer's bytes come, the number of decisions of the layer above, those,
/// and the peer's bytes as they are, but that 0x01 and a byte n stand for n times 400 letters.
namespace http_fuzz {

using framed_fuzz::allocated;
using framed_fuzz::feed;
using framed_fuzz::journal;
using framed_fuzz::require;
using framed_fuzz::source;
namespace pw = polywire;
namespace rpc = polywire::rpc;

inline const pw::time_point start_time = pw::time_point(std::chrono::hours(1));

class recipe {
 public:
  recipe(const std::uint8_t* data, std::size_t size)
      : bounds(some_limits(data[0])),
        step(1 + std::size_t{data[1]} * data[2]),
        decisions(data + head, std::min<std::size_t>(data[3], size - head)) {
    for (std::size_t at = head + std::min<std::size_t>(data[3], size - head); at < size; ++at) {
      if (data[at] == 1 && at + 1 < size) {
        bytes.resize(bytes.size() + data[++at] * std::size_t{400}, std::byte{'f'});
      } else {
        bytes.push_back(static_cast<std::byte>(data[at]));
      }
      if (bytes.size() > most) break;
    }
  }
  static constexpr std::size_t head = 4;

  const pw::limits bounds;
  const std::size_t step;
  const source decisions;
  std::vector<std::byte> bytes;

 private:
  static constexpr std::size_t most = std::size_t{150} << 10;

  static pw::limits some_limits(std::uint8_t choice) {
    pw::limits l;
    l.max_message = (choice & 1U) != 0 ? 1'000 : 100'000;
    if ((choice & 2U) != 0) l.call_credit = 2'000;
    if ((choice & 4U) != 0) l.max_metadata_entries = 2;
    if ((choice & 8U) != 0) l.max_metadata = 100;
    return l;
  }
};

/// The output without what depends on the calendar, or on where reads ended.
inline std::string spoken(rpc::byte_session& session) {
  std::string out;
  for (const pw::bytes_view piece : session.output()) out.append(pw::as_text(piece));
  for (const std::string_view line : {"date: ", "HTTP/1.1 100 Continue\r\n"}) {
    for (std::size_t at = out.find(line); at != std::string::npos; at = out.find(line, at)) {
      out.erase(at, out.find('\n', at) + 1 - at);
      if (line.front() == 'H') out.erase(at, 2);
    }
  }
  return out;
}

/// Lets time pass to whatever the session waits for, and sees that no timer rings forever.
inline void pass_time(rpc::byte_session& session, pw::time_point& now, pw::duration most) {
  now += most;
  session.at(now);
  for (int rings = 0; session.next_timer() <= now; ++rings) {
    session.on_timer();
    require(rings < 1'000, "a timer rings forever");
  }
}

}  // namespace http_fuzz
