// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/byte_stream.hpp"
#include "polywire/io/tls_engine.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::io {

/// Moves bytes between a stream and TLS, both ways. Whoever waits at the stream keeps it alive.
///
/// What is written counts as written when the inner stream has all of its record: until then the
/// next write has to begin with the same bytes, as it does with sessions.
class tls_pump final : public stream_user, public std::enable_shared_from_this<tls_pump> {
  using step = tls_engine::step;

 public:
  tls_pump(executor ex, std::unique_ptr<byte_stream> inner, std::shared_ptr<tls_context> context,
           std::string host)
      : executor_(std::move(ex)),
        inner_(std::move(inner)),
        engine_(std::move(context), std::move(host)) {}

  /// True: it is done. Else the error says why: `would_block`, or `problem` knows.
  bool handshake(error_code& error) {
    return finish([this] { return engine_.handshake(); }, error);
  }
  /// The same until the peer has said something, which stays to be read.
  bool hear(error_code& error) {
    return finish([this] { return engine_.peek(); }, error);
  }
  std::string problem() const {
    return engine_.problem().empty() ? end_.message() : engine_.problem();
  }
  bool is_asked_for_certificate() const noexcept { return engine_.is_asked_for_certificate(); }

  std::size_t read_some(std::span<std::byte> into, error_code& error) {
    error.clear();
    std::size_t got = 0;
    bool dry = false;
    while (got < into.size() && !end_) {
      std::size_t n = 0;
      const step how = drive([&] { return engine_.read(into.subspan(got), n); }, dry);
      got += n;
      if (how == step::wants_input) break;
      if (how != step::done) note_end(how);
    }
    settle();
    if (got == 0 && !into.empty()) error = end_ ? end_ : error_code(asio::error::would_block);
    return got;
  }

  std::size_t write_some(std::span<const bytes_view> from, error_code& error) {
    error.clear();
    std::size_t offered = 0;
    for (const bytes_view piece : from) offered += piece.size();
    if (offered == 0) return 0;
    if (!established_) return write_early(from, error);
    flush(error);
    if (!error && records_.empty() && settled_ == 0) {
      encrypt(from, error);
      if (!error) flush(error);
    }
    const std::size_t n = std::min(settled_, offered);
    settled_ -= n;
    if (n > 0) {
      error.clear();
    } else if (!error) {
      error = asio::error::would_block;
    }
    return n;
  }

  void wait_readable(std::shared_ptr<stream_user> user) {
    if (!closed_ && !end_ && !engine_.has_input()) {
      watch_output();
      return inner_->wait_readable(std::move(user));
    }
    asio::post(executor_, [self = shared_from_this(), user = std::move(user)] {
      user->on_readable(self->closed_ ? error_code(asio::error::operation_aborted) : error_code());
    });
  }
  void wait_writable(std::shared_ptr<stream_user> user) {
    writable_user_ = std::move(user);
    if (closed_ || end_) return tell_writable();
    if (established_ || !engine_.output().empty()) watch();
  }

  void shutdown_write() {
    if (closed_) return;
    engine_.shutdown();
    error_code ignored;
    flush(ignored);
    if (!engine_.output().empty() && !write_failed_) {
      ends_after_output_ = true;
      return watch();
    }
    inner_->shutdown_write();
  }
  void close() {
    if (std::exchange(closed_, true)) return;
    inner_->close();
    tell_writable();
  }
  void reset_inner() noexcept { inner_->reset(); }

  std::string peer() const { return inner_->peer(); }
  bool is_private() const noexcept {
    const bool known = engine_.context().is_server() || engine_.is_peer_verified();
    return inner_->is_private() || (established_ && known);
  }
  const std::shared_ptr<const peer_certificate>& certificate() const noexcept {
    return certificate_;
  }

 private:
  // Bytes of output, counted from the beginning, after which a record has left; and what was in it.
  class record {
   public:
    std::uint64_t end;
    std::size_t size;
  };
  using in_scratch = std::array<std::byte, std::size_t{64} << 10>;
  using out_scratch = std::array<std::byte, tls_engine::largest_record>;
  template <class Array>
  static Array& scratch() {
    thread_local const auto bytes = std::make_unique<Array>();
    return *bytes;
  }
  static constexpr std::size_t most_at_once = 4 * tls_engine::largest_record;
  // A server's greeting, which it writes before it knows its client.
  static constexpr std::size_t most_early = std::size_t{4} << 10;

  void on_readable(error_code) override {}
  void on_writable(error_code) override {
    watching_ = false;
    if (closed_) return;
    error_code error;
    flush(error);
    if (!engine_.output().empty() && !write_failed_ && settled_ == 0) return watch();
    if (engine_.output().empty() && std::exchange(ends_after_output_, false)) {
      inner_->shutdown_write();
    }
    if (const auto user = std::exchange(writable_user_, nullptr)) user->on_writable({});
  }

  template <class Step>
  bool finish(Step once, error_code& error) {
    bool dry = false;
    const step how = end_ ? step::failed : drive(once, dry);
    if (how == step::failed || how == step::closed) note_end(how);
    settle();
    error = how == step::done ? error_code() : end_ ? end_ : error_code(asio::error::would_block);
    return how == step::done;
  }

