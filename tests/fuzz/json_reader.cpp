// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json_reader.hpp"

#include "polywire/codec/json_writer.hpp"
#include "polywire/core/buffer.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace polywire;

/// A document by way of the reader. Recursion is bounded by the reader's own limit.
nlohmann::json document(json_reader& in) {
  std::string_view text;
  json_number number;
  bool truth = false;
  switch (in.peek()) {
    case json_kind::object: {
      nlohmann::json object = nlohmann::json::object();
      in.enter_object();
      while (in.next_key(text)) {
        std::string key(text);
        object[std::move(key)] = document(in);
      }
      return object;
    }
    case json_kind::array: {
      nlohmann::json array = nlohmann::json::array();
      in.enter_array();
      while (in.next_element()) array.push_back(document(in));
      return array;
    }
    case json_kind::string: return in.read_string(text) ? std::string(text) : std::string();
    case json_kind::number:
      if (!in.read_number(number)) return nullptr;
      if (const auto value = number.to_integer<std::int64_t>()) return *value;
      if (const auto value = number.to_integer<std::uint64_t>()) return *value;
      if (const auto value = number.to_double()) return *value;
      return "too large";
    case json_kind::boolean: return in.read_boolean(truth) && truth;
    case json_kind::null: in.read_null(); return nullptr;
    case json_kind::none: break;
  }
  return nullptr;
}

void check_string(std::string_view text) {
  buffer out;
  if (append_json_string(out, text) != is_utf8(text)) std::abort();
  if (out.empty()) return;
  json_reader in(out.view(), 0);
  std::string_view again;
  if (!in.read_string(again) || !in.finish() || again != text) std::abort();
}

}  // namespace

/// The reader takes what nlohmann's strict parser takes, and sees the same; passing over a document
/// finds what reading it finds; what is written as a string is read as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_string(text);
  constexpr std::size_t levels = 32;
  json_reader reads(as_bytes(text), levels);
  const nlohmann::json ours = document(reads);
  const bool good = reads.finish();
  json_reader skips(as_bytes(text), levels);
  std::string_view raw;
  const bool skipped = skips.skip(raw) && skips.finish();
  if (skipped != good || skips.error() != reads.error()) std::abort();
  if (reads.error().message().find("nested deeper") != std::string::npos) return 0;
  // nlohmann skips a byte order mark, which RFC 8259 8.1 lets a parser refuse, and ends at a zero.
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos) return 0;
  const nlohmann::json theirs = nlohmann::json::parse(text, nullptr, false);
  if (good && theirs.is_discarded()) {
    // It refuses numbers that no double holds.
    if (ours.dump().find("too large") == std::string::npos) std::abort();
    return 0;
  }
  if (good == theirs.is_discarded()) std::abort();
  if (good && ours != theirs) std::abort();
  return 0;
}
