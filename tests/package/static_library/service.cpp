// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "service.hpp"

#include <polywire/server.hpp>
#include <polywire/tcp.hpp>

#include <thread>

struct service::state {
  polywire::server server;
  std::thread runner;
};

service::service() : state_(std::make_unique<state>()) {
  state_->server.handle(
      greet, [](const polywire::text& name) { return polywire::text("hello " + name.str()); });
  url_ = state_->server.listen("tcp://127.0.0.1:0").value().url();
  state_->runner = std::thread([this] { state_->server.run(); });
}

service::~service() {
  state_->server.stop();
  state_->runner.join();
}
