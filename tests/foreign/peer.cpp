// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "note.pb.h"

#include <polywire/client.hpp>
#include <polywire/protobuf.hpp>
#include <polywire/server.hpp>
#include <polywire/tcp.hpp>

#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <future>
#include <iostream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Our side of run.sh. What the methods do is told in python/peer.py, and served by all peers alike.

using namespace std::chrono_literals;
using polywire::status_code;
using Note = polywire::test::Note;

namespace {

constexpr polywire::unary<Note, Note> echo{"foreign.v1.Peer/Echo"};
constexpr polywire::unary<Note, Note> fail{"foreign.v1.Peer/Fail"};
constexpr polywire::server_streaming<Note, Note> wait_for_ever{"foreign.v1.Peer/Wait"};
constexpr polywire::unary<Note, Note> idle{"foreign.v1.Peer/Idle"};
constexpr polywire::server_streaming<Note, Note> count{"foreign.v1.Peer/Count"};
constexpr polywire::client_streaming<Note, Note> sum{"foreign.v1.Peer/Sum"};
constexpr polywire::bidi_streaming<Note, Note> chat{"foreign.v1.Peer/Chat"};
constexpr polywire::unary<Note, Note> drain{"foreign.v1.Peer/Drain"};
// Only foreign peers serve these: they show what our library does not do.
constexpr polywire::unary<Note, Note> pings{"foreign.v1.Peer/Pings"};
constexpr polywire::server_streaming<Note, Note> strange{"foreign.v1.Peer/Strange"};
constexpr polywire::unary<Note, Note> break_connection{"foreign.v1.Peer/Break"};
constexpr polywire::unary<Note, Note> nothing{"foreign.v1.Peer/Nothing"};

constexpr polywire::topic<Note> events{"foreign.v1.events"};
constexpr polywire::topics<Note> rooms{"foreign.v1.rooms.*"};
constexpr polywire::topic<Note> closed{"foreign.v1.closed"};
constexpr polywire::topic<Note> no_topic{"foreign.v1.nothing"};

Note note(std::int64_t number, std::string text = {}) {
  Note made;
  made.set_number(number);
  made.set_text(std::move(text));
  return made;
}

// --- serving

/// How many Waits are running.
class waiting {
 public:
  polywire::status serve(const Note& request, polywire::writer<Note>& to,
                         polywire::server_context& context) {
    change(1);
    auto how = to.write(request);
    const std::stop_token given_up = context.stop_token();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, given_up, [] { return false; });
    lock.unlock();
    change(-1);
    return how.ok() ? polywire::status::cancelled("nobody waits any more") : how;
  }
  void until_idle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  void change(int by) {
    const std::lock_guard lock(mutex_);
    running_ += by;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  int running_ = 0;
};

polywire::result<Note> serve_echo(const Note& request, polywire::server_context& context) {
  if (const auto value = context.metadata().get("initial")) {
    if (auto added = context.add_initial("initial", *value); !added) return added;
  }
  if (const auto value = context.metadata().get("trailing-bin")) {
    if (auto added = context.add_trailing("trailing-bin", *value); !added) return added;
  }
  return request;
}

polywire::result<Note> serve_fail(const Note& request) {
  const polywire::payload detail(polywire::format::protobuf, request.SerializeAsString());
  return polywire::status(static_cast<status_code>(request.number()), request.text())
      .add_detail(polywire::status_detail("polywire.test.Note", detail));
}

polywire::status serve_count(const Note& request, polywire::writer<Note>& to) {
  for (std::int64_t number = 1; number <= request.number(); ++number) {
    if (auto how = to.write(note(number, request.text())); !how) return how;
  }
  return {};
}

Note serve_sum(polywire::reader<Note>& from) {
  std::int64_t total = 0;
  std::size_t bytes = 0;
  for (const auto& one : from) {
    total += one.number();
    bytes += one.text().size();
  }
  return note(total, std::to_string(bytes));
}

polywire::status serve_chat(polywire::reader<Note>& from, polywire::writer<Note>& to) {
  while (auto one = from.read()) {
    if (auto how = to.write(note(one->number(), "re: " + one->text())); !how) return how;
  }
  return {};
}

int serve() {
  asio::thread_pool pool(8);  // the handlers may block
  waiting waits;
  polywire::server server;
  server.handle(echo, serve_echo);
  server.handle(fail, serve_fail);
  server.handle(
      wait_for_ever,
      [&](const Note& request, polywire::writer<Note>& to, polywire::server_context& context) {
        return waits.serve(request, to, context);
      },
      polywire::on(pool));
  server.handle(
      idle,
      [&](const Note& request) {
        waits.until_idle();
        return request;
      },
      polywire::on(pool));
  server.handle(count, serve_count, polywire::on(pool));
  server.handle(sum, serve_sum, polywire::on(pool));
  server.handle(chat, serve_chat, polywire::on(pool));
  server.handle(drain, [&](const Note& request) {
    server.stop();
    return request;
  });
  server.offer(events, polywire::accept_publish().keep(8));
  server.offer(rooms, polywire::accept_publish().keep(8));
  server.offer(closed);
  // Small credits, so that they are felt; pings, so that peers have to answer some.
  const auto endpoint =
      server.listen("tcp://127.0.0.1:0?call_credit=64KiB&connection_credit=256KiB&ping=1s");
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << std::endl;
    return 1;
  }
  const std::string url = endpoint->url();
  std::cout << "listening on " << url.substr(url.find("//") + 2) << std::endl;
  server.run();
  pool.join();
  return 0;
}

