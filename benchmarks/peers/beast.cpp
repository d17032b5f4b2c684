// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Boost.Beast with callbacks, and nlohmann_json. As in its examples, who says nothing for half a
// minute is disconnected.

#include "../http_load.hpp"
#include "../http_work.hpp"
#include "peer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace benchmarks {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::beast::error_code;

class connection : public std::enable_shared_from_this<connection> {
 public:
  explicit connection(tcp::socket socket) : stream_(std::move(socket)) {
    stream_.socket().set_option(tcp::no_delay(true));
  }

  void read() {
    request_ = {};
    stream_.expires_after(std::chrono::seconds(30));
    http::async_read(stream_, in_, request_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    reply_ = {http::status::ok, request_.version()};
    reply_.set(http::field::content_type, "application/json");
    reply_.keep_alive(request_.keep_alive());
    reply_.body() = json_answer(request_.body());
    reply_.prepare_payload();
    http::async_write(stream_, reply_, [self = shared_from_this()](error_code error, std::size_t) {
      if (!error && self->reply_.keep_alive()) self->read();
    });
  }

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer in_;
  http::request<http::string_body> request_;
  http::response<http::string_body> reply_;
};

void accept(tcp::acceptor& from) {
  from.async_accept([&from](error_code error, tcp::socket socket) {
    if (error) return;
    std::make_shared<connection>(std::move(socket))->read();
    accept(from);
  });
}

void serve(const std::function<void(std::uint16_t)>& report) {
  boost::asio::io_context context(1);
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
  report(acceptor.local_endpoint().port());
  accept(acceptor);
  context.run();
}

}  // namespace

std::vector<benchmark> peer() { return by_wrk("beast/unary/", serve); }

}  // namespace benchmarks
