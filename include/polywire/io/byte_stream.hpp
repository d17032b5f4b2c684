// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"
#include "polywire/core/peer_certificate.hpp"
#include "polywire/io/asio.hpp"

#include <memory>
#include <span>
#include <string>

namespace polywire::inline v1::io {

/// Who waits for a stream. Waits keep it alive.
class stream_user {
 public:
  virtual void on_readable(error_code error) = 0;
  virtual void on_writable(error_code error) = 0;

 protected:
  ~stream_user() = default;
};

/// Something that moves bytes both ways: a socket, TLS over one, memory. Reads and writes never
/// block and never wait; waiting is separate, so that an idle connection holds no buffer. Used
/// from one thread.
class byte_stream {
 public:
  byte_stream() = default;
  byte_stream(const byte_stream&) = delete;
  byte_stream& operator=(const byte_stream&) = delete;
  virtual ~byte_stream() = default;

  /// Bytes read, at least one; or 0 and an error: `would_block`, `eof`, or what broke.
  virtual std::size_t read_some(std::span<std::byte> into, error_code& error) = 0;
  /// Bytes written, in order; or 0 and an error: `would_block`, or what broke. The next write
  /// begins with the first byte that was not.
  virtual std::size_t write_some(std::span<const bytes_view> from, error_code& error) = 0;

  /// Calls `user` once, later, through the executor; with `operation_aborted` after `close`. One
  /// wait of each kind may be outstanding.
  virtual void wait_readable(std::shared_ptr<stream_user> user) = 0;
  virtual void wait_writable(std::shared_ptr<stream_user> user) = 0;

  /// Says that nothing more will be written.
  virtual void shutdown_write() noexcept = 0;
  /// Releases everything and ends the waits.
  virtual void close() noexcept = 0;
  /// The same, and the peer sees a reset where there is such a thing. What was written may be lost.
  virtual void reset() noexcept { close(); }

  /// "127.0.0.1:7000", for people and logs.
  virtual std::string peer() const = 0;

  /// Nobody can listen: encrypted, or within this machine. What wraps another stream passes it on.
  virtual bool is_private() const noexcept { return false; }
  /// What the peer has proved to be, once it has; null where nothing proves it. Passed on likewise.
  virtual std::shared_ptr<const peer_certificate> certificate() const { return nullptr; }
};

}  // namespace polywire::inline v1::io
