// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/interceptor/client_context.hpp"
#include "polywire/interceptor/trace_context.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// Takes part in W3C Trace Context, for both sides. A server's calls get a `trace_context` of their
/// own below that of the caller, or a new one where the caller sent none, or one that is wrong:
///
///     const auto* trace = context.get<polywire::trace_context>();
///
/// A client's calls get a span each, below the one that `within(context)` hands on, and send it.
class trace {
 public:
  trace() = default;

  /// Whether traces that begin here are marked as recorded; on by default.
  trace& sample(bool yes) & {
    sample_ = yes;
    return *this;
  }
  trace&& sample(bool yes) && { return std::move(sample(yes)); }

  status on_start(call_context& context) const {
    const auto caller = read(context.metadata());
    const trace_context mine = caller ? caller->child() : trace_context::begin(sample_);
    if (context.side() == call_side::client) {
      auto& call = static_cast<client_context&>(context);
      if (auto done = call.replace_metadata("traceparent", mine.header()); !done) return done;
    }
    context.set(mine);
    return {};
  }

 private:
  static std::optional<trace_context> read(const metadata& sent) {
    const auto parents = sent.get_all("traceparent");
    if (parents.size() != 1) return std::nullopt;
    std::string state;  // it may be spread over several fields
    for (const std::string_view part : sent.get_all("tracestate")) {
      if (!state.empty() && !part.empty()) state += ',';
      state += part;
    }
    return trace_context::parse(parents.front(), state);
  }

  bool sample_ = true;
};

}  // namespace polywire::inline v1
