// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// A server session against a peer that says anything, with handlers that do anything. Whatever the
// pieces in which the bytes come, the same is heard and said; memory stays within bounds.
#include "polywire/backend/framed/server_session.hpp"

#include "framed_support.hpp"

#include <map>
#include <memory>

using namespace framed_fuzz;

namespace {

class run;

class handler final : public rpc::call_sink {
 public:
  handler(run& owner, rpc::call_id id, pw::call_type type) noexcept
      : run_(&owner), id_(id), subscription_(type == pw::call_type::subscribe) {}

 private:
  void on_metadata(pw::metadata&&) override { require(false, "a server got initial metadata"); }
  void on_message(const pw::incoming& message, bool last) override;
  void on_half_close() override;
  void on_end(pw::status&& how, pw::metadata&&) override;
  void on_sent() override;

  void hear(std::string_view what, std::size_t number);
  void act();

  run* run_;
  rpc::call_id id_;
  bool subscription_;
  std::uint64_t events_ = 0;
  bool over_ = false;
  bool held_ = false;
  bool half_closed_ = false;
  std::vector<std::size_t> costs_;
};

/// One session's life.
class run final : public rpc::session_sink {
 public:
  run(const rpc::registry& methods, const recipe& input) : decisions_(input.decisions) {
    rpc::session_config config(input.bounds, *this);
    config.methods = &methods;
    config.now = pw::time_point(std::chrono::hours(1));
    session = std::make_unique<pw::framed::server_session>(config);
  }

  std::uint8_t decide() noexcept { return decisions_.byte(); }

  std::unique_ptr<pw::framed::server_session> session;
  journal log;
  std::vector<std::unique_ptr<handler>> handlers;

 private:
  rpc::call_sink* on_open(rpc::call_id id, rpc::method_entry& method, const rpc::call_head& head,
                          pw::status& refusal) override {
    require((head.type == pw::call_type::subscribe) == (head.subscribe != nullptr),
            "a subscription that asks for nothing");
    switch (head.type) {
      case pw::call_type::subscribe:
        require(pw::is_topic_pattern(head.method), "a subscription without a pattern");
        require(head.subscribe->policy <= pw::overflow::block, "an overflow policy that is none");
        break;
      case pw::call_type::publish:
        require(pw::is_topic_name(head.method), "an event without a topic");
        break;
      default: require(pw::is_method_name(head.method), "a call without a method's name");
    }
    require(method.info().type() == head.type, "a call of another type than its method");
    log.note("open " + std::string(head.method) + " " + std::string(head.key), id,
             head.metadata->count());
    const std::uint8_t d = decide();
    if ((d & 15U) == 15) {
      refusal = pw::status::permission_denied("no");
      return nullptr;
    }
    handlers.push_back(std::make_unique<handler>(*this, id, head.type));
    return handlers.back().get();
  }
  void on_drain() override { log.note("drain", 0); }
  void on_capacity() override { require(false, "a server got capacity"); }

  source decisions_;
};

void handler::hear(std::string_view what, std::size_t number) {
  require(!over_, "a call that is over hears something");
  run_->log.note(what, id_, number);
}
void handler::on_message(const pw::incoming& message, bool last) {
  std::optional<pw::payload> read;
  (void)message.read(read, pw::limits());
  require(!half_closed_, "a message after the half-close");
  half_closed_ = last;
  hear(last ? "last message" : "message", read->data().size());
  require(message.cost() >= 32, "a message costs nothing");
  costs_.push_back(message.cost());
  act();
}
void handler::on_half_close() {
  require(!half_closed_, "two half-closes");
  half_closed_ = true;
  hear("half_close", 0);
  act();
}
void handler::on_end(pw::status&& how, pw::metadata&&) {
  hear("end", static_cast<std::size_t>(how.code()));
  over_ = true;
}
void handler::on_sent() {
  require(held_, "sent, and nothing was held");
  held_ = false;
  hear("sent", 0);
  act();
}
void handler::act() {
  static const std::string large(70'000, 'r');
  rpc::session& session = *run_->session;
  const std::uint8_t d = run_->decide();
  if ((d & 1U) != 0 && !costs_.empty()) {
    const std::size_t cost = costs_.back();
    costs_.pop_back();
    session.consumed(id_, cost);
  }
  pw::metadata some;
  (void)some.add("key", "value");
  if ((d & 2U) != 0) session.reply(id_, some);
  if ((d & 2U) != 0) session.confirm(id_, pw::subscribe_position());
  const std::size_t size = (d & 0xc0U) == 0xc0 ? large.size() : (d >> 6U) * 100U;
  constexpr std::array<std::string_view, 4> topics{"", "t.a", "t.b", "t.c"};
  pw::event_head event;
  event.offset = ++events_;
  event.topic = topics[d >> 4U & 3U];
  event.key = topics[d >> 6U];
  event.lost_before = pw::loss(d, pw::loss::kind::at_least);
  pw::outgoing message(pw::format::bytes, pw::as_bytes(std::string_view(large).substr(0, size)));
  if (subscription_) message.with(event);
  if ((d & 4U) != 0) {
    const auto done = session.send(id_, message, (d & 8U) != 0);
    run_->log.note(done ? "send" : "send fails", id_, done ? static_cast<std::size_t>(*done) : 0);
    held_ = held_ || (done && *done == rpc::sent::held);
  }
  if ((d & 16U) != 0) {
    over_ = true;
    const bool error = (d & 32U) != 0;
    session.end(id_, error ? nullptr : &message, error ? pw::status::aborted("x") : pw::status(),
                some);
  }
  if (d == 0x20) session.drain();
  if (d == 0x28) session.close(pw::status::unavailable("enough"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto methods = [] {
    auto made = std::make_unique<rpc::registry>();
    using enum pw::call_type;
    (void)made->add(std::make_unique<rpc::method_entry>("a.B/Unary", unary, pw::idempotency::none));
    (void)made->add(
        std::make_unique<rpc::method_entry>("a.B/Up", client_streaming, pw::idempotency::none));
    (void)made->add(
        std::make_unique<rpc::method_entry>("a.B/Both", bidi_streaming, pw::idempotency::none));
    made->set_topics(std::make_unique<rpc::method_entry>("", publish, pw::idempotency::none),
                     std::make_unique<rpc::method_entry>("", subscribe, pw::idempotency::none));
    return made;
  }();
  if (size < 4) return 0;
  const recipe input(data, size);
  // What one session may hold: its output, messages that are put together or held, and no more.
  constexpr std::size_t most_held = std::size_t{4} << 20;
  const std::size_t before = allocated();
  run whole(*methods, input);
  run cut(*methods, input);
  run moving(*methods, input);
  live(
      input, whole, cut, moving,
      [&](run& r) {
        require(r.session->calls() <= input.bounds.max_calls + input.bounds.max_subscriptions,
                "more calls than are allowed");
        require(allocated() <
                    before + most_held + 2 * r.log.text().capacity() + r.handlers.size() * 512,
                "a session holds too much");
      },
      [](run& r) { r.session->eof(); });
  return 0;
}
