// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/connect/detail/shown.hpp"

#include "polywire/core/base64.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/status.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace polywire::inline v1::wire::connect {

/// The query of a unary GET: "connect=v1&base64=1&encoding=json&message=e30", in any order. Connect
/// protocol, "Unary-Get-Request". http1's reader takes the pairs apart:
///
///     get_query call;
///     while (query.next()) …call.add(query.key(), query.value());
///     …call.finish();
class get_query {
 public:
  /// One pair, percent-decoded; it is copied. Unknown keys are passed over.
  /// Errors: `invalid_argument` for a known key that comes twice: caches and servers would not
  /// agree on which of them counts.
  status add(std::string_view key, std::string_view value) {
    std::optional<std::string>* known = find(key);
    if (known == nullptr) return {};
    if (*known) return status::invalid_argument("the query has '" + std::string(key) + "' twice");
    *known = value;
    return {};
  }

  /// After the last pair. Errors: `invalid_argument` that names the parameter.
  status finish() {
    if (!encoding_) return status::invalid_argument("the query has no 'encoding'");
    if (!message_) return status::invalid_argument("the query has no 'message'");
    if (connect_ && *connect_ != "v1") {
      return status::invalid_argument("the query's 'connect' must be v1, not " +
                                      detail::shown(*connect_));
    }
    if (base64_ == "1") {  // other values are ignored, says the protocol
      const auto size = decode_base64(*message_, reinterpret_cast<std::byte*>(message_->data()));
      if (!size) return status::invalid_argument("the query's 'message' is not base64");
      message_->resize(*size);
    }
    return {};
  }

  // What follows has a meaning after a successful `finish`.

  /// Nothing: a format that Connect does not have, and the answer is 415.
  std::optional<format> encoding() const noexcept {
    if (encoding_ == "json") return format::json;
    if (encoding_ == "proto") return format::protobuf;
    return std::nullopt;
  }
  /// Whether the query has `connect`, which tells a call from somebody else's GET.
  bool has_version() const noexcept { return connect_.has_value(); }
  std::string_view compression() const noexcept {
    return compression_ ? std::string_view(*compression_) : "identity";
  }
  /// Still compressed; an empty one never is.
  bytes_view message() const noexcept { return message_ ? as_bytes(*message_) : bytes_view(); }

 private:
  std::optional<std::string>* find(std::string_view key) noexcept {
    if (key == "connect") return &connect_;
    if (key == "base64") return &base64_;
    if (key == "compression") return &compression_;
    if (key == "encoding") return &encoding_;
    if (key == "message") return &message_;
    return nullptr;
  }

  std::optional<std::string> connect_;
  std::optional<std::string> base64_;
  std::optional<std::string> compression_;
  std::optional<std::string> encoding_;
  std::optional<std::string> message_;
};

/// Appends such a query, without the '?': JSON or protobuf, in the order that caches like best. All
/// of it is base64, so that nothing needs escaping. `compression`: of the message, empty for none.
inline void append_get_query(buffer& out, format encoding, bytes_view message,
                             std::string_view compression = {}) {
  out.append("connect=v1&base64=1");
  if (!compression.empty()) {
    out.append("&compression=");
    out.append(compression);
  }
  out.append(encoding == format::json ? "&encoding=json" : "&encoding=proto");
  out.append("&message=");
  append_base64(message, out, base64_form::url_unpadded);
}

}  // namespace polywire::inline v1::wire::connect
