// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::detail {

/// The labels of a sample: `{side="server",method="a.B/C"}`.
class labels {
 public:
  labels() = default;

  labels with(std::string_view name, std::string_view value) const {
    labels more = *this;
    more.text_.append(more.text_.empty() ? "" : ",").append(name).append("=\"");
    for (const char c : value) {
      switch (c) {
        case '\\': more.text_ += "\\\\"; break;
        case '"': more.text_ += "\\\""; break;
        case '\n': more.text_ += "\\n"; break;
        default: more.text_ += c;
      }
    }
    more.text_ += '"';
    return more;
  }
  std::string to_string() const { return text_.empty() ? text_ : '{' + text_ + '}'; }

 private:
  std::string text_;
};

/// Writes the text exposition format 0.0.4 of Prometheus: each family once, its samples behind it.
class exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void sample(std::string_view name, std::uint64_t value, const labels& which = {}) {
    text_.append(name).append(which.to_string()).append(" ").append(std::to_string(value));
    text_ += '\n';
  }
  /// A duration, without the rounding of floating point.
  void sample_seconds(std::string_view name, std::uint64_t nanoseconds, const labels& which) {
    std::string fraction = std::to_string(nanoseconds % 1'000'000'000);
    fraction.insert(0, 9 - fraction.size(), '0');
    text_.append(name).append(which.to_string()).append(" ");
    text_.append(std::to_string(nanoseconds / 1'000'000'000)).append(".").append(fraction);
    text_ += '\n';
  }
  void single(std::string_view name, std::string_view type, std::string_view help,
              std::uint64_t value) {
    family(name, type, help);
    sample(name, value);
  }

  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace polywire::inline v1::detail
