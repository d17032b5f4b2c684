// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/interceptor/interceptor.hpp"

#include "polywire/client.hpp"
#include "polywire/inproc.hpp"
#include "polywire/loopback.hpp"
#include "polywire/server.hpp"
#include "polywire/testing/manual_clock.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <asio/co_spawn.hpp>
#include <asio/this_coro.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace interceptors_test {

namespace pw = polywire;
using pw::outcome;
using pw::result;
using pw::status;
using pw::status_code;
using pw::text;
using test::drain;
using test::run_until;
using namespace std::chrono_literals;

namespace {

inline constexpr pw::unary<text, text> echo{"test.v1.Test/Echo"};
inline constexpr pw::server_streaming<text, text> download{"test.v1.Test/Download"};
inline constexpr pw::client_streaming<text, text> upload{"test.v1.Test/Upload"};

using lines = std::vector<std::string>;

/// Writes down what it is told, and says what it was made to say.
class noted {
 public:
  noted(std::string name, lines& into, status says = {})
      : name_(std::move(name)), into_(&into), says_(std::move(says)) {}

  status on_start(pw::call_context& context) {
    into_->push_back(name_ + " starts " + std::string(context.method()));
    return says_;
  }
  void on_end(pw::call_context&, const status& how, pw::duration took) {
    CHECK(took >= pw::duration::zero());
    into_->push_back(name_ + " ends " + std::string(to_string(how.code())));
  }

 private:
  std::string name_;
  lines* into_;
  status says_;
};

using door_type = asio::steady_timer*;

/// Waits until its door opens: the timer is cancelled.
class slow {
 public:
  slow(door_type& door, lines& into, status says = {})
      : door_(&door), into_(&into), says_(std::move(says)) {}

  asio::awaitable<status> on_start(pw::call_context&) {
    into_->push_back("slow starts");
    try {
      co_await (*door_)->async_wait(asio::use_awaitable);
    } catch (const std::exception&) {
    }
    const bool cancelled =
        (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
    into_->push_back(cancelled ? "slow was cancelled" : "slow is done");
    co_return says_;
  }
  void on_end(pw::call_context&, const status& how, pw::duration) {
    into_->push_back("slow ends " + std::string(to_string(how.code())));
  }

 private:
  door_type* door_;
  lines* into_;
  status says_;
};

/// A server and a client on one context.
class world {
 public:
  explicit world(const pw::server_options& serving = {}, const pw::client_options& calling = {},
                 const std::string& url = "loopback://interceptors")
      : server(context.get_executor(), serving) {
    server.handle(echo, [this](const text& request) {
      ++handled;
      return request;
    });
    server.handle(download,
                  [](const text& request, pw::writer<text>& out) -> asio::awaitable<status> {
                    for (int i = 0; i < 3; ++i) {
                      if (auto sent = co_await out.async_write(request); !sent) co_return sent;
                    }
                    co_return status();
                  });
    server.handle(upload, [this](pw::reader<text>& in) -> asio::awaitable<result<text>> {
      ++handled;
      std::string all;
      while (auto part = co_await in.async_read()) all += part->str();
      co_return text(all);
    });
    client.emplace(context.get_executor(), server.listen(url).value().url(), calling);
  }
  door_type door() { return &door_; }
  /// Starts a call whose answer is to come.
  std::shared_ptr<std::optional<result<text>>> start(pw::call_options options = {},
                                                     const std::string& what = "hello") {
    auto answer = std::make_shared<std::optional<result<text>>>();
    client->async_call(echo, text(what), std::move(options),
                       [answer](result<text> r) { *answer = std::move(r); });
    return answer;
  }
  result<text> call(pw::call_options options = {}, const std::string& what = "hello") {
    const auto answer = start(std::move(options), what);
    if (!run_until(context, [&] { return answer->has_value(); }))
      return status::aborted("too long");
    return **answer;
  }

