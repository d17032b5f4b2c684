// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Row 23: ten thousand idle connections and a hundred busy ones. The server is a process of its
// own, because of the descriptors and so that its memory can be told.
//
//     faults_ten_thousand tcp|tls [connections]
//
// To be built without sanitizers, which need memory of their own.
#include "faults/support.hpp"
#include "support/certificates.hpp"

#include "polywire/client.hpp"
#include "polywire/io/tcp_transport.hpp"
#include "polywire/io/tls_transport.hpp"
#include "polywire/server.hpp"
#include "polywire/tcp.hpp"
#include "polywire/tls.hpp"
#include "polywire/wire/frame/encode.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

namespace pw = polywire;
using faults::steady;
using namespace std::chrono_literals;

constexpr pw::unary<pw::text, pw::text> echo{"faults.v1.Peer/Echo"};
constexpr pw::unary<pw::text, pw::text> usage{"faults.v1.Peer/Usage"};

constexpr std::size_t busy = 100;

/// In the other process: serves until something comes from the pipe.
void serve(int from, int to, const test::identity& own) {
  pw::limits bounds;
  bounds.max_connections = 20'000;
  // However slow this machine is.
  bounds.handshake_timeout = bounds.ping_interval = 10min;
  pw::server_options options;
  options.limits(bounds).tls(pw::tls_options().cert(own.cert).key(own.key));
  options.log([](pw::log_level, std::string_view line) {
    std::fprintf(stderr, "server: %.*s\n", static_cast<int>(line.size()), line.data());
  });
  pw::server server(options);
  server.handle(echo, [](const pw::text& request) { return request; });
  server.handle(usage, [&](const pw::text&) {
    return pw::text(std::to_string(faults::resident()) + " " +
                    std::to_string(server.stats().connections) + " " +
                    std::to_string(faults::processor_time().count()));
  });
  const std::uint16_t ports[] = {server.listen("tcp://127.0.0.1:0").value().port(),
                                 server.listen("tls://127.0.0.1:0").value().port()};
  if (::write(to, ports, sizeof ports) != sizeof ports) std::_Exit(2);
  std::thread stopper([&] {
    char byte = 0;
    if (::read(from, &byte, 1) >= 0) server.stop();
  });
  server.run();
  stopper.join();
  std::_Exit(0);
}

class server_process {
 public:
  explicit server_process(const test::identity& own) {
    int out[2];
    int in[2];
    faults::check_system(::pipe2(out, O_CLOEXEC), "pipe");
    faults::check_system(::pipe2(in, O_CLOEXEC), "pipe");
    process_ = ::fork();  // there is no thread yet
    faults::check_system(process_, "fork");
    if (process_ == 0) {
      ::close(in[1]);  // or this process would never see its end
      serve(in[0], out[1], own);
    }
    input_ = pw::testing::descriptor(in[1]);
    ::close(in[0]);
    ::close(out[1]);
    const pw::testing::descriptor from(out[0]);
    if (::read(from.get(), ports_, sizeof ports_) != sizeof ports_) {
      throw std::runtime_error("the server did not start");
    }
  }
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  ~server_process() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  std::string url(const std::string& scheme) const {
    return scheme + "://127.0.0.1:" + std::to_string(ports_[scheme == "tls" ? 1 : 0]);
  }
  void stop() { input_ = {}; }
  /// Its exit code, once it is there.
  std::optional<int> ended() {
    int how = 0;
    if (::waitpid(process_, &how, WNOHANG) == 0) return std::nullopt;
    process_ = 0;
    return how;
  }

 private:
  pid_t process_ = 0;
  pw::testing::descriptor input_;
  std::uint16_t ports_[2] = {};
};

/// A connection that makes one call, and then does nothing. Less than a client of ours, so that ten
/// thousand of them are no burden.
class idler final : public pw::io::stream_user, public std::enable_shared_from_this<idler> {
 public:
  enum class state { connecting, asking, idle, closed };

