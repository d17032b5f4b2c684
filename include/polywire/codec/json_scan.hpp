// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace polywire::inline v1 {

/// How deep a message may nest that is written as JSON; the default of `limits::max_json_depth`,
/// which bounds what is read.
inline constexpr std::size_t max_written_json_depth = 64;

/// Looks over JSON text before a parser sees it: parsers copy, print or even parse by recursion.
/// One pass, no allocation on success. It does not check the grammar, but refuses everything that
/// could make its view of strings and brackets differ from a lenient parser's: quotes other than
/// '"', comments, bare words.
///
/// Errors: `invalid_argument` with the place, for nesting above `max_depth` (`[]` is one), text
/// that is not UTF-8, raw control characters in strings, and brackets or strings left open.
inline status check_json(bytes_view json, std::size_t max_depth) {
  const std::string_view text = as_text(json);
  const auto bad = [](std::size_t at, std::string_view why) {
    return status::invalid_argument("JSON, byte " + std::to_string(at) + ": " + std::string(why));
  };
  if (const std::size_t good = valid_utf8(text); good != text.size()) {
    return bad(good, "not UTF-8");
  }
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '"': {
        const std::size_t start = i;
        for (++i; i < text.size() && text[i] != '"'; ++i) {
          if (static_cast<unsigned char>(text[i]) < 0x20) {
            return bad(i, "a control character in a string has to be escaped");
          }
          if (text[i] == '\\') ++i;
        }
        if (i >= text.size()) return bad(start, "a string has no end");
        break;
      }
      case '[':
      case '{':
        if (++depth > max_depth) {
          return bad(i, "nested deeper than " + std::to_string(max_depth) + " levels");
        }
        break;
      case ']':
      case '}':
        if (depth-- == 0) return bad(i, "a bracket is closed that was not opened");
        break;
      case 't':
      case 'f':
      case 'n': {
        const std::string_view word = c == 't' ? "true" : c == 'f' ? "false" : "null";
        if (text.substr(i, word.size()) != word) return bad(i, "unexpected character");
        i += word.size() - 1;
        break;
      }
      case 'e':
      case 'E':
        if (i == 0 || text[i - 1] < '0' || text[i - 1] > '9') return bad(i, "unexpected character");
        break;
      default:
        if ((c < '0' || c > '9') &&
            std::string_view(" \t\r\n,:+-.").find(c) == std::string_view::npos) {
          return bad(i, "unexpected character");
        }
    }
  }
  if (depth > 0) return bad(text.size(), "the text ends inside an object or array");
  return {};
}

}  // namespace polywire::inline v1
