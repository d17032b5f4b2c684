// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/check_transport.hpp"
#include "polywire/io/signals.hpp"
#include "polywire/server/detail/listener.hpp"
#include "polywire/server/detail/publish_entry.hpp"
#include "polywire/server/detail/server_core.hpp"
#include "polywire/server/detail/subscribe_entry.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

POLYWIRE_DECL server_core::server_core(const server_options& options)
    : served_(std::make_shared<served>(options)), shards_(std::make_shared<shard_list>()) {
  served_->methods.set_topics(std::make_unique<publish_entry>(),
                              std::make_unique<subscribe_entry>());
}

POLYWIRE_DECL server_core::~server_core() = default;

POLYWIRE_DECL void server_core::begin(io::executor ex) {
  owns_threads_ = !ex;
  if (owns_threads_) {
    first_ = add_own_shard();
  } else {
    first_ = add_shard(std::move(ex));
  }
}

POLYWIRE_DECL void server_core::add(std::unique_ptr<server_entry> entry, bool fallback) {
  const std::lock_guard lock(mutex_);
  if (frozen_) {
    note_mistake(status::failed_precondition("handle(" + std::string(entry->info().name()) +
                                             ") came after listen: methods are frozen then"));
  } else if (fallback) {
    served_->methods.set_fallback(std::move(entry));
  } else if (auto added = served_->methods.add(std::move(entry)); !added) {
    note_mistake(std::move(added));
  }
}

POLYWIRE_DECL void server_core::add_route(std::string_view pattern, const method_info& method,
                                          message_fields request,
                                          std::optional<std::string_view> body, bool speaks_json) {
  const std::lock_guard lock(mutex_);
  if (frozen_) {
    return note_mistake(status::failed_precondition("route(" + std::string(pattern) +
                                                    ") came after listen: routes are frozen then"));
  }
  if (!speaks_json) {
    return note_mistake(status::failed_precondition("route(" + std::string(pattern) + ") to " +
                                                    std::string(method.name()) +
                                                    ", whose messages are not sent as JSON"));
  }
  auto made = rpc::route::make(pattern, method, request, body);
  auto added = made ? served_->methods.add(std::move(*made)) : made.status();
  if (!added) note_mistake(std::move(added));
}

POLYWIRE_DECL void server_core::add_page(std::string_view path, std::string content,
                                         std::string_view type) {
  const std::lock_guard lock(mutex_);
  const std::size_t most = served_->options.get_limits().max_message;
  if (frozen_) {
    return note_mistake(status::failed_precondition("page(" + std::string(path) +
                                                    ") came after listen: pages are frozen then"));
  }
  if (content.size() > most) {
    return note_mistake(status::invalid_argument(
        "page(" + std::string(path) + ") has " + std::to_string(content.size()) +
        " bytes, more than the " + std::to_string(most) + " of limits::max_message"));
  }
  auto made = rpc::route::make_page(path, rpc::page(std::move(content), type));
  auto added = made ? served_->methods.add(std::move(*made)) : made.status();
  if (!added) note_mistake(std::move(added));
}

POLYWIRE_DECL void server_core::offer(std::string_view name, const rpc::topic_type& type,
                                      const offer_options& how) {
  const std::lock_guard lock(mutex_);
  if (frozen_) {
    note_mistake(status::failed_precondition("offer(" + std::string(name) +
                                             ") came after listen: topics are frozen then"));
  } else if (auto offered = served_->topics->hub().offer(name, type, how); !offered) {
    note_mistake(std::move(offered));
  } else {
    offered_.emplace_back(name);
  }
}

POLYWIRE_DECL result<endpoint> server_core::listen(std::string_view where) {
  auto target = url::parse(where);
  if (!target) return target.status();
  const rpc::scheme* scheme = rpc::scheme::find(target->scheme());
  if (scheme == nullptr) return rpc::unknown_scheme(target->scheme());
  auto settings =
      io::read_settings(*target, *scheme, served_->options.get_limits(), rpc::role::server);
  if (!settings) return settings.status();
  io::transport_settings wanted;
  wanted.listens = true;
  wanted.tls = served_->options.get_tls();
  wanted.log = served_->options.get_log();
  const auto transport = io::configure_transport(*target, *scheme, std::move(wanted));
  if (!transport) return transport.status();
  {
    const std::lock_guard lock(mutex_);
    if (!mistake_.ok()) return mistake_;
    if (stopping_) return status::failed_precondition("the server is stopping");
    if (!frozen_) {
      if (auto good = served_->methods.connect_routes(); !good) return good;
    }
    frozen_ = true;
  }
  const rpc::backend& protocol = scheme->protocol();
  auto unsupported = find_unsupported(protocol);
  if (settings->strict && !unsupported.empty()) {
    return status::failed_precondition(unsupported.front().name() + ": " +
                                       unsupported.front().reason());
  }
  const auto bounds = std::make_shared<const limits>(settings->bounds);
  std::shared_ptr<listener> made;
  std::string address;
  std::uint16_t port = 0;
  if (protocol.make_linked != nullptr) {
    auto named = std::make_shared<name_listener>(target->name(), protocol, bounds, shards_);
    if (!named->claim(named)) {
      return status::unavailable("cannot listen on " + target->to_string() +
                                 ": the name is in use");
    }
    address = target->to_string();
    made = std::move(named);
  } else {
    auto acceptor = (*transport)->listen(first_->home()->get_executor(), *target);
    if (!acceptor) return acceptor.status();
    port = (*acceptor)->port();
    address = target->scheme() +
              (target->path().empty() || !target->hosts().empty() ? "://" : ":") +
              (*acceptor)->address();
    made = std::make_shared<stream_listener>(std::move(*acceptor), protocol, bounds,
                                             settings->protocol, first_, shards_);
  }
  {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(made);
  }
  first_->home()->run([made] { made->start(); });
  return endpoint(std::move(address), port, std::move(unsupported));
}

