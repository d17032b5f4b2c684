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
  explicit caller(run& owner) noexcept : run_(&owner) {}
  void may_hear_sent() noexcept { held_ = true; }

  rpc::call_id id = 0;

 private:
  void on_metadata(pw::metadata&& initial) override;
  void on_message(const pw::incoming& message, bool last) override;
  void on_half_close() override { require(false, "a client heard a half-close"); }
  void on_end(pw::status&& how, pw::metadata&& trailing) override;
  void on_sent() override;

  void hear(std::string_view what, std::size_t number);
  void act();

  run* run_;
  bool over_ = false;
  bool held_ = false;
  bool answered_ = false;
  bool last_ = false;
  std::vector<std::size_t> costs_;
};

/// One session's life.
class run final : public rpc::session_sink {
 public:
  run(const pw::limits& bounds, source decisions) : decisions_(decisions) {
    rpc::session_config config(bounds, *this);
    config.now = pw::time_point(std::chrono::hours(1));
    session = std::make_unique<pw::framed::client_session>(config);
    for (int i = 0; i < 3; ++i) open();
  }

  std::uint8_t decide() noexcept { return decisions_.byte(); }

  void open() {
    static const std::string large(70'000, 'q');
    constexpr std::array<std::string_view, 4> names{"a.B/One", "a.B/Two", "a.B/Three", "bad"};
    if (session->capacity() == 0 || callers.size() > 200) return;
    const std::uint8_t d = decide();
    pw::metadata some;
    if ((d & 4U) != 0) (void)some.add("key", "value");
    const rpc::call_head head(names[d & 3U], pw::call_type::bidi_streaming, some,
                              pw::format::bytes);
    const std::size_t size = (d & 0xc0U) == 0xc0 ? large.size() : (d >> 6U) * 100U;
    const pw::outgoing message(pw::format::bytes,
                               pw::as_bytes(std::string_view(large).substr(0, size)));
    callers.push_back(std::make_unique<caller>(*this));
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
void caller::on_message(const pw::incoming& message, bool last) {
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
  const std::size_t half = size - size / 4;
  source input(data, half);
  const source decisions(data + half, size - half);
  pw::limits bounds;
  const std::uint8_t choice = input.byte();
  bounds.max_message = (choice & 1U) != 0 ? 60'000 : 1'000'000;
  bounds.max_assembly = 100'000;
  if ((choice & 2U) != 0) bounds.call_credit = 5'000;
  if ((choice & 4U) != 0) bounds.connection_credit = 9'000;
  const std::size_t step = 1 + std::size_t{input.byte()} * input.byte();
  const std::vector<std::byte> bytes = peer_bytes(input);

  // A client holds what its callers send, at most 70,000 bytes each, and what comes for them.
  constexpr std::size_t most_held = std::size_t{4} << 20;
  constexpr std::size_t most_of_caller = 80'000;
  const std::size_t before = allocated();
  std::size_t most_output = 0;
  const auto look = [&](run& r) {
    for (const pw::bytes_view piece : r.session->output()) {
      most_output = std::max(most_output, piece.size());
    }
    require(allocated() < before + most_held + 2 * r.log.text().capacity() +
                              r.callers.size() * most_of_caller,
            "a session holds too much");
  };

  run whole(bounds, decisions);
  feed(*whole.session, bytes, std::size_t(-1), [&] { look(whole); });
  run cut(bounds, decisions);
  feed(*cut.session, bytes, step, [&] { look(cut); });
  // A full output makes messages wait, and how full it is depends a little on where reads end.
  if (most_output < (std::size_t{100} << 10)) {
    require(whole.log.text() == cut.log.text(), "another cut, other events");
    require(whole.session->finished() == cut.session->finished(), "another cut, another end");
    require(spoken(*whole.session) == spoken(*cut.session), "another cut, other answers");
  }

  // The same with a peer that reads, and time that passes.
  run moving(bounds, decisions);
  pw::time_point now(std::chrono::hours(1));
  feed(*moving.session, bytes, step * 16, [&] {
    look(moving);
    const auto pieces = moving.session->output();
    if (!pieces.empty()) moving.session->consume_output(1 + pieces[0].size() / 2);
    now += std::chrono::seconds(1);
    moving.session->at(now);
    if (moving.session->next_timer() <= now) {
      moving.session->on_timer();
      require(moving.session->next_timer() > now, "a timer rings forever");
    }
  });
  moving.session->lost(pw::status::unavailable("reset"));
  require(moving.session->calls() == 0, "calls outlive their connection");
  require(moving.session->finished(), "a connection outlives its end");
  return 0;
}
