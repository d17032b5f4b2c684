// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/metadata.hpp"

#include <string>

namespace polywire::inline v1 {

/// What a call tells beside its messages; filled by `call_options::capture` before the call
/// completes. Read it after completion only.
class call_info {
 public:
  call_info() = default;

  polywire::metadata initial;
  polywire::metadata trailing;
  /// The address that answered, such as "127.0.0.1:7000".
  std::string peer;
  /// How often the call was tried.
  int attempts = 0;
};

}  // namespace polywire::inline v1
