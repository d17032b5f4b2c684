// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/rpc/call_order.hpp"

#include "support/catch.hpp"

#include <initializer_list>
#include <vector>

using namespace polywire::rpc;
using enum call_state;

namespace {

constexpr call_state all_states[] = {idle,      open,  answered, waiting, waiting_answered,
                                     cancelled, ended, illegal};
constexpr call_event all_events[] = {
    call_event::open,     call_event::request,  call_event::half_close, call_event::cancel,
    call_event::metadata, call_event::response, call_event::end};

call_state after(std::initializer_list<call_event> events) {
  call_state s = idle;
  for (const call_event e : events) s = next_state(s, e);
  return s;
}

// The rules of docs/protocols.md, said once more and without a table.
class reference {
 public:
  bool take(call_event e) {
    using enum call_event;
    if (e == open) {
      if (opened_) return false;
      return opened_ = true;
    }
    if (!opened_ || ended_) return false;
    const bool from_client = e == request || e == half_close || e == cancel;
    if (from_client && cancelled_) return false;
    switch (e) {
      case request: return !closed_;
      case half_close: return !closed_ && (closed_ = true);
      case cancel: return cancelled_ = true;
      case metadata:  // nobody looks any more at what comes for a cancelled call
        return cancelled_ || (!answered_ && (answered_ = true));
      case response: return answered_ = true;
      case end: return ended_ = true;
      default: return false;
    }
  }

 private:
  bool opened_ = false;
  bool closed_ = false;
  bool answered_ = false;
  bool cancelled_ = false;
  bool ended_ = false;
};

void all_histories(std::vector<call_event>& history, std::size_t most) {
  reference rules;
  call_state state = idle;
  bool legal = true;
  for (const call_event e : history) {
    legal = rules.take(e);
    state = next_state(state, e);
    REQUIRE((state != illegal) == legal);
  }
  if (!legal || history.size() == most) return;
  for (const call_event e : all_events) {
    history.push_back(e);
    all_histories(history, most);
    history.pop_back();
  }
}

}  // namespace

TEST_CASE("every history of a call is legal exactly when the rules say so", "[call_order]") {
  std::vector<call_event> history;
  all_histories(history, 7);
}

TEST_CASE("nothing is legal after something illegal, and nothing after the end", "[call_order]") {
  for (const call_event e : all_events) {
    CHECK(next_state(illegal, e) == illegal);
    CHECK(next_state(ended, e) == illegal);
  }
}

TEST_CASE("a call that is open can always be ended by the server, once", "[call_order]") {
  for (const call_state s : all_states) {
    const bool is_open = s != idle && s != ended && s != illegal;
    CHECK((next_state(s, call_event::end) == ended) == is_open);
  }
}

TEST_CASE("the client may send until it half-closes or cancels", "[call_order]") {
  CHECK_FALSE(client_may_send(idle));
  CHECK(client_may_send(open));
  CHECK(client_may_send(answered));
  CHECK_FALSE(client_may_send(waiting));
  CHECK_FALSE(client_may_send(waiting_answered));
  CHECK_FALSE(client_may_send(cancelled));
  CHECK_FALSE(client_may_send(ended));
  CHECK_FALSE(client_may_send(illegal));
}

TEST_CASE("the usual calls go through the states that they should", "[call_order]") {
  using enum call_event;
  CHECK(after({call_event::open, request, half_close}) == waiting);
  CHECK(after({call_event::open, request, half_close, response, end}) == ended);
  CHECK(after({call_event::open, half_close, metadata, response, response}) == waiting_answered);
  CHECK(after({call_event::open, request, response, request, half_close}) == waiting_answered);
  CHECK(after({call_event::open, cancel, response}) == cancelled);
  CHECK(after({call_event::open, response, metadata}) == illegal);
  CHECK(after({call_event::open, half_close, half_close}) == illegal);
  CHECK(after({call_event::open, call_event::open}) == illegal);
}
