// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/wire/http_date.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace polywire::inline v1::http_carrier {

/// The line of the Date field (RFC 9110 6.6.1). Made once a second for each thread: `now` says when
/// it is time again. What it says is the calendar's, and nothing depends on it.
inline std::string_view date_line(time_point now) {
  thread_local std::string line;
  thread_local time_point made;
  if (line.empty() || now < made || now - made >= std::chrono::seconds(1)) {
    using namespace std::chrono;
    line.assign("date: ");
    line.append(wire::http_date(floor<seconds>(system_clock::now())).view()).append("\r\n");
    made = now;
  }
  return line;
}

}  // namespace polywire::inline v1::http_carrier