  // Takes one step of TLS, with as much input as there is. `dry`: the inner stream has no more.
  template <class Step>
  step drive(Step&& once, bool& dry) {
    for (;;) {
      const step how = once();
      if (how != step::wants_input || dry || end_) return how;
      auto& bytes = scratch<in_scratch>();
      error_code error;
      const std::size_t n = inner_->read_some(bytes, error);
      dry = n < bytes.size();  // spares asking again
      engine_.feed(bytes_view(bytes).first(n));
      if (error == asio::error::eof) {
        at_eof_ = true;
        engine_.set_eof();
      } else if (error && error != asio::error::would_block && error != asio::error::try_again) {
        end_ = error;
      }
    }
  }
  void note_end(step how) {
    if (end_) return;
    if (how == step::closed) {
      end_ = asio::error::eof;
      return;
    }
    const bool in_handshake = !established_ && !engine_.is_established();
    end_ = make_error(in_handshake ? tls_error::handshake
                      : at_eof_    ? tls_error::truncated
                                   : tls_error::broken);
    if (!in_handshake || !engine_.context().is_server()) return;
    // OpenSSL says nothing to who does not speak TLS; we say that this side does, with a fatal
    // alert (RFC 8446 section 6: protocol_version).
    static constexpr std::array<unsigned char, 7> alert{0x15, 3, 1, 0, 2, 2, 70};
    if (!at_eof_ && sent_ == 0 && engine_.output().empty()) {
      engine_.output().append(std::as_bytes(std::span(alert)));
    }
    // Those who only look whether somebody listens come often.
    engine_.context().log(at_eof_ ? log_level::debug : log_level::warning,
                          "the TLS handshake with " + peer() + " failed: " + engine_.problem());
  }

  // What has to be done after each step.
  void settle() {
    engine_.keep_rest();
    if (!established_ && engine_.is_established() && !end_) {
      established_ = true;
      certificate_ = engine_.certificate();
      if (!early_.empty()) (void)engine_.write(early_.view());
      early_ = buffer();
      tell_writable();
    }
    error_code ignored;  // the next write meets it
    flush(ignored);
  }

  std::size_t write_early(std::span<const bytes_view> from, error_code& error) {
    if (end_) return error = end_, 0;
    std::size_t taken = 0;
    for (const bytes_view piece : from) {
      const std::size_t n = std::min(piece.size(), most_early - early_.size());
      early_.append(piece.first(n));
      taken += n;
    }
    if (taken == 0) error = asio::error::would_block;
    return taken;
  }

  // In records as large as they may be: each costs some 30 bytes and a turn of the cipher.
  void encrypt(std::span<const bytes_view> from, error_code& error) {
    auto& bytes = scratch<out_scratch>();
    std::size_t gathered = 0;
    std::size_t left = most_at_once;
    const auto write = [&](bytes_view piece) {
      if (error) return;
      if (engine_.write(piece) != step::done) {
        error = make_error(tls_error::broken);
        return;
      }
      records_.push_back({sent_ + engine_.output().size(), piece.size()});
    };
    for (bytes_view piece : from) {
      while (!piece.empty() && left > 0) {
        const std::size_t n = std::min({piece.size(), bytes.size() - gathered, left});
        if (n == bytes.size() || (gathered == 0 && from.size() == 1)) {
          write(piece.first(n));  // no need to gather it
        } else {
          std::copy_n(piece.begin(), n, bytes.begin() + static_cast<std::ptrdiff_t>(gathered));
          gathered += n;
          if (gathered == bytes.size()) {
            write(bytes);
            gathered = 0;
          }
        }
        piece = piece.subspan(n);
        left -= n;
      }
    }
    if (gathered > 0) write(bytes_view(bytes).first(gathered));
  }

  // An error is one that ends all writing.
  void flush(error_code& error) {
    buffer& out = engine_.output();
    while (!out.empty() && !closed_) {
      const bytes_view all = out.view();
      const std::size_t n = inner_->write_some({&all, 1}, error);
      sent_ += n;
      out.consume(n);
      if (n > 0) continue;
      if (error == asio::error::would_block || error == asio::error::try_again) error.clear();
      write_failed_ = static_cast<bool>(error);
      break;
    }
    out.shrink();
    const auto rest = std::find_if(records_.begin(), records_.end(),
                                   [this](const record& r) { return r.end > sent_; });
    for (auto r = records_.begin(); r != rest; ++r) settled_ += r->size;
    records_.erase(records_.begin(), rest);
  }

  void watch_output() {
    if (!engine_.output().empty() && !write_failed_) watch();
  }
  void watch() {
    if (!std::exchange(watching_, true)) inner_->wait_writable(shared_from_this());
  }
  void tell_writable() {
    if (!writable_user_) return;
    asio::post(executor_, [self = shared_from_this(),
                           user = std::exchange(writable_user_, nullptr)] {
      user->on_writable(self->closed_ ? error_code(asio::error::operation_aborted) : error_code());
    });
  }

  executor executor_;
  std::unique_ptr<byte_stream> inner_;
  tls_engine engine_;
  std::shared_ptr<const peer_certificate> certificate_;
  std::shared_ptr<stream_user> writable_user_;
  buffer early_;
  std::vector<record> records_;
  std::uint64_t sent_ = 0;   // bytes of output that have left
  std::size_t settled_ = 0;  // bytes that have left, and that the writer does not know of
  error_code end_;           // why nothing more will be read
  bool at_eof_ = false;
  bool established_ = false;
  bool watching_ = false;
  bool write_failed_ = false;
  bool ends_after_output_ = false;
  bool closed_ = false;
};

}  // namespace polywire::inline v1::io
