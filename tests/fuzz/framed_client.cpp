// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// A client session against a peer that says anything, with callers that do anything. Whatever the
// pieces in which the bytes come, the same is heard and said; memory stays within bounds.
#include "polywire/backend/framed/client_session.hpp"

#include "framed_support.hpp"

#include <memory>

using namespace framed_fuzz;

namespace {

class run;

class caller final : public rpc::call_sink {
 public:
  caller(run& owner, pw::call_type type) noexcept
      : run_(&owner), subscription_(type == pw::call_type::subscribe) {}
  void may_hear_sent() noexcept { held_ = true; }

  rpc::call_id id = 0;

 private:
  void on_metadata(pw::metadata&& initial) override;
  void on_message(const pw::incoming& message, bool last) override;
  void on_half_close() override { require(false, "a client heard a half-close"); }
  void on_end(pw::status&& how, pw::metadata&& trailing) override;
  void on_sent() override;
  void on_confirmed(const pw::subscribe_position& begin) override;

  void hear(std::string_view what, std::size_t number);
  void act();

  run* run_;
  bool subscription_;
  bool confirmed_ = false;
  bool over_ = false;
  bool held_ = false;
  bool answered_ = false;
  bool last_ = false;
  std::vector<std::size_t> costs_;
};

/// One session's life.
class run final : public rpc::session_sink {
 public:
  explicit run(const recipe& input) : decisions_(input.decisions) {
    rpc::session_config config(input.bounds, *this);
    config.now = pw::time_point(std::chrono::hours(1));
    session = std::make_unique<pw::framed::client_session>(config);
    for (int i = 0; i < 3; ++i) open();
  }

  std::uint8_t decide() noexcept { return decisions_.byte(); }

  void open() {
    static const std::string large(70'000, 'q');
    constexpr std::array<std::string_view, 4> names{"a.B/One", "a.B/Two", "a.B/Three", "bad"};
    constexpr std::array<std::string_view, 4> topics{"t.a", "t.>", "*", "bad name"};
    if (callers.size() > 200) return;
    const std::uint8_t d = decide();
    const bool topic = (d & 32U) != 0;
    const pw::call_type type = !topic          ? pw::call_type::bidi_streaming
                               : (d & 8U) != 0 ? pw::call_type::publish
                                               : pw::call_type::subscribe;
    if (!session->has_room(type)) return;
    pw::metadata some;
    if ((d & 4U) != 0) (void)some.add("key", "value");
    rpc::call_head head((topic ? topics : names)[d & 3U], type, some, pw::format::bytes);
    pw::subscribe_head asked;
    asked.policy = static_cast<pw::overflow>(d >> 6U);
    if (type == pw::call_type::subscribe) head.subscribe = &asked;
    if (type == pw::call_type::publish) head.key = "key";
    const std::size_t size = (d & 0xc0U) == 0xc0 ? large.size() : (d >> 6U) * 100U;
    const pw::outgoing message(pw::format::bytes,
                               pw::as_bytes(std::string_view(large).substr(0, size)));
    callers.push_back(std::make_unique<caller>(*this, type));
    caller& c = *callers.back();
    const auto opened = session->open(head, c, (d & 8U) != 0 ? &message : nullptr, (d & 16U) != 0);
    if (opened) c.id = *opened;
    if ((d & 8U) != 0) c.may_hear_sent();  // nobody says whether the first message is held
    log.note(opened ? "open" : "open fails", opened ? *opened : 0);
  }

  std::unique_ptr<pw::framed::client_session> session;
  journal log;
  std::vector<std::unique_ptr<caller>> callers;

 private:
  rpc::call_sink* on_open(rpc::call_id, rpc::method_entry&, const rpc::call_head&,
                          pw::status&) override {
    require(false, "somebody opens a call at a client");
    return nullptr;
  }
  void on_drain() override { log.note("drain", 0); }
  void on_capacity() override {
    log.note("capacity", 0);
    open();
  }

  source decisions_;
};

void caller::hear(std::string_view what, std::size_t number) {
  require(!over_, "a call that is over hears something");
  run_->log.note(what, id, number);
}
void caller::on_metadata(pw::metadata&& initial) {
  require(!answered_, "initial metadata comes late or twice");
  answered_ = true;
  hear("metadata", initial.count());
  act();
}
void caller::on_confirmed(const pw::subscribe_position& begin) {
  require(subscription_, "a call is confirmed that is no subscription");
  require(!confirmed_, "a subscription is confirmed twice");
  confirmed_ = true;
  hear("confirmed", begin.sequence);
  act();
}
void caller::on_message(const pw::incoming& message, bool last) {
  const pw::event_head* event = message.event();
  require((event != nullptr) == subscription_, "an event outside of a subscription, or none in it");
  if (event != nullptr) {
    require(confirmed_, "an event before the position");
    require(event->offset != 0, "an event without an id");
    require(event->topic.empty() || pw::is_topic_name(event->topic), "an event of no topic");
    hear("event " + std::string(event->topic) + " " + std::string(event->key), event->offset);
  }
  std::optional<pw::payload> read;
  (void)message.read(read, pw::limits());
  require(!last_, "a message after the last");
  answered_ = true;
  last_ = last;
  hear(last ? "last message" : "message", read->data().size());
  costs_.push_back(message.cost());
  act();
}
void caller::on_end(pw::status&& how, pw::metadata&& trailing) {
  hear("end", static_cast<std::size_t>(how.code()) * 10 + trailing.count());
  over_ = true;
  if ((run_->decide() & 1U) != 0) run_->open();
}
void caller::on_sent() {
  require(held_, "sent, and nothing was held");
  held_ = false;
  hear("sent", 0);
  act();
}
void caller::act() {
  static const std::string large(70'000, 'r');
  rpc::session& session = *run_->session;
  const std::uint8_t d = run_->decide();
  if ((d & 1U) != 0 && !costs_.empty()) {
    const std::size_t cost = costs_.back();
    costs_.pop_back();
    session.consumed(id, cost);
  }
  if ((d & 2U) != 0) {
    const std::size_t size = (d & 0xc0U) == 0xc0 ? large.size() : (d >> 6U) * 100U;
    const pw::outgoing message(pw::format::bytes,
                               pw::as_bytes(std::string_view(large).substr(0, size)));
    const auto done = session.send(id, message, (d & 4U) != 0);
    run_->log.note(done ? "send" : "send fails", id, done ? static_cast<std::size_t>(*done) : 0);
    held_ = held_ || (done && *done == rpc::sent::held);
  }
  if ((d & 8U) != 0) session.half_close(id);
  if ((d & 16U) != 0) run_->open();
  if ((d & 0x24U) == 0x20) {
    over_ = true;
    session.cancel(id);
  }
  if (d == 0x40) session.drain();
  if (d == 0x80) session.close(pw::status::cancelled("enough"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const recipe input(data, size);
  // A client holds what its callers send, at most 70,000 bytes each, and what comes for them.
  constexpr std::size_t most_held = std::size_t{4} << 20;
  constexpr std::size_t most_of_caller = 80'000;
  const std::size_t before = allocated();
  run whole(input);
  run cut(input);
  run moving(input);
  live(
      input, whole, cut, moving,
      [&](run& r) {
        require(allocated() < before + most_held + 2 * r.log.text().capacity() +
                                  3 * r.callers.size() * most_of_caller,
                "a session holds too much");
      },
      [](run& r) { r.session->lost(pw::status::unavailable("reset")); });
  return 0;
}
