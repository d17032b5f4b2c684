// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The texts of Connect that are no streams: each input is read as every one of them, and as the
// pairs of a query ("key=value" joined by '&', with nothing escaped).
#include "polywire/wire/connect/code.hpp"
#include "polywire/wire/connect/content_type.hpp"
#include "polywire/wire/connect/get_query.hpp"
#include "polywire/wire/connect/timeout.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace wc = polywire::wire::connect;
using polywire::buffer;
using polywire::status;

namespace {

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

void printable(const status& how) {
  require(how.message().size() < 300, "an error text without bounds");
  for (const char c : how.message()) require(c >= ' ' && c <= '~', "an error text with odd bytes");
}

bool read_query(wc::get_query& query, std::string_view text) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::string_view key = pair.substr(0, pair.find('='));
    const status how = query.add(key, pair.substr(std::min(key.size() + 1, pair.size())));
    printable(how);
    if (!how) return false;
  }
  const status how = query.finish();
  printable(how);
  return how.ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto code = wc::parse_code(text)) {
    require(wc::code_name(*code) == text, "the name of a code changes");
  }
  if (const auto kind = wc::parse_content_type(text)) {
    const std::string_view name = wc::content_type(*kind);
    require(wc::parse_content_type(name) == kind, "a content type changes");
    require(text.size() >= name.size(), "a content type out of nothing");
  }
  const auto timeout = wc::parse_timeout(text);
  printable(timeout.status());
  if (timeout) {
    const wc::timeout_text again(*timeout);
    require(text.ends_with(again.view()), "a timeout changes");
  }

  wc::get_query query;
  if (read_query(query, text) && query.encoding()) {
    buffer written;
    const std::string_view compression = query.compression();
    wc::append_get_query(written, *query.encoding(), query.message(), compression);
    wc::get_query back;
    if (compression.empty()) return 0;  // not written at all
    require(read_query(back, polywire::as_text(written.view())), "a query is refused when written");
    require(back.encoding() == query.encoding() && back.compression() == compression &&
                std::ranges::equal(back.message(), query.message()),
            "a query changes");
  }
  return 0;
}
