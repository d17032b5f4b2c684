// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// Where a call stands in a distributed trace (W3C Trace Context, level 1): what `traceparent` and
/// `tracestate` say. The interceptor `trace` puts one into each context.
class trace_context {
 public:
  /// A new trace.
  static trace_context begin(bool sampled = true) {
    trace_context made;
    made.trace_id_ = random_hex(32);
    made.span_id_ = random_hex(16);
    made.sampled_ = sampled;
    return made;
  }

  /// Reads `traceparent`: version "-" trace-id "-" parent-id "-" flags, in lower-case hex. Empty
  /// where the recommendation says that the header has to be ignored. What later versions append is
  /// skipped.
  static std::optional<trace_context> parse(std::string_view header, std::string_view state = {}) {
    if (header.size() < length || header[2] != '-' || header[35] != '-' || header[52] != '-') {
      return std::nullopt;
    }
    const std::string_view version = header.substr(0, 2);
    const std::string_view trace = header.substr(3, 32);
    const std::string_view span = header.substr(36, 16);
    const std::string_view flags = header.substr(53, 2);
    if (!is_hex(version) || !is_hex(trace) || !is_hex(span) || !is_hex(flags)) return std::nullopt;
    if (version == "ff" || is_zero(trace) || is_zero(span)) return std::nullopt;
    if (header.size() > length && (version == "00" || header[length] != '-')) return std::nullopt;
    trace_context read;
    read.trace_id_ = trace;
    read.span_id_ = span;
    read.sampled_ = (digit(flags[1]) & 1U) != 0;
    read.state_ = state;
    return read;
  }

  /// The same trace, one step further: a new span whose parent is this one.
  trace_context child() const {
    trace_context made = *this;
    made.parent_id_ = span_id_;
    made.span_id_ = random_hex(16);
    return made;
  }

  /// 32 digits of lower-case hex, the same in the whole trace.
  const std::string& trace_id() const noexcept { return trace_id_; }
  /// 16 digits: this call.
  const std::string& span_id() const noexcept { return span_id_; }
  /// The one that made it; empty at the beginning of a trace.
  const std::string& parent_id() const noexcept { return parent_id_; }
  bool is_sampled() const noexcept { return sampled_; }
  /// `tracestate`, passed on as it came.
  const std::string& state() const noexcept { return state_; }

  /// `traceparent` for the calls that this one makes.
  std::string header() const {
    return "00-" + trace_id_ + "-" + span_id_ + (sampled_ ? "-01" : "-00");
  }

 private:
  trace_context() = default;

  static constexpr std::size_t length = 55;

  static constexpr unsigned digit(char c) noexcept {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  static bool is_hex(std::string_view text) noexcept {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  }
  static bool is_zero(std::string_view text) noexcept {
    return text.find_first_not_of('0') == std::string_view::npos;
  }
  static std::string random_hex(std::size_t digits) {
    thread_local std::mt19937_64 source = [] {
      std::random_device device;
      std::seed_seq seed{device(), device(), device(), device(), device(), device()};
      return std::mt19937_64(seed);
    }();
    std::string text;
    do {
      text.clear();
      while (text.size() < digits) {
        std::uint64_t bits = source();
        for (int i = 0; i < 16; ++i, bits >>= 4) text += "0123456789abcdef"[bits & 15U];
      }
      text.resize(digits);
    } while (is_zero(text));
    return text;
  }

  std::string trace_id_;
  std::string span_id_;
  std::string parent_id_;
  std::string state_;
  bool sampled_ = false;
};

}  // namespace polywire::inline v1
