// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "benchmark.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace benchmarks {

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// One benchmark's line of the report.
class line {
 public:
  line(const benchmark& b, const std::map<std::string, double>& medians)
      : name_(b.name), unit_(b.unit), value_(medians.at(b.name)) {
    if (const auto floor = medians.find(b.floor); floor != medians.end()) {
      ratio_ = value_ / floor->second;
    }
  }

  std::string row() const {
    return "| " + padded(name_, 30) + " | " + right(number(value_, value_ < 100 ? 2 : 0), 10) +
           " | " + padded(unit_, 10) + " | " + right(ratio_ ? number(*ratio_, 3) : "-", 11) + " |";
  }
  static std::string header() {
    return "| " + padded("name", 30) + " | " + right("value", 10) + " | " + padded("unit", 10) +
           " | floor_ratio |\n|" + std::string(32, '-') + "|" + std::string(11, '-') + ":|" +
           std::string(12, '-') + "|" + std::string(12, '-') + ":|";
  }
  // Names and units are ours: nothing in them needs escaping.
  std::string json() const {
    return "{\"name\":\"" + name_ + "\",\"unit\":\"" + unit_ + "\",\"value\":" + number(value_, 2) +
           ",\"floor_ratio\":" + (ratio_ ? number(*ratio_, 4) : "null") + "}";
  }

 private:
  static std::string number(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
  }
  static std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
  }
  static std::string right(const std::string& text, std::size_t width) {
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
  }

  std::string name_;
  std::string unit_;
  double value_;
  std::optional<double> ratio_;
};

}  // namespace benchmarks