  asio::io_context context;
  pw::server server;
  std::optional<pw::client> client;
  int handled = 0;

 private:
  asio::steady_timer door_{context, asio::steady_timer::time_point::max()};
};

class user_name {
 public:
  std::string name;
};

}  // namespace

TEST_CASE("interceptors start in their order and end in the reverse one, on both sides") {
  lines server;
  lines client;
  world w(pw::server_options().intercept(noted("a", server)).intercept(noted("b", server)),
          pw::client_options().intercept(noted("c", client)).intercept(noted("d", client)));
  CHECK(w.call());
  const std::string name = "test.v1.Test/Echo";
  CHECK(server == lines{"a starts " + name, "b starts " + name, "b ends ok", "a ends ok"});
  CHECK(client == lines{"c starts " + name, "d starts " + name, "d ends ok", "c ends ok"});
}

TEST_CASE("a call that a server's interceptor rejects has no handler, and is not even decoded") {
  lines seen;
  world w(pw::server_options()
              .intercept(noted("a", seen))
              .intercept(noted("b", seen, status::permission_denied("not you")))
              .intercept(noted("c", seen)));
  const auto answer = w.call();
  CHECK(answer.status() == status::permission_denied("not you"));
  CHECK(answer.status().reached() == outcome::rejected);
  CHECK(w.handled == 0);
  CHECK(seen == lines{"a starts test.v1.Test/Echo", "b starts test.v1.Test/Echo",
                      "a ends permission_denied"});

  // Bytes that are no text would be invalid_argument.
  std::optional<result<pw::payload>> raw;
  const pw::payload bad(pw::format::text, "\xff");
  w.client->async_call_raw("test.v1.Test/Echo", bad,
                           [&](result<pw::payload> r) { raw = std::move(r); });
  REQUIRE(run_until(w.context, [&] { return raw.has_value(); }));
  CHECK(raw->status().code() == status_code::permission_denied);
}

TEST_CASE("a call that a client's interceptor rejects is not sent, unless it says otherwise") {
  lines seen;
  lines server;
  world w(pw::server_options().intercept(noted("s", server)),
          pw::client_options()
              .intercept(noted("a", seen))
              .intercept(noted("b", seen, status::failed_precondition("no"))));
  const auto answer = w.call();
  CHECK(answer.status() == status::failed_precondition("no"));
  CHECK(answer.status().reached() == outcome::not_sent);
  CHECK(seen == lines{"a starts test.v1.Test/Echo", "b starts test.v1.Test/Echo",
                      "a ends failed_precondition"});
  CHECK(server.empty());

  world other({},
              pw::client_options().intercept(
                  noted("b", seen, status(status_code::unavailable, "no", outcome::rejected))),
              "loopback://others");
  CHECK(other.call().status().reached() == outcome::rejected);
}

TEST_CASE("values that a server's interceptor sets reach the handler and the end") {
  class names {
   public:
    status on_start(pw::server_context& context) {
      context.set(user_name{"Ada"});
      context.set(7);
      context.set(8);
      return context.add_trailing("seen", "yes");
    }
    void on_end(pw::server_context& context, const status&, pw::duration) {
      CHECK(context.get<user_name>()->name == "Ada, handled");
    }
  };
  asio::io_context context;
  pw::server server(context.get_executor(), pw::server_options().intercept(names()));
  server.handle(echo, [](const text&, pw::server_context& c) {
    CHECK(c.side() == pw::call_side::server);
    CHECK(c.type() == pw::call_type::unary);
    CHECK(c.get<double>() == nullptr);
    CHECK(*c.get<int>() == 8);
    c.get<user_name>()->name += ", handled";
    return text(c.get<user_name>()->name);
  });
  pw::client client(context.get_executor(), server.listen("inproc://values").value().url());
  std::optional<result<text>> answer;
  pw::call_info info;
  client.async_call(echo, text(""), pw::call_options().capture(info),
                    [&](result<text> r) { answer = std::move(r); });
  REQUIRE(run_until(context, [&] { return answer.has_value(); }));
  CHECK(answer->value().str() == "Ada, handled");
  CHECK(info.trailing.get("seen") == "yes");
}

TEST_CASE("what a client's interceptor adds to the metadata is sent") {
  class adds {
   public:
    status on_start(pw::client_context& call) {
      CHECK(call.side() == pw::call_side::client);
      CHECK(call.peer() == "loopback://interceptors");
      CHECK(call.metadata().get("a") == "1");
      CHECK(call.add_metadata("reserved prefix", "x").code() == status_code::invalid_argument);
      if (auto done = call.replace_metadata("A", "2"); !done) return done;
      return call.add_metadata("b", "3");
    }
  };
  class reads {
   public:
    explicit reads(std::string& into) : into_(&into) {}
    status on_start(pw::server_context& call) {
      for (const auto& [key, value] : call.metadata()) *into_ += key + "=" + value + " ";
      return {};
    }

   private:
    std::string* into_;
  };
  std::string seen;
  world w(pw::server_options().intercept(reads(seen)), pw::client_options().intercept(adds()));
  CHECK(w.call(pw::with_metadata("a", "1").metadata("c", "4").metadata("a", "5")));
  CHECK(seen == "a=2 c=4 b=3 ");
}

TEST_CASE("what an interceptor throws rejects the call without its text, and is logged") {
  class throws {
   public:
    status on_start(pw::call_context&) { throw std::runtime_error("secret"); }
  };
  class throws_later {
   public:
    asio::awaitable<status> on_start(pw::call_context&) {
      throw std::runtime_error("secret");
      co_return status();
    }
  };
  class throws_at_end {
   public:
    status on_start(pw::call_context&) { return {}; }
    void on_end(pw::call_context&, const status&, pw::duration) {
      throw std::runtime_error("secret");
    }
  };
  lines logged;
  const auto log = [&](pw::log_level, std::string_view m) { logged.emplace_back(m); };
  {
    world w(pw::server_options().log(log).intercept(throws()));
    CHECK(w.call().status() == status::internal("an interceptor failed"));
  }
  {
    world w({}, pw::client_options().log(log).intercept(throws_later()));
    const auto answer = w.call();
    CHECK(answer.status() == status::internal("an interceptor failed"));
    CHECK(answer.status().reached() == outcome::not_sent);
  }
  {
    world w(pw::server_options().log(log).intercept(throws_at_end()),
            pw::client_options().log(log).intercept(throws_at_end()));
    CHECK(w.call());
  }
  CHECK(logged == lines(4, "an interceptor of test.v1.Test/Echo threw: secret"));
}

TEST_CASE("while a server's interceptor is awaited the messages wait, and then come in order") {
  const std::string url = GENERATE("loopback://interceptors", "inproc://interceptors");
  lines seen;
  door_type door = nullptr;
  world w(pw::server_options()
              .intercept(noted("a", seen))
              .intercept(slow(door, seen))
              .intercept(noted("b", seen)),
          {}, url);
  door = w.door();
  auto out = w.client->open(upload);
  std::optional<result<text>> answer;
  int written = 0;
  for (const char* part : {"one", "two", "three"}) {
    const text message(part);
    const int before = written;
    out.async_write(message, [&](status how) { written += how.ok() ? 1 : 0; });
    REQUIRE(run_until(w.context, [&] { return written > before; }));
  }
  out.async_finish([&](result<text> r) { answer = std::move(r); });
  REQUIRE(run_until(w.context, [&] { return seen.size() == 2; }));
  drain(w.context);
  CHECK(w.handled == 0);
  CHECK(seen == lines{"a starts test.v1.Test/Upload", "slow starts"});
  door->cancel();
  REQUIRE(run_until(w.context, [&] { return answer.has_value(); }));
  CHECK(answer->value().str() == "onetwothree");
  CHECK(w.handled == 1);
  CHECK(seen == lines{"a starts test.v1.Test/Upload", "slow starts", "slow is done",
                      "b starts test.v1.Test/Upload", "b ends ok", "slow ends ok", "a ends ok"});
}

TEST_CASE("an interceptor that was awaited and rejects says so with the outcome rejected") {
  const std::string url = GENERATE("loopback://interceptors", "inproc://interceptors");
  lines seen;
  door_type door = nullptr;
  world w(pw::server_options()
              .intercept(noted("a", seen))
              .intercept(slow(door, seen, status::unauthenticated("who?"))),
          {}, url);
  door = w.door();
  const auto answer = w.start();
  REQUIRE(run_until(w.context, [&] { return seen.size() == 2; }));
  door->cancel();
  REQUIRE(run_until(w.context, [&] { return answer->has_value(); }));
  CHECK((*answer)->status() == status::unauthenticated("who?"));
  CHECK((*answer)->status().reached() == outcome::rejected);
  CHECK(w.handled == 0);
  CHECK(seen == lines{"a starts test.v1.Test/Echo", "slow starts", "slow is done",
                      "a ends unauthenticated"});
}

TEST_CASE("a call ends while a server's interceptor is awaited: by cancellation or deadline") {
  pw::testing::manual_clock clock;
  pw::limits timeless;
  timeless.ping_interval = std::chrono::hours(100);
  lines seen;
  door_type door = nullptr;
  world w(pw::server_options()
              .clock(clock)
              .limits(timeless)
              .intercept(noted("a", seen))
              .intercept(slow(door, seen)),
          pw::client_options().clock(clock).limits(timeless));
  door = w.door();
  std::stop_source stop;
  const bool cancels = GENERATE(true, false);
  const auto answer =
      w.start(cancels ? pw::call_options().stop_on(stop.get_token()) : pw::timeout(10s));
  REQUIRE(run_until(w.context, [&] { return seen.size() == 2; }));
  if (cancels) {
    stop.request_stop();
  } else {
    clock.advance(11s);
  }
  REQUIRE(run_until(w.context, [&] { return answer->has_value() && seen.size() == 5; }));
  const std::string code = cancels ? "cancelled" : "deadline_exceeded";
  CHECK(to_string((*answer)->status().code()) == code);
  // It had accepted when it heard of the cancellation, and is told of the end all the same.
  CHECK(seen == lines{"a starts test.v1.Test/Echo", "slow starts", "a ends " + code,
                      "slow was cancelled", "slow ends " + code});
  CHECK(w.handled == 0);
}

TEST_CASE("a call ends while a client's interceptor is awaited, and nothing was sent") {
  pw::testing::manual_clock clock;
  lines seen;
  lines server;
  door_type door = nullptr;
  world w(
      pw::server_options().intercept(noted("s", server)),
      pw::client_options().clock(clock).intercept(noted("a", seen)).intercept(slow(door, seen)));
  door = w.door();
  std::stop_source stop;
  const bool cancels = GENERATE(true, false);
  const auto answer =
      w.start(cancels ? pw::call_options().stop_on(stop.get_token()) : pw::timeout(10s));
  REQUIRE(run_until(w.context, [&] { return seen.size() == 2; }));
  if (cancels) {
    stop.request_stop();
  } else {
    clock.advance(11s);
  }
  REQUIRE(run_until(w.context, [&] { return answer->has_value() && seen.size() == 5; }));
  const std::string code = cancels ? "cancelled" : "deadline_exceeded";
  CHECK(to_string((*answer)->status().code()) == code);
  CHECK((*answer)->status().reached() == outcome::not_sent);
  CHECK(seen == lines{"a starts test.v1.Test/Echo", "slow starts", "a ends " + code,
                      "slow was cancelled", "slow ends " + code});
  CHECK(server.empty());
}

TEST_CASE("a client's interceptor that is awaited lets the call go on") {
  lines seen;
  door_type door = nullptr;
  world w({}, pw::client_options().intercept(slow(door, seen)).intercept(noted("b", seen)));
  door = w.door();
  const auto answer = w.start();
  REQUIRE(run_until(w.context, [&] { return seen.size() == 1; }));
  drain(w.context);
  CHECK(w.handled == 0);
  door->cancel();
  REQUIRE(run_until(w.context, [&] { return answer->has_value(); }));
  CHECK((*answer)->value().str() == "hello");
  CHECK(seen == lines{"slow starts", "slow is done", "b starts test.v1.Test/Echo", "b ends ok",
                      "slow ends ok"});
}

TEST_CASE("the end of a stream is told when its status is known") {
  lines server;
  lines client;
  world w(pw::server_options().intercept(noted("s", server)),
          pw::client_options().intercept(noted("c", client)));
  auto in = w.client->open(download, "x");
  int messages = 0;
  bool over = false;
  const auto read_all = [&]() -> asio::awaitable<void> {
    while (co_await in.async_read()) ++messages;
    over = true;
  };
  asio::co_spawn(w.context, read_all(), [](std::exception_ptr) {});
  REQUIRE(run_until(w.context, [&] { return over; }));
  CHECK(messages == 3);
  CHECK(client == lines{"c starts test.v1.Test/Download", "c ends ok"});
  CHECK(server == lines{"s starts test.v1.Test/Download", "s ends ok"});
}

TEST_CASE("interceptors are told of the end when client or server is destroyed under a call") {
  lines server;
  lines client;
  door_type door = nullptr;
  SECTION("the client") {
    world w(pw::server_options().intercept(slow(door, server)),
            pw::client_options().intercept(noted("c", client)));
    door = w.door();
    const auto answer = w.start();
    REQUIRE(run_until(w.context, [&] { return server.size() == 1; }));
    w.client.reset();
    REQUIRE(run_until(w.context, [&] { return client.size() == 2; }));
    CHECK(client == lines{"c starts test.v1.Test/Echo", "c ends cancelled"});
    REQUIRE(run_until(w.context, [&] { return server.size() == 3; }));
    CHECK((*answer)->status().code() == status_code::cancelled);
    CHECK(client.size() == 2);
  }
  SECTION("the execution context") {
    auto w = std::make_unique<world>(
        pw::server_options().intercept(noted("s", server)).intercept(slow(door, server)),
        pw::client_options().intercept(noted("c", client)));
    door = w->door();
    const auto answer = w->start();
    REQUIRE(run_until(w->context, [&] { return server.size() == 2; }));
    w.reset();
    CHECK_FALSE(answer->has_value());
    CHECK(client == lines{"c starts test.v1.Test/Echo", "c ends cancelled"});
    CHECK(server.size() == 3);
    CHECK(server.back().starts_with("s ends"));
  }
}

TEST_CASE("an interceptor's code may call on, and may destroy the client") {
  class destroys {
   public:
    explicit destroys(std::optional<pw::client>& victim) : victim_(&victim) {}
    status on_start(pw::client_context&) { return {}; }
    void on_end(pw::client_context&, const status&, pw::duration) { victim_->reset(); }

   private:
    std::optional<pw::client>* victim_;
  };
  lines seen;
  std::optional<pw::client> victim;
  world w;
  victim.emplace(w.context.get_executor(), "loopback://interceptors",
                 pw::client_options().intercept(noted("c", seen)).intercept(destroys(victim)));
  std::vector<status_code> ended;
  for (int i = 0; i < 3; ++i) {
    victim->async_call(echo, text("x"),
                       [&](result<text> r) { ended.push_back(r.status().code()); });
  }
  REQUIRE(run_until(w.context, [&] { return ended.size() == 3; }));
  CHECK_FALSE(victim);
  CHECK(seen.size() == 6);
}

TEST_CASE("a client on a thread of its own tells of the ends before it is gone") {
  class counts {
   public:
    status on_start(pw::call_context&) { return ++started, status(); }
    void on_end(pw::call_context&, const status&, pw::duration) { ++ended; }
    std::atomic<int> started = 0;
    int ended = 0;  // read when the client is gone
  };
  pw::server server;
  server.handle(download, [](const text&, pw::writer<text>&) -> asio::awaitable<status> {
    asio::steady_timer never(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
    co_return status();
  });
  const std::string url = server.listen("inproc://own-thread").value().url();
  std::thread runs([&] { server.run(); });
  const auto mine = std::make_shared<counts>();  // shared: the test looks at it
  std::optional<pw::client> client(std::in_place, url, pw::client_options().intercept(mine));
  std::vector<pw::reader<text>> open;
  for (int i = 0; i < 10; ++i) open.push_back(client->open(download, "x"));
  client.reset();
  CHECK(mine->started == mine->ended);
  CHECK(mine->ended == 10);
  for (auto& one : open) CHECK_FALSE(one.read());
  server.stop();
  runs.join();
}

TEST_CASE("publishing and subscribing pass through interceptors too") {
  static constexpr pw::topic<text> news{"test.v1.news"};
  const std::string url = GENERATE("loopback://topics", "inproc://topics");
  lines server_lines;
  lines client_lines;
  asio::io_context context;
  pw::server server(context.get_executor(),
                    pw::server_options().intercept(noted("s", server_lines)));
  server.offer(news, pw::accept_publish());
  pw::client client(context.get_executor(), server.listen(url).value().url(),
                    pw::client_options().intercept(noted("c", client_lines)));
  pw::subscription<text> events;
  bool subscribed = false;
  client.async_subscribe(news, [&](pw::subscription<text> made) {
    events = std::move(made);
    subscribed = true;
  });
  REQUIRE(run_until(context, [&] { return subscribed; }));
  CHECK(client_lines == lines{"c starts test.v1.news"});
  CHECK(server_lines == lines{"s starts test.v1.news"});
  std::optional<status> published;
  client.async_publish(news, text("x"), [&](status how) { published = std::move(how); });
  REQUIRE(run_until(context, [&] { return published.has_value(); }));
  CHECK(published->ok());
  CHECK(client_lines == lines{"c starts test.v1.news", "c starts test.v1.news", "c ends ok"});
  CHECK(server_lines == lines{"s starts test.v1.news", "s starts test.v1.news", "s ends ok"});
  events.cancel();
  REQUIRE(run_until(context, [&] { return server_lines.size() == 4; }));
  CHECK(client_lines.back() == "c ends cancelled");
  CHECK(server_lines.back() == "s ends cancelled");
}

TEST_CASE("a subscription that an interceptor rejects is not made") {
  static constexpr pw::topic<text> news{"test.v1.news"};
  lines seen;
  asio::io_context context;
  pw::server server(context.get_executor(), pw::server_options().intercept(noted(
                                                "s", seen, status::permission_denied("not you"))));
  server.offer(news, pw::accept_publish());
  pw::client client(context.get_executor(), server.listen("loopback://topics").value().url());
  pw::subscription<text> events;
  bool done = false;
  client.async_subscribe(news, [&](pw::subscription<text> made) {
    events = std::move(made);
    done = true;
  });
  REQUIRE(run_until(context, [&] { return done; }));
  CHECK_FALSE(events);
  CHECK(events.status() == status::permission_denied("not you"));
  std::optional<status> published;
  client.async_publish(news, text("x"), [&](status how) { published = std::move(how); });
  REQUIRE(run_until(context, [&] { return published.has_value(); }));
  CHECK(*published == status::permission_denied("not you"));
  CHECK(published->reached() == outcome::rejected);
  CHECK(server.stats().events_published == 0);
}

}  // namespace interceptors_test
