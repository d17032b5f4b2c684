// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"
#include "polywire/wire/http1/fields.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace polywire::inline v1::http_carrier {

/// A content coding (RFC 9110 8.4.1). Defining an inline variable of it makes it known to servers
/// and clients, as with `mount`; a door header such as <polywire/gzip.hpp> does.
class compression {
 public:
  /// Appends what `in` is inflated, at most `max_output` bytes.
  /// Errors: `resource_exhausted` above that, `invalid_argument` for what is malformed.
  using inflater = status (*)(bytes_view in, std::size_t max_output, buffer& out);
  /// Appends `in` deflated; `in` is not in `out`. Errors: `resource_exhausted`.
  using deflater = status (*)(bytes_view in, buffer& out);

  /// `name`: as it stands in Content-Encoding.
  compression(std::string_view name, inflater unpack, deflater pack) noexcept
      : name_(name), inflate_(unpack), deflate_(pack), next_(first_) {
    first_ = this;
  }
  compression(const compression&) = delete;
  compression& operator=(const compression&) = delete;

  std::string_view name() const noexcept { return name_; }
  status inflate(bytes_view in, std::size_t max_output, buffer& out) const {
    return inflate_(in, max_output, out);
  }
  status deflate(bytes_view in, buffer& out) const { return deflate_(in, out); }

  /// Null: nobody knows it.
  static const compression* find(std::string_view name) noexcept {
    for (const compression* c = first_; c != nullptr; c = c->next_) {
      if (wire::http1::detail::same_ignoring_case(c->name_, name)) return c;
    }
    return nullptr;
  }
  /// The first one of an Accept-Encoding list (RFC 9110 12.5.3) that is known. Null: none is, or
  /// they are all refused.
  static const compression* find_accepted(std::string_view list) noexcept {
    if (first_ == nullptr) return nullptr;
    std::string_view element;
    while (wire::http1::next_element(list, element)) {
      const std::size_t end = element.find(';');
      const std::string_view name = wire::http1::detail::trim(element.substr(0, end));
      const bool refused = end != std::string_view::npos && is_zero(element.substr(end + 1));
      const compression* found = refused ? nullptr : find(name);
      if (found != nullptr) return found;
    }
    return nullptr;
  }

  static bool any() noexcept { return first_ != nullptr; }
  /// All that are known, as the value of Accept-Encoding.
  static std::string names() {
    std::string all;
    for (const compression* c = first_; c != nullptr; c = c->next_) {
      all.append(all.empty() ? "" : ", ").append(c->name_);
    }
    return all;
  }

 private:
  // RFC 9110 12.4.2: "q=0" and "q=0.000" mean "not acceptable".
  static bool is_zero(std::string_view weight) noexcept {
    weight = wire::http1::detail::trim(weight);
    if (weight.size() < 3 || (weight[0] | 0x20) != 'q' || weight[1] != '=') return false;
    return weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
  }

  inline static constinit const compression* first_ = nullptr;

  std::string_view name_;
  inflater inflate_;
  deflater deflate_;
  const compression* next_;
};

}  // namespace polywire::inline v1::http_carrier
