// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../../../examples/hello/hello.hpp"
#include "api.hpp"

#include <polywire/gzip.hpp>
#include <polywire/http.hpp>
#include <polywire/server.hpp>

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

// The server that the judges of this folder call: `interop_http_server <url>`. It says where it
// listens, and stops at SIGTERM.

namespace pb = interop::pb;
namespace values = interop::values;
namespace notes = interop::notes;
using interop::Note;

namespace {

/// Sends metadata of a request back, as values.proto says.
polywire::status send_back(polywire::server_context& context) {
  for (const auto& [key, value] : context.metadata()) {
    polywire::status how;
    if (key.starts_with("x-initial")) how = context.add_initial(key, value);
    if (key.starts_with("x-trailing")) how = context.add_trailing(key, value);
    if (!how) return how;
  }
  return {};
}

polywire::result<pb::Struct> echo(const pb::Struct& request, polywire::server_context& context) {
  if (auto how = send_back(context); !how) return how;
  return request;
}

polywire::status error_of(int code) {
  pb::StringValue detail;
  detail.set_value("a detail");
  const std::string bytes = detail.SerializeAsString();
  return polywire::status(static_cast<polywire::status_code>(code), "as asked")
      .add_detail(polywire::status_detail(
          "google.protobuf.StringValue",
          polywire::payload(polywire::format::protobuf, std::string_view(bytes))));
}

/// Those who wait until nobody wants an answer any more. The server has one thread.
class waiting_room {
 public:
  asio::awaitable<polywire::status> stay() {
    ++here_;
    asio::steady_timer timer(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    asio::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    --here_;
    ++gone_;
    co_return polywire::status::cancelled("nobody waits");
  }
  pb::Struct count() const {
    pb::Struct counted;
    (*counted.mutable_fields())["here"].set_number_value(here_);
    (*counted.mutable_fields())["gone"].set_number_value(gone_);
    return counted;
  }

 private:
  int here_ = 0;
  int gone_ = 0;
};

asio::awaitable<polywire::status> count(const pb::Int32Value& request,
                                        polywire::writer<pb::Int32Value>& out,
                                        polywire::server_context& context) {
  if (auto how = send_back(context); !how) co_return how;
  pb::Int32Value number;
  for (int i = 1; i <= std::abs(request.value()); ++i) {
    number.set_value(i);
    if (auto sent = co_await out.async_write(number); !sent) co_return sent;
  }
  co_return request.value() < 0 ? error_of(10) : polywire::status();
}

asio::awaitable<polywire::result<pb::StringValue>> join(polywire::reader<pb::StringValue>& parts,
                                                        polywire::server_context& context) {
  if (auto how = send_back(context); !how) co_return how;
  pb::StringValue joined;
  while (auto part = co_await parts.async_read()) *joined.mutable_value() += part->value();
  if (auto how = parts.status(); !how) co_return how;
  co_return joined;
}

asio::awaitable<polywire::status> talk(polywire::reader<pb::StringValue>& in,
                                       polywire::writer<pb::StringValue>& out) {
  while (auto said = co_await in.async_read()) {
    if (auto sent = co_await out.async_write(*said); !sent) co_return sent;
  }
  co_return in.status();
}

void serve_values(polywire::server& server, waiting_room& room) {
  server.handle(values::echo, echo);
  server.handle(values::get, echo);
  server.handle(values::fail,
                [](const pb::Int32Value& code,
                   polywire::server_context& context) -> polywire::result<pb::Empty> {
                  if (auto how = send_back(context); !how) return how;
                  return error_of(code.value());
                });
  server.handle(values::wait,
                [&room](const pb::Empty&) -> asio::awaitable<polywire::result<pb::Empty>> {
                  co_return co_await room.stay();
                });
  server.handle(values::waiting, [&room](const pb::Empty&) { return room.count(); });
  server.handle(values::count, count);
  server.handle(
      values::tick,
      [&room](const pb::Empty&,
              polywire::writer<pb::Int32Value>& out) -> asio::awaitable<polywire::status> {
        pb::Int32Value one;
        one.set_value(1);
        if (auto sent = co_await out.async_write(one); !sent) co_return sent;
        co_return co_await room.stay();
      });
  server.handle(values::join, join);
  server.handle(values::talk, talk);
}

void serve_notes(polywire::server& server) {
  server.handle(greet, [](const GreetRequest& request) -> polywire::result<Greeting> {
    if (request.name.empty()) return polywire::status::invalid_argument("name is required");
    return Greeting{"Hello, " + request.name + "!"};
  });
  server.handle(notes::get, [](const Note& note) -> polywire::result<Note> {
    if (note.number == 404) return polywire::status::not_found("there is no note 404");
    return note;
  });
  server.handle(notes::add, [&server](const Note& note) -> polywire::result<Note> {
    if (auto told = server.publish(notes::news, note); !told) return told;
    return note;
  });
  server.handle(
      notes::list,
      [](const Note& note, polywire::writer<Note>& out) -> asio::awaitable<polywire::status> {
        for (std::int64_t i = 1; i <= note.number; ++i) {
          const Note next{i, note.text};
          if (auto sent = co_await out.async_write(next); !sent) co_return sent;
        }
        co_return polywire::status();
      });
  server.route("GET /v1/notes/{number}", notes::get);
  server.route("POST /v1/notes", notes::add);
  server.route("GET /v1/notes", notes::list);
  server.offer(notes::news, polywire::accept_publish());
}

}  // namespace

int main(int argc, char** argv) {
  waiting_room room;
  polywire::server server;
  serve_values(server, room);
  serve_notes(server);
  const auto endpoint = server.listen(argc > 1 ? argv[1] : "http://127.0.0.1:0");
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << std::endl;
    return 1;
  }
  if (auto how = server.stop_on_signals(); !how) return 1;
  std::cout << "listening on " << endpoint->url() << std::endl;
  server.run();
}
