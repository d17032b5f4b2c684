// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/connect_operation.hpp"
#include "polywire/io/socket_acceptor.hpp"
#include "polywire/io/transport.hpp"

#include <asio/local/stream_protocol.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace polywire::inline v1::io {

/// Which file a path leads to, so that only our own is removed.
class socket_file {
 public:
  socket_file() = default;
  explicit socket_file(const std::string& path) noexcept {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
    exists_ = true;
    device_ = found.st_dev;
    inode_ = found.st_ino;
  }
  bool exists() const noexcept { return exists_; }
  friend bool operator==(const socket_file&, const socket_file&) = default;

 private:
  bool exists_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

class unix_acceptor final : public socket_acceptor<asio::local::stream_protocol, unix_acceptor> {
 public:
  unix_acceptor(acceptor_type socket, const std::string& path)
      : socket_acceptor(std::move(socket), path), path_(path), file_(path) {}
  ~unix_acceptor() override { unix_acceptor::close(); }

  /// Also removes the socket's file, if it is still this one's.
  void close() noexcept override {
    if (!closed() && file_.exists() && file_ == socket_file(path_)) ::unlink(path_.c_str());
    socket_acceptor::close();
  }
  std::uint16_t port() const noexcept override { return 0; }

  static std::unique_ptr<byte_stream> make_stream(socket_type socket, const endpoint_type&,
                                                  const std::string& own_address) {
    // Who connects has no address of its own.
    return std::make_unique<socket_stream<asio::local::stream_protocol>>(
        std::move(socket), "unix:" + own_address, true);
  }

 private:
  std::string path_;
  socket_file file_;
};

/// Connects natively: Asio takes the EAGAIN of a full backlog for "under way", and then for
/// success.
class unix_connect final : public connect_operation {
  using protocol = asio::local::stream_protocol;

 public:
  unix_connect(const executor& ex, std::string path, transport::connect_handler then)
      : connect_operation(ex, std::move(then)), path_(std::move(path)), socket_(ex), retry_(ex) {}

  /// With a reason not to connect at all, that is what the handler gets.
  void start(const status& may) {
    if (!may) return finish_later(may);
    error_code error;
    socket_.open(protocol(), error);
    if (!error) socket_.native_non_blocking(true, error);
    if (error) return finish_later(failure(error));
    attempt();
  }

 private:
  void attempt() {
    const protocol::endpoint endpoint(path_);
    if (::connect(socket_.native_handle(), endpoint.data(),
                  static_cast<socklen_t>(endpoint.size())) == 0) {
      return finish_later(std::unique_ptr<byte_stream>(
          std::make_unique<socket_stream<protocol>>(std::move(socket_), "unix:" + path_, true)));
    }
    const error_code error(errno, asio::error::get_system_category());
    if (error == asio::error::interrupted) return attempt();
    if (error != asio::error::try_again) return finish_later(failure(error));
    retry_.expires_after(backlog_delay);  // nothing tells when the backlog has room again
    retry_.async_wait(
        [self = std::static_pointer_cast<unix_connect>(shared_from_this())](error_code failed) {
          if (!failed && !self->finished()) self->attempt();
        });
  }

  status failure(const error_code& error) const {
    return cannot_connect("unix:" + path_, error.message());
  }

  void give_up() noexcept override {
    error_code ignored;
    socket_.close(ignored);
    try {
      retry_.cancel();
    } catch (...) {  // the wait then ends by itself
    }
  }

  static constexpr std::chrono::milliseconds backlog_delay{10};

  std::string path_;
  protocol::socket socket_;
  asio::steady_timer retry_;
};

/// Stream sockets of this machine, named by a path.
class unix_transport final : public transport {
  using protocol = asio::local::stream_protocol;

 public:
  unix_transport() noexcept : transport("unix") {}

  std::unique_ptr<operation> connect(const executor& ex, const url& target, std::size_t,
                                     connect_handler then) const override {
    std::string path(target.path());
    const status may = check(path);
    auto op = std::make_shared<unix_connect>(ex, std::move(path), std::move(then));
    op->start(may);
    return std::make_unique<connect_handle>(op);
  }

  /// A file that a dead process left behind is replaced; one that somebody listens on is not.
  result<std::unique_ptr<acceptor>> listen(const executor& ex, const url& where) const override {
    const std::string path(where.path());
    if (status may = check(path); !may) return may;
    protocol::acceptor socket(ex);
    error_code error;
    socket.open(protocol(), error);
    if (!error) socket.bind(protocol::endpoint(path), error);
    if (error == asio::error::address_in_use && abandoned(path)) {
      ::unlink(path.c_str());
      socket.bind(protocol::endpoint(path), error);
    }
    if (!error) socket.listen(protocol::acceptor::max_listen_connections, error);
    if (error) return cannot_listen("unix:" + path, error);
    return std::unique_ptr<acceptor>(new unix_acceptor(std::move(socket), path));
  }

 private:
  static status check(const std::string& path) {
    constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
    if (path.empty()) return wrong("unix: needs a path, such as unix:/run/service.sock");
    if (path.size() > longest) {
      return wrong("the path of unix:" + path.substr(0, longest) + "… has " +
                   std::to_string(path.size()) + " bytes; a socket's may have " +
                   std::to_string(longest));
    }
    return {};
  }
  static status wrong(std::string message) {
    return status(status_code::invalid_argument, std::move(message), outcome::not_sent);
  }

  static bool abandoned(const std::string& path) {
    if (!socket_file(path).exists()) return false;  // some other kind of file
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return false;
    const protocol::endpoint endpoint(path);
    const bool refused =
        ::connect(probe, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 &&
        errno == ECONNREFUSED;
    ::close(probe);
    return refused;
  }
};

inline const unix_transport the_unix_transport;

}  // namespace polywire::inline v1::io
