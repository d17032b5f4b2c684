// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/exchange.hpp"
#include "polywire/wire/http1/head.hpp"
#include "polywire/wire/http1/target.hpp"

#include <memory>

namespace polywire::inline v1::http_carrier {

/// A request whose head has come. Borrowed: whoever needs more of it than for the call copies.
class request {
 public:
  request(const wire::http1::request_head& h, const wire::http1::target& t) noexcept
      : head(&h), target(&t) {}

  const wire::http1::request_head* head;
  const wire::http1::target* target;
};

/// Something that answers some of the requests of an HTTP server: a protocol over HTTP. Defining an
/// inline variable of it makes it known, as with `rpc::scheme`.
class mount {
 public:
  using opener = std::unique_ptr<exchange> (*)(const request&, exchange_port&);

  /// `open`: null when the request is for somebody else.
  explicit mount(opener open) noexcept : open_(open), next_(first_) { first_ = this; }
  mount(const mount&) = delete;
  mount& operator=(const mount&) = delete;

  /// Null: nobody takes it.
  static std::unique_ptr<exchange> find(const request& r, exchange_port& port) {
    for (const mount* m = first_; m != nullptr; m = m->next_) {
      if (auto found = m->open_(r, port)) return found;
    }
    return nullptr;
  }

 private:
  inline static constinit const mount* first_ = nullptr;

  opener open_;
  const mount* next_;
};

}  // namespace polywire::inline v1::http_carrier
