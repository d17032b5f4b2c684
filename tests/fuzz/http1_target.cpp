// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// A path that is accepted has nothing in it that could lead elsewhere, and encodes to itself; so do
// the pairs of a query.
#include "polywire/wire/http1/target.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace h1 = polywire::wire::http1;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

/// Segment by segment: the slashes stay.
std::string encoded(std::string_view path) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '/') {
      out += '/';
    } else {
      h1::percent_encode(path.substr(at, 1), out);
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> pairs(std::string_view query, h1::plus rule,
                                                       bool& good) {
  h1::query_reader reader(query, rule);
  std::vector<std::pair<std::string, std::string>> all;
  while (reader.next()) {
    require(polywire::is_utf8(reader.key()) && polywire::is_utf8(reader.value()));
    all.emplace_back(reader.key(), reader.value());
  }
  good = reader.problem().status == 0;
  require(good || !reader.problem().text.empty());
  return all;
}

void query_there_and_back(std::string_view query, h1::plus rule) {
  bool good = false;
  const auto first = pairs(query, rule, good);
  std::string again;
  for (const auto& [key, value] : first) {
    if (!again.empty()) again += '&';
    h1::percent_encode(key, again);
    again += '=';
    h1::percent_encode(value, again);
  }
  require(pairs(again, rule, good) == first && good);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  h1::target target;
  if (target.parse(text)) {
    const std::string& path = target.path();
    require(path == "*" || path.starts_with('/'));
    require(polywire::is_utf8(path));
    for (const char c : path) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    for (const char* bad : {"/./", "/../", "\\"}) require((path + "/").find(bad) == path.npos);
    h1::target again;
    require(path == "*" || again.parse(encoded(path)));
    require(path == "*" || again.path() == path);
    query_there_and_back(target.query(), h1::plus::is_plus);
    query_there_and_back(target.query(), h1::plus::is_blank);
  } else {
    require(target.problem().status == 400 && target.problem().text.size() < 300);
  }
  return 0;
}
