// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../../../examples/users/users_service.hpp"

#include <polywire/gzip.hpp>
#include <polywire/http.hpp>
#include <polywire/server.hpp>
#include <polywire/testing/fault_proxy.hpp>

#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

// What a real browser is shown, and whom it talks to: browser_server <page.html> <page of the
// example>. The page makes the checks, and says here what became of each.

namespace pw = polywire;

struct Check {
  std::string name;
  std::string problem;  // empty: it passed
};
struct Numbers {
  std::string topic;
  int from = 0;
  int to = 0;
};
struct Text {
  std::string text;
};
struct Range {
  int to = 0;
};
/// What the page cannot know by itself.
struct State {
  int allowed = 0;  // a port where pages of the other one are allowed
  int proxied = 0;  // the same one, behind a proxy
  int echoes = 0;   // calls that a handler has seen
  int counts = 0;
  int left = 0;    // endless streams whose reader has gone
  int starts = 0;  // of the server
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Check, name, problem)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Numbers, topic, from, to)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Text, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Range, to)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(State, allowed, proxied, echoes, counts, left, starts)

namespace {

inline constexpr pw::unary<Check, Text> report{"browser.v1.Test/Report"};
inline constexpr pw::unary<Text, State> command{"browser.v1.Test/Command"};
inline constexpr pw::unary<Text, Text> echo{"browser.v1.Test/Echo", pw::no_side_effects};
inline constexpr pw::unary<Numbers, Text> publish{"browser.v1.Test/Publish"};
inline constexpr pw::server_streaming<Range, Range> count{"browser.v1.Test/Count",
                                                          pw::no_side_effects};
inline constexpr pw::server_streaming<Range, Range> endless{"browser.v1.Test/Endless",
                                                            pw::no_side_effects};
inline constexpr pw::topics<int> numbers{"browser.v1.numbers.*"};

/// What outlives a server, and what its threads tell the main one.
class test {
 public:
  void ask(std::string what) {
    const std::lock_guard lock(mutex_);
    asked_ = std::move(what);
    changed_.notify_one();
  }
  std::string wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !asked_.empty(); });
    return std::exchange(asked_, std::string());
  }

  std::atomic<int> echoes{0}, counts{0}, left{0}, starts{0}, checks{0}, failures{0};
  std::uint16_t main_port = 0, allowed_port = 0;
  std::unique_ptr<pw::testing::fault_proxy> proxy;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string asked_;
};

asio::awaitable<pw::status> count_up(test& t, const Range& range, pw::writer<Range>& out) {
  ++t.counts;
  for (Range next{1}; next.to <= range.to; ++next.to) {
    if (auto sent = co_await out.async_write(next); !sent) co_return sent;
  }
  co_return pw::status();
}

asio::awaitable<pw::status> count_for_ever(test& t, pw::writer<Range>& out) {
  class leaving {
   public:
    explicit leaving(test& of) : of_(of) {}
    leaving(const leaving&) = delete;
    leaving& operator=(const leaving&) = delete;
    ~leaving() { ++of_.left; }

   private:
    test& of_;
  };
  const leaving counted(t);
  asio::steady_timer pause(co_await asio::this_coro::executor);
  for (Range next{1};; ++next.to) {
    if (auto sent = co_await out.async_write(next); !sent) co_return sent;
    pause.expires_after(std::chrono::milliseconds(20));  // the pace of the load
    co_await pause.async_wait(asio::use_awaitable);
  }
}

pw::result<Text> echo_back(test& t, const Text& said, pw::server_context& context) {
  ++t.echoes;
  if (said.text == "fail") return pw::status::failed_precondition("you asked for it");
  if (const auto tenant = context.metadata().get("tenant")) {
    (void)context.add_initial("tenant", *tenant);
  }
  return Text{said.text};
}

State obey(test& t, const Text& wish) {
  if (wish.text == "cut" || wish.text == "mend") {
    t.proxy->refuse(wish.text == "cut");
    if (wish.text == "cut") t.proxy->reset_all();
  } else if (!wish.text.empty()) {
    t.ask(wish.text);
  }
  return State{t.allowed_port, t.proxy->port(), t.echoes, t.counts, t.left, t.starts};
}

Text note(test& t, const Check& check) {
  ++t.checks;
  if (!check.problem.empty()) ++t.failures;
  std::cout << (check.problem.empty() ? "passed  " : "FAILED  ") << check.name
            << (check.problem.empty() ? "" : ": ") << check.problem << std::endl;
  return {};
}

void serve(pw::server& server, test& t) {
  server.offer(numbers, pw::keep(1'000));
  server.handle(report, [&t](const Check& check) { return note(t, check); });
  server.handle(command, [&t](const Text& wish) { return obey(t, wish); });
  server.handle(echo, [&t](const Text& said, pw::server_context& context) {
    return echo_back(t, said, context);
  });
  server.handle(publish, [&server](const Numbers& what) -> pw::result<Text> {
    for (int i = what.from; i <= what.to; ++i) {
      if (auto told = server.publish(numbers, "browser.v1.numbers." + what.topic, i); !told) {
        return told;
      }
    }
    return Text();
  });
  server.handle(
      count, [&t](const Range& range, pw::writer<Range>& out) { return count_up(t, range, out); });
  server.handle(endless,
                [&t](const Range&, pw::writer<Range>& out) { return count_for_ever(t, out); });
}

/// Where the server listened last time, and what the URL says beside.
bool listen_at(pw::server& server, std::uint16_t& port, const std::string& keys = {}) {
  const auto endpoint = server.listen("http://127.0.0.1:" + std::to_string(port) + keys);
  if (!endpoint) std::cout << "FAILED  " << endpoint.status().to_string() << std::endl;
  if (endpoint) port = endpoint->port();
  return endpoint.has_value();
}

std::string content_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// One server after the other at the same ports, as the page wishes.
bool run(test& t, const char* page, const char* example,
         const asio::thread_pool::executor_type& ex) {
  for (std::string wish = "restart"; wish != "end";) {
    users_service users;
    auto server = std::make_unique<pw::server>();
    serve(*server, t);
    users.serve(*server);
    server->page("/", content_of(page));
    server->page("/example.html", content_of(example));
    server->page("/large.txt", std::string(std::size_t{4} << 20, 'x'), "text/plain");
    if (!listen_at(*server, t.main_port)) return false;
    const std::string origin = "http://127.0.0.1:" + std::to_string(t.main_port);
    if (!listen_at(*server, t.allowed_port, "?cors=" + origin)) return false;
    if (t.proxy) {
      t.proxy->refuse(false);
    } else {
      t.proxy = std::make_unique<pw::testing::fault_proxy>(ex, t.allowed_port);
      std::cout << "listening on " << origin << std::endl;
    }
    ++t.starts;
    std::thread running([s = server.get()] { s->run(); });
    wish = t.wait();
    if (wish == "kill") {  // nobody says goodbye
      t.proxy->refuse(true);
      t.proxy->reset_all();
      while (t.proxy->open() != 0) std::this_thread::yield();
      server.reset();
    } else {
      server->stop();
    }
    running.join();
  }
  return t.checks > 0 && t.failures == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: browser_server <page.html> <page of the example>\n";
    return 2;
  }
  asio::thread_pool network(1);
  test t;
  const bool good = run(t, argv[1], argv[2], network.get_executor());
  t.proxy.reset();
  network.join();
  std::cout << t.checks << " checks, " << t.failures << " failed" << std::endl;
  return good ? 0 : 1;
}
