// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// An HTTP connection of a client against a server that says anything, with callers that do
// anything. Whatever the pieces in which the bytes come, the same is heard; every call ends once,
// and hears nothing after that; memory stays within bounds.
#include "polywire/backend/http_json/backend.hpp"

#include "http_support.hpp"

#include <memory>
#include <optional>

using namespace http_fuzz;

namespace {

class run;

class caller final : public rpc::call_sink {
 public:
  caller(run& owner, pw::call_type type) noexcept : run_(&owner), type_(type) {}
  bool is_over() const noexcept { return over_; }
  void refused() noexcept { over_ = true; }

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
  pw::call_type type_;
  bool over_ = false;
  bool answered_ = false;
  bool last_ = false;
  std::vector<std::size_t> costs_;
};

/// One session's life.
class run final : public rpc::session_sink {
 public:
  run(const recipe& input, bool again) : decisions_(input.decisions), again_(again) {
    rpc::session_config config(input.bounds, *this);
    config.authority = "server:80";
    config.now = start_time;
    session = std::make_unique<pw::http_json::client_session>(config);
    open();
  }

  std::uint8_t decide() noexcept { return decisions_.byte(); }

  void open() {
    using enum pw::call_type;
    constexpr std::array kinds{unary,     server_streaming, client_streaming, unary,
                               subscribe, publish,          subscribe,        unary};
    if (session->capacity() == 0 || callers.size() > 100) return;
    const std::uint8_t d = decide();
    const pw::call_type type = kinds[d & 7U];
    const bool topic = type == subscribe || type == publish;
    pw::metadata some;
    if ((d & 8U) != 0) (void)some.add("key", "value");
    constexpr std::array formats{pw::format::json, pw::format::text, pw::format::bytes,
                                 pw::format::protobuf};
    rpc::call_head head(topic ? "t.a" : "a.B/C", type, some, formats[d >> 4U & 3U]);
    const pw::subscribe_head asked;
    if (type == subscribe) head.subscribe = &asked;
    const pw::outgoing message(head.messages, pw::as_bytes("\"x\""));
    const bool first = type != subscribe && type != client_streaming;
    callers.push_back(std::make_unique<caller>(*this, type));
    caller& c = *callers.back();
    const auto opened =
        session->open(head, c, first ? &message : nullptr, type != client_streaming);
    if (opened) c.id = *opened;
    if (!opened) c.refused();
    if ((d & 64U) == 0) send_all();
  }
  void send_all() {
    for (auto out = session->output(); !out.empty(); out = session->output()) {
      session->consume_output(out[0].size());
    }
  }

  journal log;
  std::vector<std::unique_ptr<caller>> callers;
  std::unique_ptr<pw::http_json::client_session> session;

 private:
  rpc::call_sink* on_open(rpc::call_id, rpc::method_entry&, const rpc::call_head&,
                          pw::status&) override {
    require(false, "somebody opens a call at a client");
    return nullptr;
  }
  void on_drain() override { log.note("drain", 0); }
  void on_capacity() override {
    if (again_) open();
  }

  source decisions_;
  bool again_;
};

void caller::hear(std::string_view what, std::size_t number) {
  require(!over_, "a call that is over hears something");
  run_->log.note(what, id, number);
}
void caller::on_metadata(pw::metadata&& initial) {
  require(!answered_, "initial metadata comes late or twice");
  hear("metadata", initial.count());
  act();
}
void caller::on_confirmed(const pw::subscribe_position& begin) {
  require(type_ == pw::call_type::subscribe, "a call is confirmed that is no subscription");
  hear("confirmed", begin.sequence);
  act();
}
void caller::on_message(const pw::incoming& message, bool last) {
  const pw::event_head* event = message.event();
  require((event != nullptr) == (type_ == pw::call_type::subscribe), "an event, or none");
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
}
void caller::on_sent() {
  hear("sent", 0);
  act();
}
void caller::act() {
  static const std::string large(3'000, 'r');
  rpc::session& session = *run_->session;
  const std::uint8_t d = run_->decide();
  if ((d & 1U) == 0 && !costs_.empty()) {
    const std::size_t cost = costs_.back();
    costs_.pop_back();
    session.consumed(id, cost);
  }
  if ((d & 2U) != 0) {
    const pw::outgoing message(pw::format::json, pw::as_bytes(large));
    (void)session.send(id, message, (d & 4U) != 0);
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
  if (size < recipe::head) return 0;
  const recipe input(data, size);
  // What one session may hold: a message and what it is made of, what is read, and requests.
  constexpr std::size_t most_held = std::size_t{3} << 20;
  const std::size_t before = allocated();
  run whole(input, false);
  run cut(input, false);
  run moving(input, true);
  const auto look = [&](run& r) {
    require(r.session->calls() <= 1, "more calls than one");
    require(
        allocated() < before + most_held + 2 * r.log.text().capacity() + r.callers.size() * 4'096,
        "a session holds too much");
  };
  feed(*whole.session, input.bytes, std::size_t(-1), [&] { look(whole); });
  feed(*cut.session, input.bytes, input.step, [&] { look(cut); });
  require(whole.log.text() == cut.log.text(), "another cut, other events");
  require(whole.session->finished() == cut.session->finished(), "another cut, another end");

  pw::time_point now = start_time;
  for (std::size_t at = 0; at < input.bytes.size() && !moving.session->finished();) {
    const std::size_t n = std::min(input.step * 64, input.bytes.size() - at);
    feed(*moving.session, pw::bytes_view(input.bytes).subspan(at, n), n, [] {});
    at += n;
    if ((moving.decide() & 3U) != 3) moving.send_all();
    pass_time(*moving.session, now, std::chrono::seconds(1));
    if (at % 64 == 0) look(moving);
  }
  moving.session->eof();
  require(moving.session->calls() == 0, "calls outlive their connection");
  require(moving.session->finished(), "a connection outlives its end");
  for (const auto& c : moving.callers) require(c->is_over(), "a call has not ended");
  return 0;
}