  void connect(const pw::io::transport& transport, const pw::io::executor& ex, const pw::url& to) {
    connecting_ = transport.connect(
        ex, to, 0,
        [self = shared_from_this()](pw::result<std::unique_ptr<pw::io::byte_stream>> made) {
          if (!made) {
            std::fprintf(stderr, "%s\n", made.status().to_string().c_str());
            self->now = state::closed;
            return;
          }
          self->stream_ = std::move(*made);
          self->ask();
        });
  }
  void close() {
    if (stream_) stream_->close();
  }
  state now = state::connecting;

 private:
  static constexpr std::string_view marker = "a call of its own";

  void ask() {
    pw::buffer out;
    out.append(pw::wire::frame::preface);
    pw::wire::frame::frame hello;
    hello.has_hello = true;
    pw::wire::frame::encode(out, hello);
    pw::wire::frame::frame call;
    call.call = 1;
    call.flags = pw::wire::frame::flag_last;
    call.name = echo.name();
    call.encoding = pw::format::text;
    call.has_payload = true;
    call.payload = pw::as_bytes(marker);
    pw::wire::frame::encode(out, call);
    const pw::bytes_view view = out.view();
    pw::io::error_code error;
    if (stream_->write_some({&view, 1}, error) != view.size()) return fail();
    now = state::asking;
    stream_->wait_readable(shared_from_this());
  }
  void on_readable(pw::io::error_code error) override {
    std::byte bytes[1000];
    while (!error) {
      const std::size_t n = stream_->read_some(bytes, error);
      if (now == state::asking) heard_.append(reinterpret_cast<const char*>(bytes), n);
    }
    if (error != asio::error::would_block) return fail();
    if (now == state::asking && heard_.find(marker) != std::string::npos) {
      now = state::idle;
      std::string().swap(heard_);
      connecting_.reset();
    }
    stream_->wait_readable(shared_from_this());
  }
  void on_writable(pw::io::error_code) override {}
  void fail() {
    now = state::closed;
    if (stream_) stream_->close();
  }

  std::unique_ptr<pw::io::operation> connecting_;
  std::unique_ptr<pw::io::byte_stream> stream_;
  std::string heard_;
};

/// Calls again and again.
class caller {
 public:
  caller(asio::io_context& context, const std::string& url, const pw::tls_options& tls)
      : user_(context.get_executor(), url, pw::client_options().tls(tls)) {}

  void start() {
    user_.async_call(echo, "busy", pw::timeout(30s), [this](const pw::result<pw::text>& answer) {
      if (answer && answer->str() == "busy") {
        ++good;
      } else {
        ++bad;
      }
      if (go_on) start();
    });
  }
  std::size_t good = 0;
  std::size_t bad = 0;
  bool go_on = true;

 private:
  pw::client user_;
};

class failure : public std::runtime_error {
  using runtime_error::runtime_error;
};
void check(bool holds, const char* what) {
  if (!holds) throw failure(what);
}

template <class Condition>
void run_until(asio::io_context& context, steady::duration most, const char* what,
               Condition holds) {
  const auto end = steady::now() + most;
  while (!holds()) {
    check(steady::now() < end, what);
    context.restart();
    context.run_for(10ms);
  }
}

/// What the server says of itself.
class report {
 public:
  std::size_t resident = 0;
  std::size_t connections = 0;
  std::size_t processor_us = 0;
};

report ask(asio::io_context& context, pw::client& user) {
  std::optional<pw::result<pw::text>> answer;
  user.async_call(usage, "", pw::timeout(30s),
                  [&](pw::result<pw::text> text) { answer = std::move(text); });
  run_until(context, 30s, "the server does not say what it uses",
            [&] { return answer.has_value(); });
  report said;
  std::sscanf(answer->value().str().c_str(), "%zu %zu %zu", &said.resident, &said.connections,
              &said.processor_us);
  return said;
}

