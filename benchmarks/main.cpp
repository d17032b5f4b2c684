// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Runs all benchmarks in turns, so that a machine that changes its mood changes it for all of them,
// and prints medians. See benchmarks/run for the arguments.

#include "benchmark.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace benchmarks {
namespace {

struct arguments {
  bool quick = false;
  std::string json;
  std::vector<std::string> filters;
};

std::optional<arguments> parse(int count, char** values) {
  arguments parsed;
  for (int i = 1; i < count; ++i) {
    const std::string_view value = values[i];
    if (value == "--quick") {
      parsed.quick = true;
    } else if (value == "--json" && i + 1 < count) {
      parsed.json = values[++i];
    } else if (value.starts_with("-")) {
      return std::nullopt;
    } else {
      parsed.filters.emplace_back(value);
    }
  }
  return parsed;
}

/// Those whose name contains a filter, with their floors.
std::vector<benchmark> select(const std::vector<std::string>& filters) {
  std::vector<benchmark> all = floor_benchmarks();
  for (auto more : {tcp_benchmarks(), tls_benchmarks(), inproc_benchmarks()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  const auto wanted = [&](const benchmark& b) {
    return filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const auto& f) {
             return b.name.find(f) != std::string::npos;
           });
  };
  std::vector<benchmark> selected;
  for (const benchmark& b : all) {
    const bool is_floor_of_wanted =
        std::any_of(all.begin(), all.end(),
                    [&](const benchmark& other) { return other.floor == b.name && wanted(other); });
    if (wanted(b) || is_floor_of_wanted) selected.push_back(b);
  }
  return selected;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

class line {
 public:
  line(const benchmark& b, const std::map<std::string, double>& medians)
      : name_(b.name), unit_(b.unit), value_(medians.at(b.name)) {
    if (const auto floor = medians.find(b.floor); floor != medians.end()) {
      ratio_ = value_ / floor->second;
    }
  }

  std::string row() const {
    return "| " + padded(name_, 30) + " | " + right(number(value_, 0), 10) + " | " +
           padded(unit_, 10) + " | " + right(ratio_ ? number(*ratio_, 2) : "-", 11) + " |";
  }
  static std::string header() {
    return "| " + padded("name", 30) + " | " + right("value", 10) + " | " + padded("unit", 10) +
           " | floor_ratio |\n|" + std::string(32, '-') + "|" + std::string(11, '-') + ":|" +
           std::string(12, '-') + "|" + std::string(12, '-') + ":|";
  }
  // Names and units are ours: nothing in them needs escaping.
  std::string json() const {
    return "{\"name\":\"" + name_ + "\",\"unit\":\"" + unit_ + "\",\"value\":" + number(value_, 1) +
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

int run(const arguments& how) {
  const std::vector<benchmark> selected = select(how.filters);
  if (selected.empty()) {
    std::cerr << "No benchmark has such a name.\n";
    return 2;
  }
  using std::chrono::milliseconds;
  const int rounds = how.quick ? 5 : 9;
  const timing each = how.quick ? timing{milliseconds(50), milliseconds(250)}
                                : timing{milliseconds(200), milliseconds(1'000)};

  int failures = 0;
  std::map<std::string, std::vector<double>> values;
  for (int round = 1; round <= rounds; ++round) {
    std::cerr << "round " << round << " of " << rounds << '\n';
    for (const benchmark& b : selected) {
      try {
        values[b.name].push_back(b.run(each));
      } catch (const std::exception& e) {
        std::cerr << b.name << ": " << e.what() << '\n';
        ++failures;
      }
    }
  }

  std::map<std::string, double> medians;
  for (const auto& [name, measured] : values) {
    if (!measured.empty()) medians.emplace(name, median(measured));
  }
  std::ofstream json;
  if (!how.json.empty()) json.open(how.json);
  std::cout << line::header() << '\n';
  for (const benchmark& b : selected) {
    if (!medians.contains(b.name)) continue;
    const line result(b, medians);
    std::cout << result.row() << '\n';
    if (json.is_open()) json << result.json() << '\n';
  }
  std::cout << "\nMedians of " << rounds << " interleaved rounds of " << each.window.count()
            << " ms, server and client pinned to a processor each.\n";
  json.flush();
  if (!how.json.empty() && !json.good()) {
    std::cerr << "cannot write " << how.json << '\n';
    return 1;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace benchmarks

int main(int count, char** values) {
  const auto how = benchmarks::parse(count, values);
  if (!how) {
    std::cerr << "benchmarks/run [--quick] [--json FILE] [PART OF A NAME]...\n";
    return 2;
  }
  return benchmarks::run(*how);
}
