// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "user_api.hpp"

#include <charconv>
#include <cstddef>
#include <functional>
#include <istream>
#include <string>
#include <vector>

/// Reads lines of `name,email,phone,city,country,age` below one line of headings. Fields are not
/// quoted. Each line goes to `good`, which returns whether to go on, or to `bad` with what is
/// wrong.
inline void read_users(std::istream& file,
                       const std::function<bool(std::size_t line, const CreateUserRequest&)>& good,
                       const std::function<void(std::size_t line, const std::string& why)>& bad) {
  std::string line;
  std::getline(file, line);
  for (std::size_t number = 2; std::getline(file, line); ++number) {
    if (line.empty()) continue;
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == ',') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    if (fields.size() != 6) {
      bad(number, "6 fields are expected, there are " + std::to_string(fields.size()));
      continue;
    }
    int age = 0;
    const std::string& digits = fields[5];
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), age);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || age < 0) {
      bad(number, "the age '" + digits + "' is no number");
      continue;
    }
    const CreateUserRequest user{fields[0], fields[1], fields[2], fields[3], fields[4], age};
    if (!good(number, user)) return;
  }
}
