// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"
#include "polywire/wire/http1/body_reader.hpp"
#include "polywire/wire/http1/head_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace http1_tests {

namespace h1 = polywire::wire::http1;

enum class role { server, client, client_after_head };

/// What a stream of messages says, as text: equal streams give equal transcripts, however they are
/// cut. Unit tests and fuzz targets read through it.
class transcript {
 public:
  explicit transcript(role side, const h1::message_limits& bounds = {})
      : side_(side), bounds_(bounds), requests_(bounds), responses_(bounds) {}

  void feed(std::string_view piece) {
    waiting_ += piece;
    // A copy that ends where its heap block ends: the sanitizer sees what reads on.
    const auto block = std::make_unique<std::byte[]>(waiting_.size());
    std::copy_n(reinterpret_cast<const std::byte*>(waiting_.data()), waiting_.size(), block.get());
    const polywire::bytes_view all(block.get(), waiting_.size());
    polywire::bytes_view rest = all;
    while (!failed_ && step(rest)) {
    }
    waiting_.erase(0, all.size() - rest.size());
  }
  void close() {
    if (failed_) return;
    if (!in_body_) {
      log_ += waiting_.empty() ? "closed" : "closed in a head";
    } else if (body_->close() == h1::body_event::end) {
      end_body();
    } else {
      fail(body_->problem());
    }
  }

  const std::string& str() const noexcept { return log_; }
  bool failed() const noexcept { return failed_; }
  unsigned status() const noexcept { return problem_.status; }
  const std::string& problem() const noexcept { return problem_.text; }
  std::size_t messages() const noexcept { return messages_; }

 private:
  // False: nothing more can be said.
  bool step(polywire::bytes_view& rest) {
    if (in_body_) return read_body(rest);
    const bool server = side_ == role::server;
    const h1::parse_state state =
        server ? requests_.read(rest, request_)
               : responses_.read(rest, side_ == role::client_after_head, response_);
    if (state == h1::parse_state::need_more) return false;
    if (state == h1::parse_state::error) {
      fail(server ? requests_.problem() : responses_.problem());
      return false;
    }
    rest = rest.subspan(server ? requests_.size() : responses_.size());
    if (server) {
      log_ += "[" + std::string(request_.method) + "] [" + std::string(request_.target) +
              "] host [" + std::string(request_.host) + "]" +
              (request_.expects_continue ? " expects" : "");
      begin_body(request_);
    } else {
      log_ += std::to_string(response_.status) + " [" + std::string(response_.reason) + "]";
      begin_body(response_);
    }
    return true;
  }

  void begin_body(const h1::message_head& head) {
    ++messages_;
    log_ += " 1." + std::to_string(head.minor_version) + (head.keep_alive ? " keep" : " close");
    if (!head.upgrade.empty()) log_ += " upgrade [" + std::string(head.upgrade) + "]";
    if (head.body == h1::body_framing::sized) log_ += " " + std::to_string(head.content_length);
    if (head.body == h1::body_framing::chunked) log_ += " chunked";
    if (head.body == h1::body_framing::until_close) log_ += " until close";
    log_ += "\n";
    log_fields(head.fields);
    body_ = std::make_unique<h1::body_reader>(head, bounds_);
    in_body_ = true;
  }

  bool read_body(polywire::bytes_view& rest) {
    const h1::body_part part = body_->read(rest);
    rest = rest.subspan(part.size);
    switch (part.event) {
      case h1::body_event::need_more: return false;
      case h1::body_event::data: data_ += polywire::as_text(part.data); return true;
      case h1::body_event::end: end_body(); return true;
      case h1::body_event::error: fail(body_->problem()); return false;
    }
    return false;
  }
  void end_body() {
    log_ += "body [" + std::exchange(data_, {}) + "]\n";
    log_fields(body_->trailers());
    in_body_ = false;
  }

  void log_fields(const h1::field_list& fields) {
    for (const h1::field& f : fields) {
      log_ += "  [" + std::string(f.name) + "] = [" + std::string(f.value) + "]\n";
    }
  }
  void fail(const h1::problem& why) {
    failed_ = true;
    problem_ = why;
    if (in_body_) log_ += "part of a body [" + data_ + "]\n";
    log_ += "error " + std::to_string(why.status) + ": " + why.text + "\n";
  }

  role side_;
  h1::message_limits bounds_;
  h1::request_reader requests_;
  h1::response_reader responses_;
  h1::request_head request_;
  h1::response_head response_;
  std::unique_ptr<h1::body_reader> body_;
  bool in_body_ = false;
  bool failed_ = false;
  h1::problem problem_;
  std::size_t messages_ = 0;
  std::string waiting_;
  std::string data_;
  std::string log_;
};

/// Read in one piece.
inline transcript read_all(role side, std::string_view stream,
                           const h1::message_limits& bounds = {}) {
  transcript whole(side, bounds);
  whole.feed(stream);
  return whole;
}

/// Read in pieces of `step` bytes, the first of `first` bytes.
inline transcript read_in_pieces(role side, std::string_view stream, std::size_t first,
                                 std::size_t step, const h1::message_limits& bounds = {}) {
  transcript cut(side, bounds);
  cut.feed(stream.substr(0, first));
  for (std::size_t at = std::min(first, stream.size()); at < stream.size(); at += step) {
    cut.feed(stream.substr(at, step));
  }
  return cut;
}

}  // namespace http1_tests
