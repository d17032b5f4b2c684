// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_escapes.hpp"
#include "polywire/codec/json_number.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace polywire::inline v1 {

enum class json_kind : std::uint8_t { object, array, string, number, boolean, null, none };

/// "an object", for error messages.
constexpr std::string_view to_string(json_kind kind) noexcept {
  switch (kind) {
    case json_kind::object: return "an object";
    case json_kind::array: return "an array";
    case json_kind::string: return "a string";
    case json_kind::number: return "a number";
    case json_kind::boolean: return "a boolean";
    case json_kind::null: return "null";
    case json_kind::none: break;
  }
  return "nothing";
}

/// Reads JSON text from left to right and makes no document of it: the caller says what it expects
/// next. Strict (RFC 8259, UTF-8, no lone surrogates), with bounded nesting, without recursion.
///
/// After the first error every call returns false and `error` tells it.
///
///     json_reader in(body, bounds.max_json_depth);
///     std::string_view text;
///     std::string code;
///     in.enter_object();
///     while (in.next_key(text)) {
///       if (text != "code") {
///         in.skip();
///       } else if (in.read_string(text)) {
///         code = text;
///       }
///     }
///     if (!in.finish()) return in.error();
class json_reader {
 public:
  /// `json` has to outlive it. An array is one level deep.
  json_reader(bytes_view json, std::size_t max_depth) noexcept
      : start_(as_text(json).data()),
        next_(start_),
        end_(start_ + json.size()),
        max_depth_(max_depth) {}

  /// What comes next, by its first character.
  json_kind peek() noexcept {
    skip_space();
    if (next_ == end_) return fail("the text ends where a value is expected"), json_kind::none;
    switch (*next_) {
      case '{': return json_kind::object;
      case '[': return json_kind::array;
      case '"': return json_kind::string;
      case 't':
      case 'f': return json_kind::boolean;
      case 'n': return json_kind::null;
      default: break;
    }
    if (*next_ == '-' || (*next_ >= '0' && *next_ <= '9')) return json_kind::number;
    return fail("unexpected character where a value is expected"), json_kind::none;
  }

  bool enter_object() noexcept { return enter('{', "an object is expected"); }
  bool enter_array() noexcept { return enter('[', "an array is expected"); }

  /// Goes to the next member of the object. False when there is none, and the object is left.
  /// The key is valid until the next string or key is read.
  bool next_key(std::string_view& key) {
    if (!next_item('}')) return false;
    if (!read_string(key)) return false;
    skip_space();
    if (next_ == end_ || *next_ != ':') return fail("a colon is expected after a key");
    ++next_;
    return true;
  }
  /// The same for the next element of an array.
  bool next_element() noexcept { return next_item(']'); }

  /// `value` is valid until the next string or key is read; without escapes, as long as the text.
  bool read_string(std::string_view& value) {
    skip_space();
    if (next_ == end_ || *next_ != '"') return fail("a string is expected");
    const char* first = next_ + 1;
    const char* last = detail::end_of_plain_json(first, end_);
    if (last == end_) return fail("a string has no end");
    if (*last == '\\') return read_escaped(first, last, value);
    if (*last != '"') return fail_at(last, control_character);
    value = std::string_view(first, static_cast<std::size_t>(last - first));
    if (const std::size_t good = valid_utf8(value); good != value.size()) {
      return fail_at(first + good, "not UTF-8");
    }
    end_string(last);
    return true;
  }

  bool read_number(json_number& value) noexcept {
    skip_space();
    value = json_number::at_start_of(rest());
    if (value.empty()) return fail("a number is expected");
    token_ = value.text();
    next_ += token_.size();
    return true;
  }
  bool read_boolean(bool& value) noexcept {
    skip_space();
    value = next_ != end_ && *next_ == 't';
    return word(value ? "true" : "false");
  }
  bool read_null() noexcept { return skip_space(), word("null"); }

