// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/server/detail/listener.hpp"
#include "polywire/server/endpoint.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

/// What a `server` is made of: shards, listeners, and the threads that it owns.
class server_core : public std::enable_shared_from_this<server_core> {
 public:
  explicit server_core(const server_options& options)
      : served_(std::make_shared<served>(options)), shards_(std::make_shared<shard_list>()) {}

  /// Null: the server owns its threads.
  void begin(io::executor ex) {
    owns_threads_ = !ex;
    if (owns_threads_) {
      first_ = add_own_shard();
    } else {
      first_ = add_shard(std::move(ex));
    }
  }

  const std::shared_ptr<served>& what() const noexcept { return served_; }

  void add(std::unique_ptr<server_entry> entry, bool fallback) {
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

  result<endpoint> listen(std::string_view where) {
    auto target = url::parse(where);
    if (!target) return target.status();
    auto settings = read_settings(*target, served_->options.get_limits());
    if (!settings) return settings.status();
    const rpc::scheme* scheme = rpc::scheme::find(target->scheme());
    if (scheme == nullptr) return rpc::unknown_scheme(target->scheme());
    {
      const std::lock_guard lock(mutex_);
      if (!mistake_.ok()) return mistake_;
      if (stopping_) return status::failed_precondition("the server is stopping");
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
      const io::transport* transport = io::transport::find(scheme->transport());
      if (transport == nullptr) {
        return status::invalid_argument("no transport '" + std::string(scheme->transport()) +
                                        "' is known; include its header");
      }
      auto acceptor = transport->listen(first_->home()->get_executor(), *target);
      if (!acceptor) return acceptor.status();
      port = (*acceptor)->port();
      address = target->scheme() + (target->path().empty() || !target->hosts().empty() ? "://" : ":") +
                (*acceptor)->address();
      made = std::make_shared<stream_listener>(std::move(*acceptor), protocol, bounds, first_,
                                               shards_);
    }
    {
      const std::lock_guard lock(mutex_);
      listeners_.push_back(made);
    }
    first_->home()->run([made] { made->start(); });
    return endpoint(std::move(address), port, std::move(unsupported));
  }

  void run(unsigned threads) {
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

  /// From any thread.
  void stop(bool at_once) {
    const duration grace = at_once ? duration::zero() : served_->options.get_limits().drain_timeout;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    const auto shards = shards_->all();
    if (shards.empty()) return;  // it has run and stopped
    shards.front()->home()->run([self = shared_from_this()] { self->close_listeners(); });
    for (const auto& s : shards) {
      s->home()->run([s, at_once, grace] { at_once ? s->stop() : s->drain(grace); });
    }
  }

  /// The `server` is being destroyed.
  void leave() {
    bool run_is_under_way = false;
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

 private:
  std::shared_ptr<shard> add_shard(io::executor ex) {
    auto home = io::loop::make(std::move(ex), served_->options.get_clock());
    auto made = std::make_shared<shard>(home, served_,
                                        [weak = weak_from_this(), owns = owns_threads_] {
                                          if (const auto self = weak.lock(); self && owns) {
                                            self->shard_is_idle();
                                          }
                                        });
    home->run([made] { made->join(); });
    shards_->add(made);
    return made;
  }
  std::shared_ptr<shard> add_own_shard() {
    auto context = std::make_shared<asio::io_context>(1);
    auto made = add_shard(context->get_executor());
    const std::lock_guard lock(mutex_);
    work_.emplace_back(context->get_executor());
    contexts_.push_back(std::move(context));
    return made;
  }
  std::vector<std::shared_ptr<asio::io_context>> own_contexts() {
    const std::lock_guard lock(mutex_);
    return contexts_;
  }

  // The threads end together: what is left on one may still need another.
  void shard_is_idle() {
    const std::lock_guard lock(mutex_);
    if (++idle_ < contexts_.size()) return;
    for (const auto& context : contexts_) context->stop();
  }

  void close_listeners() {
    std::vector<std::shared_ptr<listener>> closing;
    {
      const std::lock_guard lock(mutex_);
      closing.swap(listeners_);
    }
    for (const auto& l : closing) l->close();
  }

  // No thread runs the loops any more.
  void abandon() {
    close_listeners();
    for (const auto& s : shards_->take()) s->abandon_now();

  }

  std::vector<unsupported_method> find_unsupported(const rpc::backend& protocol) const {
    std::vector<unsupported_method> found;
    for (const auto& [name, entry] : served_->methods) {
      const std::string_view reason = protocol.refusal(entry->info().type());
      if (reason.empty()) continue;
      found.emplace_back(std::string(name), std::string(reason));
      served_->log(log_level::warning, std::string(protocol.name) + " cannot offer " +
                                           std::string(name) + ": " + std::string(reason));
    }
    return found;
  }

  void note_mistake(status why) {
    served_->log(log_level::error, why.message());
    if (mistake_.ok()) mistake_ = std::move(why);
  }

  std::shared_ptr<served> served_;
  std::shared_ptr<shard_list> shards_;
  std::shared_ptr<shard> first_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<listener>> listeners_;
  std::vector<std::shared_ptr<asio::io_context>> contexts_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  status mistake_;
  std::size_t idle_ = 0;
  bool owns_threads_ = true;
  bool frozen_ = false;
  bool running_ = false;
  std::atomic<bool> stopping_{false};
};

}  // namespace polywire::inline v1::detail
