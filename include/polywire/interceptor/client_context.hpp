// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/interceptor/call_context.hpp"

#include <string_view>

namespace polywire::inline v1 {

/// A call as the interceptors of its client see it.
class client_context : public call_context {
 public:
  /// Adds to what is sent with the call; in `on_start`. Errors: as `metadata::add`.
  virtual status add_metadata(std::string_view key, std::string_view value) = 0;
  /// The same in place of all values that the key has.
  virtual status replace_metadata(std::string_view key, std::string_view value) = 0;

  /// What is sent must not be overheard: on a connection that is neither encrypted nor of this
  /// machine the call fails `failed_precondition`, `not_sent`.
  virtual void require_private() noexcept = 0;

 protected:
  using call_context::call_context;
  ~client_context() = default;
};

}  // namespace polywire::inline v1
