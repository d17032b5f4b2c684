// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/wire/http1/head.hpp"

#include <cstddef>

namespace polywire::inline v1::http_carrier {

/// What a head may hold: the call's metadata as it stands on the wire, and what HTTP adds.
inline wire::http1::message_limits head_limits(const limits& bounds) noexcept {
  wire::http1::message_limits most;
  most.max_fields = bounds.max_metadata_entries + 32;
  most.max_fields_size = bounds.max_metadata / 3 * 4 + 8 * most.max_fields + (std::size_t{8} << 10);
  return most;
}

}  // namespace polywire::inline v1::http_carrier