POLYWIRE_DECL void server_core::run(unsigned threads) {
  if (!owns_threads_) {
    served_->log(log_level::error,
                 "server::run is for servers that own their threads; run the executor's context");
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(running_, true)) return;
  }
  for (unsigned i = 1; i < threads && !stopping_; ++i) add_own_shard();
  std::vector<std::thread> others;
  const auto contexts = own_contexts();
  for (std::size_t i = 1; i < contexts.size(); ++i) {
    others.emplace_back([context = contexts[i]] { context->run(); });
  }
  contexts.front()->run();
  for (std::thread& t : others) t.join();
  abandon();
  const std::lock_guard lock(mutex_);
  running_ = false;
}

POLYWIRE_DECL void server_core::stop(bool at_once) {
  const duration grace = at_once ? duration::zero() : served_->options.get_limits().drain_timeout;
  std::vector<std::function<void()>> tell;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    tell.swap(on_stopping_);
  }
  for (const auto& f : tell) f();
  const auto shards = shards_->all();
  if (shards.empty()) return;  // it has run and stopped
  shards.front()->home()->run([self = shared_from_this()] { self->close_listeners(); });
  for (const auto& s : shards) {
    s->home()->run([s, at_once, grace] { at_once ? s->stop() : s->drain(grace); });
  }
}

POLYWIRE_DECL void server_core::on_stopping(std::function<void()> f) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) return on_stopping_.push_back(std::move(f));
  }
  f();
}

POLYWIRE_DECL status server_core::stop_on_signals() {
  auto watch =
      std::make_shared<io::signal_watch>(first_->home(), [weak = weak_from_this()](int count) {
        if (const auto self = weak.lock()) self->stop(count > 1);
      });
  {
    const std::lock_guard lock(mutex_);
    if (signals_ || stopping_) return {};
    if (auto opened = watch->open(); !opened) return opened;
    signals_ = watch;
  }
  first_->home()->run([watch] { watch->start(); });
  return {};
}

POLYWIRE_DECL void server_core::leave() {
  bool run_is_under_way = false;
  give_signals_back();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    run_is_under_way = running_;
  }
  if (!owns_threads_ || run_is_under_way) {
    stop(true);
  } else {
    abandon();
  }
}

POLYWIRE_DECL std::shared_ptr<shard> server_core::add_shard(io::executor ex) {
  auto home = io::loop::make(std::move(ex), served_->options.get_clock());
  auto made = std::make_shared<shard>(home, served_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->shard_is_idle();
  });
  home->run([made] { made->join(); });
  shards_->add(made);
  return made;
}

POLYWIRE_DECL std::shared_ptr<shard> server_core::add_own_shard() {
  auto context = std::make_shared<asio::io_context>(1);
  auto made = add_shard(context->get_executor());
  const std::lock_guard lock(mutex_);
  work_.emplace_back(context->get_executor());
  contexts_.push_back(std::move(context));
  return made;
}

POLYWIRE_DECL std::vector<std::shared_ptr<asio::io_context>> server_core::own_contexts() {
  const std::lock_guard lock(mutex_);
  return contexts_;
}

// The threads end together: what is left on one may still need another.
POLYWIRE_DECL void server_core::shard_is_idle() {
  if (!owns_threads_) return give_signals_back();
  const std::lock_guard lock(mutex_);
  if (++idle_ < contexts_.size()) return;
  for (const auto& context : contexts_) context->stop();
}

// Waiting for them would keep a user's executor busy.
POLYWIRE_DECL void server_core::give_signals_back() {
  std::shared_ptr<io::signal_watch> watch;
  {
    const std::lock_guard lock(mutex_);
    watch = std::move(signals_);
  }
  if (watch) first_->home()->run([watch] { watch->stop(); });
}

POLYWIRE_DECL void server_core::close_listeners() {
  std::vector<std::shared_ptr<listener>> closing;
  {
    const std::lock_guard lock(mutex_);
    closing.swap(listeners_);
  }
  for (const auto& l : closing) l->close();
}

POLYWIRE_DECL void server_core::abandon() {
  close_listeners();
  for (const auto& s : shards_->take()) s->abandon_now();
}

POLYWIRE_DECL std::vector<unsupported_method> server_core::find_unsupported(
    const rpc::backend& protocol) const {
  std::vector<unsupported_method> found;
  const auto note = [&](std::string_view name, std::string_view reason) {
    if (reason.empty()) return;
    found.emplace_back(std::string(name), std::string(reason));
    served_->log(log_level::warning, std::string(protocol.name) + " cannot offer " +
                                         std::string(name) + ": " + std::string(reason));
  };
  for (const auto& [name, entry] : served_->methods) {
    note(name, protocol.refusal(entry->info().type()));
  }
  for (const std::string& name : offered_) note(name, protocol.refusal(call_type::subscribe));
  return found;
}

POLYWIRE_DECL void server_core::note_mistake(status why) {
  served_->log(log_level::error, why.message());
  if (mistake_.ok()) mistake_ = std::move(why);
}

}  // namespace polywire::inline v1::detail
