// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// An HTTP connection of a server against a client that says anything, with handlers that do
// anything. Whatever the pieces in which the bytes come, the same is heard and said; what is said
// is HTTP; every call ends once; memory stays within bounds.
#include "polywire/backend/http_json/backend.hpp"

#include "http_support.hpp"

#include "polywire/wire/http1/body_reader.hpp"
#include "polywire/wire/http1/head_reader.hpp"

#include <memory>
#include <optional>

using namespace http_fuzz;

namespace {

class run;

bool is_held(const pw::result<rpc::sent>& done) { return done && *done == rpc::sent::held; }

class handler final : public rpc::call_sink {
 public:
  handler(run& owner, rpc::call_id id, pw::call_type type) noexcept
      : run_(&owner), id_(id), type_(type) {}
  bool is_over() const noexcept { return over_; }
  /// Where nobody has decided anything: it answers in the end.
  void finish();

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
  pw::call_type type_;
  std::uint64_t events_ = 0;
  bool confirmed_ = false;
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
    config.now = start_time;
    session = std::make_unique<pw::http_carrier::server_session>(config);
  }

  std::uint8_t decide() noexcept { return decisions_.byte(); }

  journal log;
  std::vector<std::unique_ptr<handler>> handlers;
  std::unique_ptr<pw::http_carrier::server_session> session;

