// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/byte_stream.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::testing::conformance {

/// The cable between two sides: it can be cut, go dead without a sign, break after so many bytes,
/// or pass one byte at a time. Given to a client or server as `stream_hook(cable.hook())`. What it
/// does, except going dead, is said on the thread of the connections.
class line {
 public:
  line() : state_(std::make_shared<state>()) {}

  auto hook() const {
    return
        [s = state_](std::unique_ptr<io::byte_stream> inner) -> std::unique_ptr<io::byte_stream> {
          auto wrapped = std::make_unique<stream>(std::move(inner), s);
          ++s->made;
          return wrapped;
        };
  }

  /// Resets every connection there is now; later ones work.
  void cut() const {
    const std::vector<stream*> all = state_->live;
    for (stream* one : all) one->cut();
  }
  /// From now on nothing comes through, and nobody is told.
  void go_dead() const { state_->dead = true; }
  /// The first connection is reset once so many bytes were read, or written.
  void cut_after_reading(std::size_t bytes) const { state_->may_read = bytes; }
  void cut_after_writing(std::size_t bytes) const { state_->may_write = bytes; }
  /// Every read and every write moves one byte.
  void trickle() const { state_->trickles = true; }

  /// How many connections were made, and whether one was reset.
  std::size_t made() const { return state_->made; }
  bool was_cut() const { return state_->was_cut; }

 private:
  static constexpr std::size_t any = ~std::size_t{0};
  class stream;

  struct state {
    std::vector<stream*> live;
    std::atomic<bool> dead = false;
    std::size_t may_read = any;
    std::size_t may_write = any;
    bool trickles = false;
    bool was_cut = false;
    std::size_t made = 0;
  };

  // What waits at the inner stream; it tells what the line pretends.
  class waiter final : public io::stream_user {
   public:
    waiter(std::shared_ptr<io::stream_user> user, std::shared_ptr<state> line,
           std::shared_ptr<bool> cut)
        : user_(std::move(user)), line_(std::move(line)), cut_(std::move(cut)) {}
    void on_readable(io::error_code error) override {
      // The dead line's waits never end, except by giving the stream up.
      if (line_->dead && error != asio::error::operation_aborted) return;
      user_->on_readable(*cut_ ? io::error_code(asio::error::connection_reset) : error);
    }
    void on_writable(io::error_code error) override {
      user_->on_writable(*cut_ ? io::error_code(asio::error::connection_reset) : error);
    }

   private:
    std::shared_ptr<io::stream_user> user_;
    std::shared_ptr<state> line_;
    std::shared_ptr<bool> cut_;
  };

  class stream final : public io::byte_stream {
   public:
    stream(std::unique_ptr<io::byte_stream> inner, std::shared_ptr<state> line)
        : inner_(std::move(inner)), line_(std::move(line)) {
      if (line_->made == 0) {
        may_read_ = line_->may_read;
        may_write_ = line_->may_write;
      }
      line_->live.push_back(this);
    }
    ~stream() override { std::erase(line_->live, this); }

    std::size_t read_some(std::span<std::byte> into, io::error_code& error) override {
      if (line_->dead && !*cut_) return error = asio::error::would_block, 0;
      if (may_read_ == 0) cut();
      if (*cut_) return error = asio::error::connection_reset, 0;
      std::size_t most = std::min(into.size(), may_read_);
      if (line_->trickles) most = std::min<std::size_t>(most, 1);
      const std::size_t n = inner_->read_some(into.first(most), error);
      if (may_read_ != any) may_read_ -= n;
      return n;
    }
    std::size_t write_some(std::span<const bytes_view> from, io::error_code& error) override {
      if (line_->dead && !*cut_) {
        std::size_t swallowed = 0;
        for (const bytes_view& piece : from) swallowed += piece.size();
        error.clear();
        return swallowed;
      }
      if (may_write_ == 0) cut();
      if (*cut_) return error = asio::error::connection_reset, 0;
      if (may_write_ == any && !line_->trickles) return inner_->write_some(from, error);
      for (bytes_view piece : from) {
        if (piece.empty()) continue;
        std::size_t most = std::min(piece.size(), may_write_);
        if (line_->trickles) most = std::min<std::size_t>(most, 1);
        piece = piece.first(most);
        const std::size_t n = inner_->write_some(std::span(&piece, 1), error);
        if (may_write_ != any) may_write_ -= n;
        return n;
      }
      error.clear();
      return 0;
    }
    void wait_readable(std::shared_ptr<io::stream_user> user) override {
      inner_->wait_readable(std::make_shared<waiter>(std::move(user), line_, cut_));
    }
    void wait_writable(std::shared_ptr<io::stream_user> user) override {
      inner_->wait_writable(std::make_shared<waiter>(std::move(user), line_, cut_));
    }
    void shutdown_write() noexcept override { inner_->shutdown_write(); }
    void close() noexcept override { inner_->close(); }
    void reset() noexcept override { inner_->reset(); }
    std::string peer() const override { return inner_->peer(); }
    bool is_private() const noexcept override { return inner_->is_private(); }
    std::shared_ptr<const peer_certificate> certificate() const override {
      return inner_->certificate();
    }

    void cut() {
      *cut_ = true;
      line_->was_cut = true;
      inner_->reset();
    }

   private:
    std::unique_ptr<io::byte_stream> inner_;
    std::shared_ptr<state> line_;
    std::shared_ptr<bool> cut_ = std::make_shared<bool>(false);
    std::size_t may_read_ = any;
    std::size_t may_write_ = any;
  };

  std::shared_ptr<state> state_;
};

}  // namespace polywire::inline v1::testing::conformance
