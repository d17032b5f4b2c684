// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json_reader.hpp"

#include "polywire/codec/json_document.hpp"
#include "polywire/codec/json_writer.hpp"
#include "polywire/core/buffer.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace polywire;

void check_string(std::string_view text) {
  buffer out;
  if (append_json_string(out, text) != is_utf8(text)) std::abort();
  if (out.empty()) return;
  json_reader in(out.view(), 0);
  std::string_view again;
  if (!in.read_string(again) || !in.finish() || again != text) std::abort();
}

}  // namespace

/// The reader takes what nlohmann's strict parser takes, and makes the same document of it, which
/// is written as nlohmann writes it; passing over a document finds what reading it finds; what is
/// written as a string is read as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_string(text);
  constexpr std::size_t levels = 32;
  nlohmann::json ours;
  const status read = polywire::detail::read_json_document(as_bytes(text), levels, ours);
  json_reader skips(as_bytes(text), levels);
  std::string_view raw;
  const bool skipped = skips.skip(raw) && skips.finish();
  const bool too_large = read.message().find("no number of 64 bits") != std::string::npos;
  if (!too_large && (skipped != read.ok() || skips.error() != read)) std::abort();
  if (skips.error().message().find("nested deeper") != std::string::npos) return 0;
  // nlohmann skips a byte order mark, which RFC 8259 8.1 lets a parser refuse, and ends at a zero.
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos) return 0;
  const nlohmann::json theirs = nlohmann::json::parse(text, nullptr, false);
  if (read.ok() == theirs.is_discarded()) std::abort();
  if (!read.ok()) return 0;
  const std::string printed = theirs.dump();
  if (ours != theirs || ours.dump() != printed) std::abort();
  buffer out;
  if (!polywire::detail::json_document_writer(out).write(ours, {}, levels)) std::abort();
  if (as_text(out.view()) != printed) std::abort();
  return 0;
}