 private:
  rpc::call_sink* on_open(rpc::call_id id, rpc::method_entry& method, const rpc::call_head& head,
                          pw::status& refusal) override {
    require(handlers.empty() || handlers.back()->is_over(), "two calls at once");
    require(method.info().type() == head.type, "a call of another type than its method");
    log.note("open " + std::string(head.method) + " " + std::string(head.key), id,
             head.metadata->count());
    if ((decide() & 15U) == 15) {
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
void handler::finish() {
  if (over_) return;
  over_ = true;
  run_->session->end(id_, nullptr, pw::status::aborted("the end"), {});
}
void handler::act() {
  static const std::string large(30'000, 'r');
  rpc::session& session = *run_->session;
  const std::uint8_t d = run_->decide();
  if ((d & 1U) != 0 && !costs_.empty()) {
    const std::size_t cost = costs_.back();
    costs_.pop_back();
    session.consumed(id_, cost);
  }
  pw::metadata some;
  (void)some.add((d & 64U) != 0 ? "key" : "key-bin", "value");
  const std::size_t size = (d & 0xc0U) == 0xc0 ? large.size() : (d >> 6U) * 100U;
  pw::outgoing message(pw::format::bytes, pw::as_bytes(std::string_view(large).substr(0, size)));
  if (type_ == pw::call_type::subscribe) {
    pw::event_head event;
    event.offset = ++events_;
    event.topic = (d & 128U) != 0 ? "t.a" : "";
    event.lost_before = pw::loss(d & 1U, pw::loss::kind::at_least);
    message.with(event);
    if (!std::exchange(confirmed_, true)) session.confirm(id_, pw::subscribe_position());
    if ((d & 4U) != 0 && !held_) held_ = is_held(session.send(id_, message, false));
  } else {
    if ((d & 2U) != 0) session.reply(id_, some);
    const bool streams =
        type_ == pw::call_type::server_streaming || type_ == pw::call_type::bidi_streaming;
    if ((d & 4U) != 0 && streams && !held_) held_ = is_held(session.send(id_, message, false));
  }
  if ((d & 16U) != 0 && !over_) {
    over_ = true;
    const bool error = (d & 32U) != 0 || type_ == pw::call_type::subscribe;
    session.end(id_, error ? nullptr : &message, error ? pw::status::aborted("x") : pw::status(),
                some);
  }
  if (d == 0x20) session.drain();
  if (d == 0x28) session.close(pw::status::unavailable("enough"));
}

/// Whether everything that was said is a run of whole responses, but for the last one.
void check_responses(std::string_view text, bool cut_off) {
  namespace h1 = pw::wire::http1;
  h1::response_reader reader;
  h1::response_head head;
  pw::bytes_view in = pw::as_bytes(text);
  while (!in.empty()) {
    const auto state = reader.read(in, false, head);
    require(state != h1::parse_state::error, "a response that cannot be read");
    if (state == h1::parse_state::need_more) return require(cut_off, "half a head of a response");
    in = in.subspan(reader.size());
    h1::message_limits bounds;
    bounds.max_body = ~std::uint64_t{0};
    h1::body_reader body(head, bounds);
    for (;;) {
      const auto part = body.read(in);
      in = in.subspan(part.size);
      require(part.event != h1::body_event::error, "a body that cannot be read");
      if (part.event == h1::body_event::end) break;
      if (part.event == h1::body_event::need_more) return;  // one that is under way
    }
    require(head.keep_alive || in.empty(), "something follows the last response");
  }
}

const rpc::registry& methods() {
  static const auto all = [] {
    auto made = std::make_unique<rpc::registry>();
    using enum pw::call_type;
    const auto add = [&](std::string_view name, pw::call_type type) {
      (void)made->add(std::make_unique<rpc::method_entry>(name, type, pw::idempotency::none));
    };
    add("a.B/Unary", unary);
    add("a.B/Up", client_streaming);
    add("a.B/Down", server_streaming);
    add("a.B/Both", bidi_streaming);
    made->set_topics(std::make_unique<rpc::method_entry>("", publish, pw::idempotency::none),
                     std::make_unique<rpc::method_entry>("", subscribe, pw::idempotency::none));
    return made;
  }();
  return *all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < recipe::head) return 0;
  const recipe input(data, size);
  const rpc::registry& served = methods();
  // What one session may hold: a message, its output, and what it has read ahead.
  constexpr std::size_t most_held = std::size_t{3} << 20;
  const std::size_t before = allocated();
  run whole(served, input);
  run cut(served, input);
  run moving(served, input);
  const auto look = [&](run& r) {
    require(r.session->calls() <= 1, "more calls than one");
    require(
        allocated() < before + most_held + 2 * r.log.text().capacity() + r.handlers.size() * 512,
        "a session holds too much");
  };
  feed(*whole.session, input.bytes, std::size_t(-1), [&] { look(whole); });
  feed(*cut.session, input.bytes, input.step, [&] { look(cut); });
  const std::string said = spoken(*whole.session);
  constexpr std::size_t most_compared = std::size_t{60} << 10;  // above, how much is skipped tells
  if (input.bytes.size() < most_compared && said.size() < most_compared) {
    require(whole.log.text() == cut.log.text(), "another cut, other events");
    require(whole.session->finished() == cut.session->finished(), "another cut, another end");
    require(said == spoken(*cut.session), "another cut, other answers");
  }
  if (pw::as_text(input.bytes).find("HEAD ") == std::string_view::npos) {
    check_responses(said, whole.session->resets());
  }

  pw::time_point now = start_time;
  const auto drive = [&](bool finishes) {
    const auto pieces = moving.session->output();
    if (!pieces.empty()) moving.session->consume_output(1 + pieces[0].size() / 2);
    pass_time(*moving.session, now, std::chrono::seconds(1));
    if (!moving.handlers.empty() && finishes) moving.handlers.back()->finish();
  };
  for (std::size_t at = 0; at < input.bytes.size() && !moving.session->finished();) {
    const bool reads = moving.session->wants_input();
    const std::size_t n = std::min(input.step * 64, input.bytes.size() - at);
    if (reads) {
      feed(*moving.session, pw::bytes_view(input.bytes).subspan(at, n), n, [] {});
      at += n;
    }
    drive(!reads || (moving.decide() & 1U) != 0);
    if (at % 64 == 0) look(moving);
  }
  if ((input.step & 1U) != 0) moving.session->eof();
  for (int i = 0; i < 200 && !moving.session->finished(); ++i) drive(i % 8 == 0);
  moving.session->lost(pw::status::unavailable("reset"));
  require(moving.session->finished(), "a connection outlives its end");
  require(moving.session->calls() == 0, "calls outlive their connection");
  for (const auto& h : moving.handlers) require(h->is_over(), "a call has not ended");
  return 0;
}
