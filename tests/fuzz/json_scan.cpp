// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::size_t depth_of(const nlohmann::json& value) {
  if (!value.is_structured()) return 0;
  std::size_t deepest = 0;
  for (const nlohmann::json& child : value) deepest = std::max(deepest, depth_of(child));
  return deepest + 1;
}

class sample {
 public:
  std::string name = "default";
  std::uint8_t small = 1;
  double score = 0.5;
  bool flag = true;
  // No containers of integers: nlohmann casts 1e300 to an int before anybody can look (json.hpp).
  std::vector<float> marks;
  std::map<std::string, double> counts;
  nlohmann::json any;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(sample, name, small, score, flag, marks, counts, any)
};

/// What was read can be written, and reading that gives the same again.
template <class T>
void there_and_back(polywire::bytes_view in) {
  using namespace polywire;
  const limits bounds;
  std::optional<T> first;
  if (!codec<T>::decode(in, format::json, first, bounds)) {
    if (first) std::abort();
    return;
  }
  buffer once;
  if (!codec<T>::encode(*first, format::json, once)) std::abort();
  std::optional<T> second;
  if (!codec<T>::decode(once.view(), format::json, second, bounds)) std::abort();
  buffer twice;
  if (!codec<T>::encode(*second, format::json, twice)) std::abort();
  if (as_text(once.view()) != as_text(twice.view())) std::abort();
}

}  // namespace

/// What passes the scan is safe to parse and print; what is JSON and not too deep passes it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polywire;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto in = as_bytes(text);
  constexpr std::size_t limit = 64;
  const bool passed = check_json(in, limit).ok();
  // Without a scan, only what is short cannot be too deep for the recursion below.
  if (passed || size < 2'000) {
    const nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
    // nlohmann skips a byte order mark, which RFC 8259 8.1 lets a parser refuse, and ends at a
    // zero.
    if (!parsed.is_discarded() && !text.starts_with("\xef\xbb\xbf") &&
        text.find('\0') == std::string_view::npos) {
      if (passed != (depth_of(parsed) <= limit)) std::abort();
      if (passed && parsed.dump().empty()) std::abort();
      for (std::size_t n = 0; n < 5; ++n) {
        if (check_json(in, n).ok() != (depth_of(parsed) <= n)) std::abort();
      }
    }
  }
  there_and_back<nlohmann::json>(in);
  there_and_back<sample>(in);
  there_and_back<std::vector<double>>(in);
  return 0;
}