// --- calling

void expect(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}
void expect_ok(const polywire::status& how) { expect(how.ok(), how.to_string()); }
template <class T>
T value_of(polywire::result<T> got) {
  expect_ok(got.status());
  return std::move(*got);
}
template <class T>
T value_of(std::optional<T> got) {
  expect(got.has_value(), "the stream has ended");
  return std::move(*got);
}
void expect_code(const polywire::status& how, status_code code) {
  expect(how.code() == code, how.to_string() + " instead of " + std::string(to_string(code)));
}
void expect_rejected(const polywire::status& how, status_code code) {
  expect_code(how, code);
  expect(how.reached() == polywire::outcome::rejected, "it was not rejected");
}
void expect_event(const polywire::event<Note>& event, std::int64_t number) {
  expect(event.message().number() == number,
         "event " + std::to_string(event.message().number()) + ", not " + std::to_string(number));
}

class caller {
 public:
  explicit caller(std::string_view address)
      : address_("tcp://" + std::string(address)), peer_(connect()) {}

  int run() {
    check("unary call", &caller::unary_call);
    check("unary with metadata", &caller::unary_with_metadata);
    check("status with details", &caller::status_with_details);
    check("method that is not served", &caller::method_not_served);
    check("large message", &caller::large_message);
    check("message above our limit", &caller::message_above_our_limit);
    check("message above the limit of the server", &caller::message_above_its_limit);
    check("server streaming", &caller::server_streaming);
    check("server streaming waits for credit", &caller::streaming_waits_for_credit);
    check("client streaming", &caller::client_streaming);
    check("client streaming above the credit", &caller::client_streaming_above_credit);
    check("bidi streaming", &caller::bidi_streaming);
    check("many calls at once", &caller::many_calls);
    check("deadline", &caller::deadline);
    check("cancel", &caller::cancel);
    check("pings in both directions", &caller::pings_both_ways);
    check("what is unknown is ignored", &caller::unknown_is_ignored);
    check("publish and subscribe", &caller::publish_and_subscribe);
    check("large event", &caller::large_event);
    check("topics that cannot be had", &caller::topics_not_to_be_had);
    check("history", &caller::history);
    check("patterns", &caller::patterns);
    check("resuming", &caller::resuming);
    check("resuming when the server has started anew", &caller::resuming_anew);
    check("subscription over a lost connection", &caller::lost_connection);
    check("slow subscriber loses the oldest", &caller::slow_subscriber);
    check("drain", &caller::drain_server);
    std::cout << passed_ << " of " << checks_ << " checks passed" << std::endl;
    return passed_ == checks_ ? 0 : 1;
  }

