// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The input as bytes comes back from every form. The input as text, where it is taken, is what one
// of the forms writes for the bytes that it means: no two texts of a form mean the same.
#include "polywire/core/base64.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using polywire::base64_form;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto forms = {base64_form::padded, base64_form::unpadded, base64_form::url_unpadded};
  std::string back;
  for (const auto form : forms) {
    const std::string text = polywire::to_base64(polywire::as_bytes(input), form);
    if (!polywire::decode_base64(text, back) || back != input) std::abort();
  }
  if (!polywire::decode_base64(input, back)) return 0;
  for (const auto form : forms) {
    if (polywire::to_base64(polywire::as_bytes(back), form) == input) return 0;
  }
  // What is left: the URL's alphabet, padded.
  std::string padded = polywire::to_base64(polywire::as_bytes(back), base64_form::url_unpadded);
  padded.append((4 - padded.size() % 4) % 4, '=');
  if (padded != input) std::abort();
  return 0;
}
