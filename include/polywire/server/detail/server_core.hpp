// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message_fields.hpp"
#include "polywire/core/compilation.hpp"
#include "polywire/core/method.hpp"
#include "polywire/core/publish_options.hpp"
#include "polywire/core/result.hpp"
#include "polywire/server/detail/shard.hpp"
#include "polywire/server/endpoint.hpp"
#include "polywire/server/options.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polywire::inline v1::io {
class signal_watch;
}  // namespace polywire::inline v1::io

namespace polywire::inline v1::detail {

class listener;
class shard_list;

/// What a `server` is made of: shards, listeners, and the threads that it owns.
class server_core : public std::enable_shared_from_this<server_core> {
 public:
  explicit server_core(const server_options& options);
  ~server_core();

  /// Null: the server owns its threads.
  void begin(io::executor ex);

  const std::shared_ptr<served>& what() const noexcept { return served_; }
  const std::shared_ptr<io::loop>& home() const noexcept { return first_->home(); }

  void add(std::unique_ptr<server_entry> entry, bool fallback);
  /// Another way to a method; `speaks_json`: its messages may be sent as JSON.
  void add_route(std::string_view pattern, const method_info& method, message_fields request,
                 std::optional<std::string_view> body, bool speaks_json);
  void add_page(std::string_view path, std::string content, std::string_view type);
  /// Hosts a topic, or those that a pattern takes.
  void offer(std::string_view name, const rpc::topic_type& type, const offer_options& how);

  result<endpoint> listen(std::string_view where);
  void run(unsigned threads);
  /// From any thread.
  void stop(bool at_once);
  /// `f` is called when `stop` is, on that thread, or now when it has been.
  void on_stopping(std::function<void()> f);
  status stop_on_signals();
  /// The `server` is being destroyed.
  void leave();

 private:
  std::shared_ptr<shard> add_shard(io::executor ex);
  std::shared_ptr<shard> add_own_shard();
  std::vector<std::shared_ptr<asio::io_context>> own_contexts();

  void shard_is_idle();
  void give_signals_back();
  void close_listeners();
  // No thread runs the loops any more.
  void abandon();
  std::vector<unsupported_method> find_unsupported(const rpc::backend& protocol) const;
  void note_mistake(status why);

  std::shared_ptr<served> served_;
  std::shared_ptr<shard_list> shards_;
  std::shared_ptr<shard> first_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<listener>> listeners_;
  std::vector<std::shared_ptr<asio::io_context>> contexts_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::function<void()>> on_stopping_;
  std::shared_ptr<io::signal_watch> signals_;
  status mistake_;
  std::vector<std::string> offered_;
  std::size_t idle_ = 0;
  bool owns_threads_ = true;
  bool frozen_ = false;
  bool running_ = false;
  std::atomic<bool> stopping_{false};
};

}  // namespace polywire::inline v1::detail

#ifdef POLYWIRE_DEFINITIONS
#include "polywire/server/detail/server_core.ipp"
#endif
