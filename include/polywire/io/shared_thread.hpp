// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/asio.hpp"

#include <thread>

namespace polywire::inline v1::io {

/// The thread that does the I/O of all clients that were not given an executor.
class shared_thread {
 public:
  static shared_thread& instance() {
    static shared_thread it;
    return it;
  }
  executor get_executor() noexcept { return context_.get_executor(); }

 private:
  shared_thread() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}
  ~shared_thread() {
    context_.stop();
    thread_.join();
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace polywire::inline v1::io