void run(const std::string& scheme, std::size_t wanted) {
  test::authority ca;
  const test::identity own = ca.issue(test::wish("localhost"));
  server_process server(own);
  const bool encrypted = scheme == "tls";
  const auto tls = pw::tls_options().ca(ca.ca());
  asio::io_context context(1);
  pw::client observer(context.get_executor(), server.url("tcp"));
  const auto url = pw::url::parse(server.url(scheme)).value();
  std::shared_ptr<const pw::io::transport> transport;
  if (encrypted) {
    pw::io::transport_settings settings;
    settings.tls = tls;
    transport = pw::io::the_tls_transport.configure(url, settings).value();
  } else {
    transport = {std::shared_ptr<void>(), &pw::io::the_tcp_transport};
  }
  std::deque<std::shared_ptr<idler>> idlers;
  const auto count = [&](idler::state state) {
    return static_cast<std::size_t>(std::count_if(idlers.begin(), idlers.end(),
                                                  [&](const auto& i) { return i->now == state; }));
  };
  const auto connect = [&](std::size_t most) {
    std::size_t sure = idlers.size();
    while (sure < most) {
      while (idlers.size() < most && idlers.size() < sure + 200) {
        idlers.push_back(std::make_shared<idler>());
        idlers.back()->connect(*transport, context.get_executor(), url);
      }
      run_until(context, 60s, "a connection could not be made", [&] {
        while (sure < idlers.size() && idlers[sure]->now == idler::state::idle) ++sure;
        return sure == most || (idlers.size() < most && sure + 100 > idlers.size());
      });
    }
  };
  connect(100);  // what all connections share is there from now on
  const report before = ask(context, observer);
  const auto begin = faults::processor_time();
  connect(100 + wanted);
  // The busier of the two: others may want the processors as well.
  const std::chrono::microseconds here = faults::processor_time() - begin;
  const report after = ask(context, observer);
  const std::size_t there = after.processor_us - before.processor_us;
  const double rate = 1e6 * static_cast<double>(wanted) /
                      static_cast<double>(std::max(static_cast<std::size_t>(here.count()), there));
  const std::size_t each =
      after.resident > before.resident ? (after.resident - before.resident) / wanted : 0;
  std::printf("%s: %zu idle connections, %zu bytes each, %.0f connects/s of a processor\n",
              scheme.c_str(), wanted, each, rate);
  check(count(idler::state::idle) == 100 + wanted, "connections were lost");
  check(after.connections == 101 + wanted, "the server has another number of connections");
  check(each <= std::size_t{encrypted ? 32U : 8U} << 10, "an idle connection is too large");
  if (!encrypted) check(rate >= 2000, "connecting is too slow");

  std::deque<caller> callers;
  for (std::size_t i = 0; i < busy; ++i) callers.emplace_back(context, server.url(scheme), tls);
  const auto started = steady::now();
  for (caller& c : callers) c.start();
  run_until(context, 60s, "calls do not end", [&] {
    return steady::now() > started + 2s &&
           std::all_of(callers.begin(), callers.end(),
                       [](const caller& c) { return c.good >= 10; });
  });
  std::size_t good = 0, bad = 0;
  for (caller& c : callers) {
    good += c.good;
    bad += c.bad;
    c.go_on = false;
  }
  std::printf("%s: %zu calls of %zu busy connections beside them, %zu failed\n", scheme.c_str(),
              good, busy, bad);
  check(bad == 0, "calls failed");
  check(count(idler::state::idle) == 100 + wanted, "connections were lost");

  const auto stopped = steady::now();
  server.stop();
  std::optional<int> how;
  run_until(context, 30s, "the server does not stop", [&] {
    if (!how) how = server.ended();
    return how && count(idler::state::idle) == 0;
  });
  const double closing = std::chrono::duration<double>(steady::now() - stopped).count();
  std::printf("%s: all closed in %.2f s\n", scheme.c_str(), closing);
  check(*how == 0, "the server did not end well");
  check(closing <= 5, "closing takes too long");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || (std::strcmp(argv[1], "tcp") != 0 && std::strcmp(argv[1], "tls") != 0)) {
    std::fprintf(stderr, "usage: faults_ten_thousand tcp|tls [connections]\n");
    return 2;
  }
  try {
    const faults::descriptor_limit many(20'000);
    run(argv[1], argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 10'000);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "FAILED: %s\n", error.what());
    return 1;
  }
}
