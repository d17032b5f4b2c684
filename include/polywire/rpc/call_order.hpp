// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace polywire::inline v1::rpc {

/// Where a call stands. Both sides go through the same states, one a little behind the other.
enum class call_state : std::uint8_t {
  idle,              ///< not opened
  open,              ///< the client may send, the server has not answered yet
  answered,          ///< the same, and the server has sent metadata or a message
  waiting,           ///< the client sends no more, the server has not answered yet
  waiting_answered,  ///< the client sends no more, the server may
  cancelled,         ///< the client gave up; what the server still sends is swallowed
  ended,
  illegal,  ///< the event was not allowed
};

/// What happens to a call, whoever sees it.
enum class call_event : std::uint8_t {
  open,
  request,     ///< a message of the client
  half_close,  ///< the client sends no more
  cancel,      ///< the client gives up
  metadata,    ///< the server's initial metadata
  response,    ///< a message of the server
  end,         ///< the server's last word
};

/// The legal order of a call, the only place that says it.
class call_order {
 public:
  static constexpr call_state next(call_state state, call_event event) noexcept {
    const auto row = static_cast<std::size_t>(state);
    return row < table.size() ? table[row][static_cast<std::size_t>(event)] : call_state::illegal;
  }

 private:
  using enum call_state;
  static constexpr auto x = illegal;
  // clang-format off
  static constexpr std::array<std::array<call_state, 7>, 7> table{{
      //               open  request    half_close        cancel     metadata          response          end
      /* idle */      {open, x,         x,                x,         x,                x,                x},
      /* open */      {x,    open,      waiting,          cancelled, answered,         answered,         ended},
      /* answered */  {x,    answered,  waiting_answered, cancelled, x,                answered,         ended},
      /* waiting */   {x,    x,         x,                cancelled, waiting_answered, waiting_answered, ended},
      /* w_answered */{x,    x,         x,                cancelled, x,                waiting_answered, ended},
      /* cancelled */ {x,    x,         x,                x,         cancelled,        cancelled,        ended},
      /* ended */     {x,    x,         x,                x,         x,                x,                x},
  }};
  // clang-format on
};

constexpr call_state next_state(call_state state, call_event event) noexcept {
  return call_order::next(state, event);
}

constexpr bool client_may_send(call_state state) noexcept {
  return next_state(state, call_event::request) != call_state::illegal;
}

}  // namespace polywire::inline v1::rpc
