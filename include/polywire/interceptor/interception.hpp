// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/interceptor/interceptor.hpp"
#include "polywire/io/loop.hpp"
#include "polywire/io/spawn.hpp"

#include <exception>
#include <memory>
#include <utility>

namespace polywire::inline v1::detail {

/// How far one call has come with the interceptors. Calls each `on_end` that is owed, once.
class interception {
 public:
  enum class step { accepted, rejected, awaits, over };

  interception(const interceptor_chain& chain, time_point now) noexcept
      : chain_(&chain), begun_(now) {}

  /// Starts those that are left: until the last one, one that rejects with `why`, or one that has
  /// to be awaited (`next`, then `decided`).
  step run(call_context& context, status& why) {
    while (!over_ && accepted_ < chain_->size()) {
      if (next().is_awaited()) return step::awaits;
      why = chain_->start(accepted_, context);
      if (!decided(context, why)) return over_ ? step::over : step::rejected;
    }
    return over_ ? step::over : step::accepted;
  }
  any_interceptor& next() const noexcept { return (*chain_)[accepted_]; }
  /// What `next` has said. False: the call does not go on.
  bool decided(call_context& context, const status& how) {
    if (!how.ok()) return false;
    if (over_) {  // the call ended under it: it has accepted, and is owed the end
      chain_->end(accepted_, context, how_, took_);
      return false;
    }
    ++accepted_;
    return true;
  }

  /// The call has ended; also when it was rejected.
  void end(call_context& context, const status& how) {
    if (std::exchange(over_, true)) return;
    took_ = context.now() - begun_;
    how_ = how;
    for (std::size_t i = accepted_; i-- > 0;) chain_->end(i, context, how_, took_);
  }

  const interceptor_chain& chain() const noexcept { return *chain_; }

 private:
  const interceptor_chain* chain_;
  std::size_t accepted_ = 0;
  time_point begun_;
  duration took_{};
  status how_;
  bool over_ = false;
};

/// An `on_start` that is awaited. On the loop's thread.
class awaited_start : public std::enable_shared_from_this<awaited_start> {
 public:
  explicit awaited_start(std::shared_ptr<io::loop> home) noexcept : home_(std::move(home)) {}

  /// Never from within the caller. `then` takes what it said, and keeps all of this alive.
  template <class Then>
  static std::shared_ptr<awaited_start> begin(const std::shared_ptr<io::loop>& home,
                                              const interception& at, call_context& context,
                                              Then then) {
    auto made = std::make_shared<awaited_start>(home);
    asio::post(home->get_executor(), [made, &at, &context, then = std::move(then)]() mutable {
      const io::loop::turn turn(*made->home_);
      if (!made->stopped_) made->spawn(at, context, std::move(then));
    });
    return made;
  }

  /// Cancels it. What it says then comes all the same.
  void stop() {
    stopped_ = true;
    asio::post(home_->get_executor(), [self = shared_from_this()] {
      self->signal_.emit(asio::cancellation_type::terminal);
    });
  }

 private:
  template <class Then>
  void spawn(const interception& at, call_context& context, Then then) {
    asio::awaitable<status> body;
    try {
      body = at.next().start_later(context);
    } catch (...) {
      return then(at.chain().failed(context, std::current_exception()));
    }
    asio::co_spawn(
        home_->get_executor(), std::move(body),
        asio::bind_cancellation_slot(
            signal_.slot(), [self = shared_from_this(), &at, &context, then = std::move(then)](
                                std::exception_ptr thrown, status how) mutable {
              const io::loop::turn turn(*self->home_);
              if (thrown) how = self->failure(at, context, thrown);
              then(std::move(how));
            }));
  }
  // One that was cancelled throws, and nobody needs to know.
  status failure(const interception& at, const call_context& context,
                 const std::exception_ptr& thrown) const {
    return stopped_ ? status::cancelled("the call ended") : at.chain().failed(context, thrown);
  }

  std::shared_ptr<io::loop> home_;
  asio::cancellation_signal signal_;
  bool stopped_ = false;
};

}  // namespace polywire::inline v1::detail
