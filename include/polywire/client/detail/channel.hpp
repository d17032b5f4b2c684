// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client/detail/channel_events.hpp"
#include "polywire/client/detail/client_call.hpp"
#include "polywire/client/detail/repeat_budget.hpp"
#include "polywire/client/options.hpp"
#include "polywire/core/compilation.hpp"
#include "polywire/core/url.hpp"
#include "polywire/core/url_settings.hpp"
#include "polywire/io/loop.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace polywire::inline v1 {
namespace rpc {
class backend;
class scheme;
}  // namespace rpc
namespace io {
class transport;
}  // namespace io
}  // namespace polywire::inline v1

namespace polywire::inline v1::detail {

class client_interceptors;
class client_link;
class link_pool;

/// A client's way to its target: its calls, from their start to their end, over the connections of
/// a pool. Lives on its loop's thread.
class channel final : public std::enable_shared_from_this<channel>,
                      private io::loop_member,
                      private pool_events,
                      private interceptor_events {
 public:
  /// Without an executor: on the thread that all such clients share. Errors: `invalid_argument`,
  /// with what is wrong with the URL.
  static result<std::shared_ptr<channel>> make(io::executor ex, std::string_view target,
                                               const client_options& options);
  ~channel();

  io::loop& home() const noexcept { return *home_; }
  const std::shared_ptr<io::loop>& shared_home() const noexcept { return home_; }
  const rpc::backend& protocol() const noexcept;
  bool carries_objects() const noexcept;
  const limits& bounds() const noexcept { return settings_.bounds; }
  const url& target() const noexcept { return target_; }
  const url_settings& settings() const noexcept { return settings_; }
  /// Whether a thread may wait for this client's calls: only where another one does the I/O.
  status may_block() const;
  /// How long a blocked caller waits for the loop to keep a deadline, before it goes by itself.
  time_point wait_limit(time_point deadline) const noexcept;
  void log(log_level level, std::string_view message) const;

  /// Takes over a call that somebody keeps already.
  void start(client_call& call);
  void attempt_ended(client_call& call, status how);
  void give_up(client_call& call, status how);
  /// Its time is over: that of the call, or of a pause before it is tried again.
  void expire(client_call& call);
  static status cancelled(outcome reached) {
    return status(status_code::cancelled, "the call was cancelled", reached);
  }

  /// The client is being destroyed: closes, and where another thread does the I/O waits until that
  /// has begun, so that nothing of the user's is touched any more.
  void leave();
  /// Ends all calls `cancelled` and closes the connections.
  void close();

  /// Null: there are none.
  const client_interceptors* interceptors() const noexcept { return interceptors_.get(); }

 private:
  channel(std::shared_ptr<io::loop> home, url target, url_settings settings,
          const rpc::scheme& scheme, std::shared_ptr<const io::transport> transport,
          const client_options& options, bool owns_thread);

  void on_admitted(client_call& call) override;
  void on_rejected(client_call& call, status why) override;
  void try_again(client_call& call);
  void place(client_call& call);
  void open(client_call& call, client_link& l);
  void release(client_call& call);
  void finish(client_call& call, status how);

  void on_room() override;
  void on_unreachable(const status& why) override;
  void on_empty() override;
  std::size_t waiting() const noexcept override;
  bool is_urgent() const noexcept override;
  std::size_t streams() const noexcept override;

  void let_go();
  void abandon() noexcept override;

  std::shared_ptr<io::loop> home_;
  url target_;
  url_settings settings_;
  const rpc::scheme* scheme_;
  client_options options_;
  bool owns_thread_;
  std::vector<client_call*> calls_;
  std::deque<client_call*> queue_;
  // Null: there are none, and calls pay nothing for them.
  std::unique_ptr<client_interceptors> interceptors_;
  std::unique_ptr<link_pool> pool_;
  repeat_budget repeats_{settings_.bounds.repeat_budget};
  bool closed_ = false;
  // From the first turn until everything is closed: connections speak of their channel.
  std::shared_ptr<channel> alive_;
};

}  // namespace polywire::inline v1::detail

#ifdef POLYWIRE_DEFINITIONS
#include "polywire/client/detail/channel.ipp"
#endif
