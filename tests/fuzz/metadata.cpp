// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/metadata.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

}  // namespace

/// Lines of key:value. What is taken can stand in a header of HTTP; what is refused changes
/// nothing and says so in one printable line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polywire;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  metadata pairs;
  std::size_t bytes = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view key = line.substr(0, line.find(':'));
    const std::string_view value = line.substr(std::min(key.size() + 1, line.size()));
    const std::size_t count = pairs.count();
    const status added = pairs.add(key, value);
    if (added.ok()) {
      bytes += key.size() + value.size();
      if (pairs.count() != count + 1 || pairs.get_all(key).back() != value) std::abort();
      const auto& [name, kept] = *(pairs.end() - 1);
      if (name.empty() || name.starts_with("grpc-") || name.starts_with("trailer-")) std::abort();
      if (!is_printable(name) || name.find_first_of(" :\"ABCXYZ") != std::string::npos)
        std::abort();
      if (!metadata::is_binary_key(name) && !is_printable(kept)) std::abort();
      if (!metadata::check(name, kept)) std::abort();
    } else if (pairs.count() != count || !is_printable(added.message()) ||
               added.message().size() > 300) {
      std::abort();
    }
    if (pairs.size() != bytes) std::abort();
  }
  return 0;
}