 private:
  polywire::client connect(const std::string& keys = {}) {
    polywire::limits bounds;
    bounds.reconnect_min = 20ms;
    return polywire::client(
        address_ + "?call_credit=64KiB&connection_credit=256KiB&max_message=2MiB&timeout=30s" +
            keys,
        polywire::client_options().limits(bounds));
  }

  void check(std::string_view name, void (caller::*what)()) {
    ++checks_;
    try {
      (this->*what)();
      ++passed_;
      std::cout << name << " ... ok" << std::endl;
    } catch (const std::exception& why) {
      std::cout << name << " ... FAILED: " << why.what() << std::endl;
    }
  }

  void unary_call() {
    expect(value_of(peer_.call(echo, note(7, "hello"))).text() == "hello", "another text");
    expect(value_of(peer_.call(echo, Note())).number() == 0, "another number");
  }

  void unary_with_metadata() {
    polywire::call_info info;
    const std::string binary("\x00\xff", 2);
    (void)value_of(peer_.call(echo, note(1),
                              polywire::with_metadata("initial", "ahead")
                                  .metadata("trailing-bin", binary)
                                  .capture(info)));
    expect(info.initial.count() == 1 && info.initial.get("initial") == "ahead", "initial metadata");
    expect(info.trailing.count() == 1 && info.trailing.get("trailing-bin") == binary,
           "trailing metadata");
  }

  void status_with_details() {
    const auto how = peer_.call(fail, note(5, "no such note")).status();
    expect_code(how, status_code::not_found);
    expect(how.message() == "no such note" && how.details().size() == 1, "message and details");
    const auto& detail = how.details().front();
    Note inside;
    expect(inside.ParseFromString(std::string(detail.value().str())), "the detail is no Note");
    expect(detail.type_name() == "polywire.test.Note" && inside.number() == 5, "another detail");
  }

  void method_not_served() {
    expect_rejected(peer_.call(nothing, Note()).status(), status_code::unimplemented);
  }

  void large_message() {
    const std::string text(std::size_t{1} << 20, 'x');
    expect(value_of(peer_.call(echo, note(1, text))).text() == text, "another text");
  }

  void message_above_our_limit() {
    // "re: " makes it larger than 2 MiB, which both sides take.
    auto talk = peer_.open(chat);
    expect_ok(talk.write(note(1, std::string((std::size_t{2} << 20) - 8, 'x'))));
    expect(!talk.read(), "it came");
    expect_code(talk.reader<Note>::status(), status_code::resource_exhausted);
    (void)value_of(peer_.call(echo, Note()));
  }

  void message_above_its_limit() {
    const auto how = peer_.call(echo, note(1, std::string(std::size_t{3} << 20, 'x'))).status();
    expect_code(how, status_code::resource_exhausted);
  }

  void server_streaming() {
    auto numbers = peer_.open(count, note(10, "n"));
    for (int number = 1; number <= 10; ++number) {
      expect(value_of(numbers.read()).number() == number, "another number");
    }
    expect(!numbers.read(), "one too many");
    expect_ok(numbers.status());
  }

  void streaming_waits_for_credit() {
    auto numbers = peer_.open(count, note(3000, std::string(1000, 'x')));
    expect(value_of(numbers.read()).number() == 1, "the first number");
    (void)value_of(peer_.call(echo, Note()));  // what waits is in nobody's way
    std::int64_t last = 1;
    for (const auto& one : numbers) expect(one.number() == ++last, "out of order");
    expect_ok(numbers.status());
    expect(last == 3000, "not all of them");
  }

  void client_streaming() {
    auto writer = peer_.open(sum);
    for (int number = 1; number <= 3; ++number) expect_ok(writer.write(note(number)));
    expect(value_of(writer.finish()).number() == 6, "another sum");
    expect(value_of(peer_.open(sum).finish()).number() == 0, "the sum of nothing");
  }