  /// Passes over one value of any kind.
  bool skip() {
    std::string open;  // what is to be closed, innermost last
    std::string_view text;
    json_number number;
    bool truth = false;
    for (;;) {
      switch (peek()) {
        case json_kind::object:
          if (enter_object()) open.push_back('}');
          break;
        case json_kind::array:
          if (enter_array()) open.push_back(']');
          break;
        case json_kind::string: read_string(text); break;
        case json_kind::number: read_number(number); break;
        case json_kind::boolean: read_boolean(truth); break;
        case json_kind::null: read_null(); break;
        case json_kind::none: return false;
      }
      while (!open.empty() && !(open.back() == '}' ? next_key(text) : next_element())) {
        if (!ok()) return false;
        open.pop_back();
      }
      if (open.empty()) return ok();
    }
  }
  /// The same; `raw` is its text.
  bool skip(std::string_view& raw) {
    skip_space();
    const char* first = next_;
    if (!skip()) return false;
    raw = std::string_view(first, static_cast<std::size_t>(next_ - first));
    return true;
  }

  /// A reader of what is left, for looking ahead.
  json_reader ahead() const noexcept { return {as_bytes(rest()), max_depth_ - depth_}; }

  /// True when all went well and nothing is left.
  bool finish() noexcept {
    skip_space();
    return ok() && (next_ == end_ || fail("something follows the end of the value"));
  }

  /// The text of the last string, key or number, as it stands there.
  std::string_view token() const noexcept { return token_; }

  bool ok() const noexcept { return why_ == nullptr; }
  /// `invalid_argument` with the place.
  status error() const {
    if (ok()) return {};
    return status::invalid_argument(
        "JSON, byte " + std::to_string(bad_at_) + ": " + why_ +
        (why_ == too_deep ? std::to_string(max_depth_) + " levels" : std::string()));
  }

 private:
  static constexpr const char* too_deep = "nested deeper than ";
  static constexpr const char* control_character =
      "a control character in a string has to be escaped";

  std::string_view rest() const noexcept { return {next_, static_cast<std::size_t>(end_ - next_)}; }

  bool fail_at(const char* where, const char* why) noexcept {
    if (ok()) {
      bad_at_ = static_cast<std::size_t>(where - start_);
      why_ = why;
    }
    next_ = end_;
    token_ = {};
    return false;
  }
  bool fail(const char* why) noexcept { return fail_at(next_, why); }

  void skip_space() noexcept {
    while (next_ != end_ && (*next_ == ' ' || *next_ == '\n' || *next_ == '\r' || *next_ == '\t')) {
      ++next_;
    }
  }

  bool enter(char bracket, const char* expected) noexcept {
    skip_space();
    if (next_ == end_ || *next_ != bracket) return fail(expected);
    if (depth_ == max_depth_) return fail(too_deep);
    ++depth_;
    ++next_;
    at_first_ = true;
    return true;
  }

  bool next_item(char closing) noexcept {
    skip_space();
    if (next_ == end_) return fail("the text ends inside an object or array");
    if (*next_ == closing) {
      ++next_;
      --depth_;
      at_first_ = false;
      return false;
    }
    if (!at_first_) {
      if (*next_ != ',') return fail("a comma or a closing bracket is expected");
      ++next_;
    }
    at_first_ = false;
    return true;
  }

  bool word(std::string_view expected) noexcept {
    if (!rest().starts_with(expected)) return fail("unexpected character");
    next_ += expected.size();
    return true;
  }

  /// A string whose first escape is at `at`.
  bool read_escaped(const char* first, const char* at, std::string_view& value) {
    scratch_.clear();
    for (const char* run = first;; run = at, at = detail::end_of_plain_json(at, end_)) {
      scratch_.append(run, at);
      if (at == end_) return fail("a string has no end");
      if (*at == '"') break;
      if (*at != '\\') return fail_at(at, control_character);
      if (!detail::unescape_json(at, end_, scratch_))
        return fail_at(at, "a malformed escape in a string");
    }
    // Escapes stand for whole characters, so that what is cut by one is found here as well.
    if (!is_utf8(scratch_)) return fail("not UTF-8");
    value = scratch_;
    end_string(at);
    return true;
  }

  /// `quote` is the closing one.
  void end_string(const char* quote) noexcept {
    token_ = {next_, static_cast<std::size_t>(quote + 1 - next_)};
    next_ = quote + 1;
  }

  const char* start_;
  const char* next_;
  const char* end_;
  std::string_view token_;
  std::size_t depth_ = 0;
  std::size_t max_depth_;
  bool at_first_ = false;  // right behind an opening bracket
  std::size_t bad_at_ = 0;
  const char* why_ = nullptr;
  std::string scratch_;
};

}  // namespace polywire::inline v1
