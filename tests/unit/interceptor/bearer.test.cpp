// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/interceptor/bearer.hpp"

#include "polywire/client.hpp"
#include "polywire/inproc.hpp"
#include "polywire/loopback.hpp"
#include "polywire/server.hpp"
#include "polywire/tcp.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <asio/this_coro.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace bearer_test {

namespace pw = polywire;
using Catch::Matchers::ContainsSubstring;
using pw::outcome;
using pw::result;
using pw::status;
using pw::status_code;
using pw::text;
using test::run_until;

namespace {

inline constexpr pw::unary<text, text> whoami{"test.v1.Test/WhoAmI"};

class user {
 public:
  std::string name;
};

status verify(std::string_view token, pw::server_context& caller) {
  if (token != "s3cret") return status::unauthenticated("the token is not known");
  caller.set(user{"Ada"});
  return {};
}
asio::awaitable<status> verify_later(std::string_view token, pw::server_context& caller) {
  asio::steady_timer soon(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
  co_await soon.async_wait(asio::use_awaitable);
  co_return verify(token, caller);
}

/// Not known to be private, as one to another machine.
class public_stream final : public pw::io::byte_stream {
 public:
  explicit public_stream(std::unique_ptr<pw::io::byte_stream> inner) : inner_(std::move(inner)) {}
  std::size_t read_some(std::span<std::byte> into, pw::io::error_code& error) override {
    return inner_->read_some(into, error);
  }
  std::size_t write_some(std::span<const pw::bytes_view> from, pw::io::error_code& error) override {
    return inner_->write_some(from, error);
  }
  void wait_readable(std::shared_ptr<pw::io::stream_user> u) override {
    inner_->wait_readable(std::move(u));
  }
  void wait_writable(std::shared_ptr<pw::io::stream_user> u) override {
    inner_->wait_writable(std::move(u));
  }
  void shutdown_write() noexcept override { inner_->shutdown_write(); }
  void close() noexcept override { inner_->close(); }
  std::string peer() const override { return "192.0.2.7:7000"; }

 private:
  std::unique_ptr<pw::io::byte_stream> inner_;
};

class world {
 public:
  template <class Auth>
  explicit world(Auth auth, std::string url = "tcp://127.0.0.1:0")
      : server_(context_.get_executor(),
                pw::server_options().log(log()).intercept(std::move(auth))) {
    server_.handle(whoami, [this](const text&, pw::server_context& c) {
      ++handled;
      return text(c.get<user>()->name);
    });
    url_ = server_.listen(url).value().url();
  }

  result<text> call(const pw::client_options& how, pw::call_options options = {}) {
    pw::client client(context_.get_executor(), url_, pw::client_options(how).log(log()));
    std::optional<result<text>> answer;
    client.async_call(whoami, text("hello"), std::move(options),
                      [&](result<text> r) { answer = std::move(r); });
    if (!run_until(context_, [&] { return answer.has_value(); }))
      return status::aborted("too long");
    return *answer;
  }

  int handled = 0;
  std::string logged;

 private:
  pw::log_hook log() {
    return [this](pw::log_level, std::string_view m) { logged += m; };
  }

  asio::io_context context_;
  pw::server server_;
  std::string url_;
};

}  // namespace

TEST_CASE("a caller with the right token gets in, and the handler knows who it is") {
  const auto token = pw::client_options().intercept(pw::bearer_token("s3cret"));
  const auto function = pw::client_options().intercept(pw::bearer_token([] { return "s3cret"; }));
  world at_once{pw::bearer_auth(verify)};
  world later{pw::bearer_auth(verify_later)};
  for (world* w : {&at_once, &later}) {
    CHECK(w->call(token).value().str() == "Ada");
    CHECK(w->call(function).value().str() == "Ada");
    const auto wrong = w->call(pw::client_options().intercept(pw::bearer_token("guessed")));
    CHECK(wrong.status() == status::unauthenticated("the token is not known"));
    CHECK(wrong.status().reached() == outcome::rejected);
    CHECK(w->call({}).status().code() == status_code::unauthenticated);
    CHECK(w->handled == 2);
    CHECK(w->logged.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("a missing or malformed token is refused with a sentence that does not repeat it") {
  world w{pw::bearer_auth(verify)};
  const auto missing = w.call({});
  CHECK_THAT(missing.status().message(), ContainsSubstring("authorization: Bearer <token>"));
  for (const std::string value : {"s3cret", "Basic s3cret", "Bearer", "Bearer ", "Bearer s3cret x",
                                  "Bearer s3=cret", "Bearer =", "Bearer \"s3cret\"", ""}) {
    INFO(value);
    const auto answer = w.call({}, pw::with_metadata("authorization", value));
    CHECK(answer.status().code() == status_code::unauthenticated);
    CHECK_THAT(answer.status().message(), ContainsSubstring("malformed"));
    CHECK(answer.status().message().find("s3cret") == std::string::npos);
  }
  const auto twice = w.call({}, pw::with_metadata("authorization", "Bearer s3cret")
                                    .metadata("authorization", "Bearer s3cret"));
  CHECK_THAT(twice.status().message(), ContainsSubstring("malformed"));
  CHECK(w.handled == 0);
  CHECK(w.call({}, pw::with_metadata("authorization", "bEARER  s3cret")));
}

TEST_CASE("a token is not sent where others could listen") {
  world w{pw::bearer_auth(verify)};
  const auto hook =
      [](std::unique_ptr<pw::io::byte_stream> s) -> std::unique_ptr<pw::io::byte_stream> {
    return std::make_unique<public_stream>(std::move(s));
  };
  const auto answer =
      w.call(pw::client_options().stream_hook(hook).intercept(pw::bearer_token("s3cret")));
  CHECK(answer.status().code() == status_code::failed_precondition);
  CHECK(answer.status().reached() == outcome::not_sent);
  CHECK_THAT(answer.status().message(), ContainsSubstring("192.0.2.7:7000"));
  CHECK_THAT(answer.status().message(), ContainsSubstring("tls://"));
  CHECK(answer.status().message().find("s3cret") == std::string::npos);
  CHECK(w.handled == 0);
  // Without a token there is nothing to hide.
  const auto none = w.call(pw::client_options().stream_hook(hook).intercept(pw::bearer_token("")));
  CHECK(none.status().code() == status_code::unauthenticated);
}

TEST_CASE("connections within the machine may carry a token") {
  const auto path =
      std::filesystem::temp_directory_path() / ("bearer-" + std::to_string(::getpid()));
  for (const std::string& url : {std::string("inproc://bearer"), std::string("loopback://bearer"),
                                 std::string("tcp://[::1]:0"), "unix:" + path.string()}) {
    world w{pw::bearer_auth(verify), url};
    CHECK(w.call(pw::client_options().intercept(pw::bearer_token("s3cret"))).value().str() ==
          "Ada");
  }
}

TEST_CASE("a token that cannot be sent fails the call without repeating it") {
  world w{pw::bearer_auth(verify)};
  const auto answer = w.call(pw::client_options().intercept(pw::bearer_token("s3cret\n")));
  CHECK(answer.status().code() == status_code::invalid_argument);
  CHECK(answer.status().reached() == outcome::not_sent);
  CHECK(answer.status().message().find("s3cret") == std::string::npos);
}

}  // namespace bearer_test