  void client_streaming_above_credit() {
    auto writer = peer_.open(sum);
    for (int i = 0; i < 3000; ++i) expect_ok(writer.write(note(1, std::string(1000, 'x'))));
    const auto total = value_of(writer.finish());
    expect(total.number() == 3000 && total.text() == "3000000", "another sum");
  }

  void bidi_streaming() {
    auto talk = peer_.open(chat);
    for (int number = 1; number <= 300; ++number) {
      expect_ok(talk.write(note(number, std::string(5000, 'x'))));
      const auto answer = value_of(talk.read());
      expect(answer.number() == number && answer.text().starts_with("re: "), "another answer");
    }
    expect_ok(talk.finish_writes());
    expect(!talk.read(), "one too many");
    expect_ok(talk.reader<Note>::status());
  }

  void many_calls() {
    std::vector<std::future<polywire::result<Note>>> replies;
    for (int number = 0; number < 300; ++number) {
      const Note request = note(number, std::string(10'000, 'x'));
      replies.push_back(peer_.async_call(echo, request, asio::use_future));
    }
    int number = 0;
    for (auto& reply : replies) {
      expect(value_of(reply.get()).number() == number++, "another answer");
    }
  }

  void deadline() {
    auto waits = peer_.open(wait_for_ever, Note(), polywire::timeout(200ms));
    while (waits.read()) {
    }
    expect_code(waits.status(), status_code::deadline_exceeded);
    (void)value_of(peer_.call(idle, Note()));
  }

  void cancel() {
    auto waits = peer_.open(wait_for_ever, Note());
    (void)value_of(waits.read());
    waits.cancel();
    expect(!waits.read(), "it goes on");
    expect_code(waits.status(), status_code::cancelled);
    (void)value_of(peer_.call(idle, Note()));
  }

  void pings_both_ways() {
    auto pinging = connect("&ping=300ms");  // two that are not answered end the connection
    (void)value_of(pinging.call(pings, note(4)));
  }

  void unknown_is_ignored() {
    auto answers = peer_.open(strange, note(3));
    expect(value_of(answers.read()).number() == 3, "another number");
    expect(!answers.read(), "one too many");
    expect_code(answers.status(), status_code::cancelled);
    expect(answers.status().message() == "strange", "another message");
  }

  void publish_and_subscribe() {
    auto subscription = peer_.subscribe(events);
    expect_ok(peer_.publish(events, note(1), polywire::key("k")));
    const auto first = value_of(subscription.read());
    expect_event(first, 1);
    expect(first.key() == "k" && first.lost_before().none(), "another key, or a loss");
    expect(first.topic() == events.name(), "another topic");
    expect_ok(peer_.publish(events, note(2)));
    const auto second = value_of(subscription.read());
    expect_event(second, 2);
    expect(second.id().offset() > first.id().offset(), "the offset does not grow");
  }

  void large_event() {
    auto subscription = peer_.subscribe(events);
    expect_ok(peer_.publish(events, note(3, std::string(300'000, 'x'))));
    expect(value_of(subscription.read()).message().text().size() == 300'000, "another size");
  }

  void topics_not_to_be_had() {
    expect_rejected(peer_.publish(no_topic, Note()), status_code::not_found);
    expect_rejected(peer_.publish(closed, Note()), status_code::permission_denied);
    expect_rejected(peer_.subscribe(no_topic).status(), status_code::not_found);
    const auto blocking = polywire::from_now().overflow(polywire::overflow::block);
    expect_rejected(peer_.subscribe(events, blocking).status(), status_code::permission_denied);
  }

  void history() {
    expect_ok(peer_.publish(events, note(4)));
    auto all = peer_.subscribe(events, polywire::from_earliest());
    for (int number = 1; number <= 4; ++number) expect_event(value_of(all.read()), number);
    auto some = peer_.subscribe(events, polywire::from_last(2));
    for (int number = 3; number <= 4; ++number) expect_event(value_of(some.read()), number);
  }

  void patterns() {
    auto all = peer_.subscribe(rooms);
    const std::vector<std::string> names{"foreign.v1.rooms.blue", "foreign.v1.rooms.red",
                                         "foreign.v1.rooms.blue"};
    std::int64_t number = 0;
    for (const auto& name : names) expect_ok(peer_.publish(rooms, name, note(++number)));
    expect_ok(peer_.publish(events, note(5)));
    number = 0;
    for (const auto& name : names) {
      const auto event = value_of(all.read());
      expect_event(event, ++number);
      expect(event.topic() == name, "topic " + event.topic());
    }
  }

  /// The server keeps 8 events: of 10 that were missed some are lost.
  void resuming() {
    auto first = peer_.subscribe(events, polywire::from_last(1));
    const auto last = value_of(first.read());
    expect_event(last, 5);
    first.cancel();
    expect_ok(peer_.publish(events, note(6)));
    auto second = peer_.subscribe(events, polywire::from_after(last.id()));
    const auto next = value_of(second.read());
    expect_event(next, 6);
    expect(next.lost_before().none(), "a loss");
    second.cancel();
    for (int number = 7; number <= 16; ++number) expect_ok(peer_.publish(events, note(number)));
    auto third = peer_.subscribe(events, polywire::from_after(next.id()));
    const auto kept = value_of(third.read());
    expect_event(kept, 9);
    expect(kept.lost_before().how() == polywire::loss::kind::at_least, "another kind of loss");
    const auto count_lost = kept.lost_before().count();
    expect(count_lost >= 1 && count_lost <= 2, "lost " + std::to_string(count_lost));
    expect_event(value_of(third.read()), 10);
  }

  void resuming_anew() {
    auto subscription = peer_.subscribe(events, polywire::from_after(polywire::event_id(1, 3)));
    const auto first = value_of(subscription.read());
    expect_event(first, 9);
    expect(first.lost_before().how() == polywire::loss::kind::unknown, "another kind of loss");
    expect(value_of(subscription.read()).lost_before().none(), "a second loss");
  }

  /// Our client resumes by itself, and learns how many it has lost: the server keeps 8.
  void lost_connection() {
    auto other = connect();
    auto subscription = other.subscribe(events);
    expect_ok(peer_.publish(events, note(20)));
    expect_event(value_of(subscription.read()), 20);
    const auto how = other.call(break_connection, note(21)).status();
    expect_code(how, status_code::unavailable);
    expect(how.reached() == polywire::outcome::maybe_processed, "another outcome");
    expect(expect_all(subscription, 20, 40) == 12, "another loss");
  }

  void slow_subscriber() {
    auto subscription = peer_.subscribe(events);
    for (int number = 100; number < 500; ++number) {
      expect_ok(peer_.publish(events, note(number, std::string(1000, 'x'))));
    }
    expect(expect_all(subscription, 99, 499) > 0, "nothing was lost");
  }

  /// All events up to the last one come, or are told to be lost; how many were.
  static std::int64_t expect_all(polywire::subscription<Note>& from, std::int64_t before,
                                 std::int64_t last) {
    std::int64_t all_lost = 0;
    while (before < last) {
      const auto event = value_of(from.read());
      const auto lost = static_cast<std::int64_t>(event.lost_before().count());
      expect_event(event, before + lost + 1);
      expect(event.lost_before().how() == polywire::loss::kind::exact, "another kind of loss");
      before = event.message().number();
      all_lost += lost;
    }
    return all_lost;
  }

  void drain_server() {
    auto talk = peer_.open(chat);
    expect_ok(talk.write(note(1)));
    (void)value_of(talk.read());
    (void)value_of(peer_.call(drain, Note()));
    expect_code(peer_.call(echo, Note()).status(), status_code::unavailable);
    expect_ok(talk.write(note(2)));
    expect(value_of(talk.read()).number() == 2, "another number");
    expect_ok(talk.finish_writes());
    expect(!talk.read(), "one too many");
    expect_ok(talk.reader<Note>::status());
  }

  std::string address_;
  polywire::client peer_;
  int checks_ = 0;
  int passed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "serve" && argc == 2) return serve();
  if (role == "call" && argc == 3) return caller(argv[2]).run();
  std::cerr << "usage: peer serve | peer call HOST:PORT" << std::endl;
  return 2;
}
