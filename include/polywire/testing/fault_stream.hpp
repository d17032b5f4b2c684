// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/byte_stream.hpp"
#include "polywire/testing/fault_plan.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::testing {

/// A stream to which the things happen that its plan says. Close a stream whose reads were
/// silenced: until then it keeps alive who waits for it.
class fault_stream final : public io::byte_stream {
 public:
  fault_stream(std::unique_ptr<io::byte_stream> inner, std::shared_ptr<fault_plan> plan)
      : inner_(std::move(inner)), plan_(std::move(plan)) {
    if (const auto seed = plan_->seed(); seed != 0) random_.emplace(seed);
  }
  ~fault_stream() override { fault_stream::close(); }

  std::size_t read_some(std::span<std::byte> into, io::error_code& error) override {
    const auto settings = plan_->read_settings();
    const std::size_t left = before_cut(settings, read_);
    if (left == 0) return fail_read(error);
    if (blocks(settings, read_) || still_delayed()) return error = asio::error::would_block, 0;
    const std::size_t most = std::min({left, size_of_call(settings), into.size()});
    const std::size_t n = inner_->read_some(into.first(most), error);
    if (error == asio::error::would_block) delay_over_ = false;
    if (flips(settings, read_, n)) into[settings.flip_at - read_.passed] ^= std::byte{1};
    read_.passed += n;
    return n;
  }

  std::size_t write_some(std::span<const bytes_view> from, io::error_code& error) override {
    const auto settings = plan_->write_settings();
    const std::size_t left = before_cut(settings, write_);
    if (left == 0) return fail_write(from, error);
    if (blocks(settings, write_)) return error = asio::error::would_block, 0;
    const std::size_t most = std::min(left, size_of_call(settings));
    std::vector<std::byte> copy;
    for (const bytes_view piece : from) {
      const bytes_view part = piece.first(std::min(piece.size(), most - copy.size()));
      copy.insert(copy.end(), part.begin(), part.end());
    }
    if (flips(settings, write_, copy.size())) {
      copy[settings.flip_at - write_.passed] ^= std::byte{1};
    }
    const bytes_view whole(copy);
    const std::size_t n = inner_->write_some({&whole, 1}, error);
    write_.passed += n;
    return n;
  }

  void wait_readable(std::shared_ptr<io::stream_user> user) override {
    if (read_.cut == fault::silence) {
      silenced_ = std::move(user);
      return;
    }
    io::executor ex;
    const duration by = plan_->delay(ex);
    if (by > duration::zero() && !read_.cut) {
      auto wait = std::make_shared<delayed_wait>(ex, by, delay_over_, std::move(user));
      delayed_ = wait;
      user = std::move(wait);
    }
    inner_->wait_readable(std::move(user));
  }
  void wait_writable(std::shared_ptr<io::stream_user> user) override {
    inner_->wait_writable(std::move(user));
  }

  void shutdown_write() noexcept override {
    if (!write_.cut) inner_->shutdown_write();  // a black hole swallows this too
  }
  void close() noexcept override {
    if (silenced_) inner_->wait_readable(std::exchange(silenced_, nullptr));  // to be aborted
    end_delay();
    inner_->close();
  }
  void reset() noexcept override {
    if (!write_.cut) inner_->reset();
    close();
  }
  std::string peer() const override { return inner_->peer(); }
  bool is_private() const noexcept override { return inner_->is_private(); }
  std::shared_ptr<const peer_certificate> certificate() const override {
    return inner_->certificate();
  }

 private:
  struct progress {
    std::size_t passed = 0;
    std::size_t calls = 0;
    std::optional<fault> cut;
    bool spared = false;  // the plan's cuts were used up by other streams
  };

  // Stands between the stream and its user, and passes the word on when the delay is over.
  class delayed_wait final : public io::stream_user,
                             public std::enable_shared_from_this<delayed_wait> {
   public:
    delayed_wait(const io::executor& ex, duration by, bool& ended,
                 std::shared_ptr<io::stream_user> user)
        : timer_(ex), by_(by), ended_(&ended), user_(std::move(user)) {}

    void on_readable(io::error_code error) override {
      auto user = std::exchange(user_, nullptr);
      if (ended_ == nullptr) error = asio::error::operation_aborted;
      if (error) return user->on_readable(error);
      timer_.expires_after(by_);
      timer_.async_wait([self = shared_from_this(), user = std::move(user)](io::error_code woken) {
        if (self->ended_ != nullptr) *self->ended_ = true;
        user->on_readable(woken);
      });
    }
    void on_writable(io::error_code) override {}
    void end() {
      ended_ = nullptr;
      timer_.cancel();
    }

   private:
    asio::steady_timer timer_;
    duration by_;
    bool* ended_;  // null: the stream is closed or gone
    std::shared_ptr<io::stream_user> user_;
  };

  void end_delay() noexcept {
    if (auto wait = delayed_.lock()) wait->end();
    delayed_.reset();
  }
  bool still_delayed() const {
    io::executor ignored;
    return !delay_over_ && plan_->delay(ignored) > duration::zero();
  }

  // How many bytes may pass; with 0 the direction is cut.
  std::size_t before_cut(const fault_plan::direction& settings, progress& p) {
    if (p.cut) return 0;
    if (p.spared || settings.cut_at == fault_plan::nowhere) return fault_plan::nowhere;
    if (p.passed < settings.cut_at) return settings.cut_at - p.passed;
    if (!plan_->take_cut()) {
      p.spared = true;
      return fault_plan::nowhere;
    }
    p.cut = settings.how;
    if (p.cut == fault::reset) {
      read_.cut = write_.cut = fault::reset;
      inner_->close();
    }
    return 0;
  }
  std::size_t fail_read(io::error_code& error) {
    switch (*read_.cut) {
      case fault::eof: error = asio::error::eof; break;
      case fault::reset: error = asio::error::connection_reset; break;
      case fault::silence: error = asio::error::would_block; break;
    }
    return 0;
  }
  std::size_t fail_write(std::span<const bytes_view> from, io::error_code& error) {
    switch (*write_.cut) {
      case fault::eof:
        inner_->shutdown_write();
        error = asio::error::broken_pipe;
        return 0;
      case fault::reset: error = asio::error::connection_reset; return 0;
      case fault::silence: error.clear(); break;
    }
    std::size_t swallowed = 0;
    for (const bytes_view piece : from) swallowed += piece.size();
    return swallowed;
  }

  static bool blocks(const fault_plan::direction& settings, progress& p) {
    return settings.would_block_every > 0 && ++p.calls % settings.would_block_every == 0;
  }
  static bool flips(const fault_plan::direction& settings, const progress& p, std::size_t n) {
    return settings.flip_at >= p.passed && settings.flip_at - p.passed < n;
  }
  std::size_t size_of_call(const fault_plan::direction& settings) {
    if (!random_ || settings.most == fault_plan::nowhere) return settings.most;
    return 1 + (*random_)() % settings.most;
  }

  std::unique_ptr<io::byte_stream> inner_;
  std::shared_ptr<fault_plan> plan_;
  std::optional<std::minstd_rand> random_;
  progress read_;
  progress write_;
  std::shared_ptr<io::stream_user> silenced_;
  std::weak_ptr<delayed_wait> delayed_;
  bool delay_over_ = false;
};

}  // namespace polywire::inline v1::testing
