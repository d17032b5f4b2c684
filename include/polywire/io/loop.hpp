// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/recycler.hpp"
#include "polywire/io/asio.hpp"
#include "polywire/io/mailbox.hpp"
#include "polywire/io/timer_queue.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace polywire::inline v1::io {

/// A user's handler that is to be called when the current turn is over: never from within a
/// session, never from within the function that started the operation. One of the two is called,
/// once.
class completion {
 public:
  virtual void complete() = 0;
  virtual void discard() noexcept = 0;

 protected:
  ~completion() = default;
};

/// A connection with output to write at the end of the turn.
class flushable {
 public:
  virtual void flush() = 0;

 protected:
  ~flushable() = default;
};

/// Whoever has to let go of handlers when the execution context is destroyed under them.
class loop_member {
 public:
  /// Destroys handlers without invoking them, and closes what is open.
  virtual void abandon() noexcept = 0;

 protected:
  ~loop_member() = default;
};

/// A serial executor as the library uses it: mail from other threads, timers, and turns. A turn is
/// the handling of one event; user code that became ready runs at its end, and what all of it wrote
/// leaves in as few writes as possible.
class loop final : public std::enable_shared_from_this<loop>, private clock_watcher {
  class passkey {};

 public:
  static std::shared_ptr<loop> make(executor ex, clock& time) {
    auto made = std::make_shared<loop>(passkey(), std::move(ex), time);
    made->attach();
    return made;
  }
  loop(passkey, executor ex, clock& time)
      : executor_(std::move(ex)),
        clock_(&time),
        alarm_(std::in_place, executor_),
        now_(time.now()) {
    if (const auto* plain = executor_.target<asio::io_context::executor_type>()) {
      io_context_ = &plain->context();
      plain_ = *plain;
    }
  }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  ~loop() { detach(); }

  const executor& get_executor() const noexcept { return executor_; }
  polywire::clock& get_clock() const noexcept { return *clock_; }

  /// Whether the caller runs on this loop's thread (or strand).
  bool here() const noexcept {
    if (running() == this) return true;
    if (gone_) return false;
    if (io_context_ != nullptr) return plain_->running_in_this_thread();
    if (const auto* strand = executor_.target<asio::strand<asio::io_context::executor_type>>()) {
      return strand->running_in_this_thread();
    }
    if (const auto* strand = executor_.target<asio::strand<executor>>()) {
      return strand->running_in_this_thread();
    }
    return false;
  }

  /// The time; within a turn on this thread, the time of the turn.
  time_point now() const noexcept { return running() == this ? now_ : clock_->now(); }
  /// The clock may go away; from now on time is the system's. On the loop's thread.
  void forget_clock() {
    if (clock_->is_real()) return;
    clock_->unwatch(*this);
    clock_ = &clock::steady();
    if (!timers_.empty()) arm();
  }
  /// Whether the caller is inside a turn of any loop, where nobody may block.
  static bool inside_any() noexcept { return running() != nullptr; }

  /// Handling of one event; nests. The loop stays alive within.
  class turn {
   public:
    explicit turn(loop& l) : loop_(l.shared_from_this()), outer_(running()) {
      if (loop_->depth_++ == 0) loop_->now_ = loop_->clock_->now();
      running() = loop_.get();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
      if (loop_->depth_ == 1) loop_->finish_turn();
      --loop_->depth_;
      running() = outer_;
    }

   private:
    std::shared_ptr<loop> loop_;
    loop* outer_;
  };

  /// From any thread: delivers the mail on the loop's thread.
  void post(mail& m) {
    if (mailbox_.push(m)) wake();
    if (gone_) mailbox_.discard();
  }
  /// The same for a function object; from any thread.
  template <class F>
  void post_function(F&& f) {
    class letter final : public mail, public recycled {
     public:
      explicit letter(std::decay_t<F> f) : f_(std::move(f)) {}
      void deliver() override {
        auto f = std::move(f_);
        delete this;
        f();
      }
      void discard() noexcept override { delete this; }

     private:
      std::decay_t<F> f_;
    };
    post(*new letter(std::forward<F>(f)));
  }
  /// Now when on the loop's thread, else as soon as possible. What becomes ready waits for the end
  /// of the turn, or for a turn of its own: whoever starts an operation is not called back from
  /// within.
  template <class F>
  void run(F&& f) {
    if (here()) {
      f();
    } else {
      post_function(std::forward<F>(f));
    }
  }

  /// On the loop's thread only, from here on.
  void complete(completion& c) {
    ready_.push_back(&c);
    want_turn();
  }
  void want_flush(flushable& f) {
    dirty_.push_back(&f);
    want_turn();
  }
  void forget(flushable& f) noexcept {
    std::erase(dirty_, &f);
    std::erase(flushing_, &f);
  }

  void set_timer(timer& t, time_point when) {
    timers_.set(t, when);
    if (timers_.earliest() < armed_) arm();
  }
  void remove_timer(timer& t) noexcept {
    if (!t.is_set()) return;
    timers_.remove(t);
    if (timers_.empty() && armed_ != never) disarm();
  }

  void join(loop_member& m) { members_.push_back(&m); }
  void leave(loop_member& m) noexcept { std::erase(members_, &m); }

  /// Lets go of all handlers, uninvoked: nobody runs the executor any more.
  void abandon() noexcept {
    const auto self = shared_from_this();
    if (gone_.exchange(true)) return;
    if (service_ != nullptr) std::exchange(service_, nullptr)->remove(*this);
    while (wakers_.load() > 0) std::this_thread::yield();
    armed_ = never;
    alarm_.reset();
    while (!members_.empty()) {
      loop_member* m = members_.back();
      members_.pop_back();
      m->abandon();
    }
    mailbox_.discard();
    while (!ready_.empty()) {
      completion* c = ready_.back();
      ready_.pop_back();
      c->discard();
    }
  }

 private:
  // Tells all loops of an execution context that it is being destroyed.
  class service final : public asio::execution_context::service {
   public:
    using key_type = service;
    inline static asio::execution_context::id id;

    explicit service(asio::execution_context& context)
        : asio::execution_context::service(context) {}
    void add(loop& l) {
      const std::lock_guard lock(mutex_);
      loops_.insert(&l);
    }
    void remove(loop& l) noexcept {
      const std::lock_guard lock(mutex_);
      loops_.erase(&l);
    }
    void shutdown() override {
      for (;;) {
        std::shared_ptr<loop> l;
        {
          const std::lock_guard lock(mutex_);
          while (!l && !loops_.empty()) {
            l = (*loops_.begin())->weak_from_this().lock();
            loops_.erase(loops_.begin());
          }
        }
        if (!l) return;
        l->abandon();
      }
    }

   private:
    std::mutex mutex_;
    std::set<loop*> loops_;
  };

  static loop*& running() noexcept {
    thread_local loop* current = nullptr;
    return current;
  }

  void attach() {
    if (!clock_->is_real()) clock_->watch(*this);
    service_ = &asio::use_service<service>(asio::query(executor_, asio::execution::context));
    service_->add(*this);
  }
  void detach() noexcept {
    if (!clock_->is_real()) clock_->unwatch(*this);
    if (service_ != nullptr) service_->remove(*this);
  }

  // The context may be destroyed while another thread wakes it: `abandon` waits for that.
  void wake() {
    wakers_.fetch_add(1);
    if (!gone_) {
      asio::post(executor_, [self = shared_from_this()] {
        const turn t(*self);
        self->mailbox_.deliver();
      });
    }
    wakers_.fetch_sub(1);
  }

  void want_turn() {
    if (depth_ > 0 || turn_wanted_ || gone_) return;
    turn_wanted_ = true;
    asio::post(executor_, [self = shared_from_this()] {
      self->turn_wanted_ = false;
      const turn t(*self);
    });
  }

  void finish_turn() {
    for (int rounds = 0; rounds < most_rounds; ++rounds) {
      calling_.swap(ready_);
      for (completion* c : calling_) call(*c);
      calling_.clear();
      if (!ready_.empty()) continue;
      if (dirty_.empty()) return;
      flushing_.swap(dirty_);
      while (!flushing_.empty()) {
        flushable* f = flushing_.back();
        flushing_.pop_back();
        f->flush();
      }
    }
    // Others have a right to this thread too.
    --depth_;
    if (!ready_.empty() || !dirty_.empty()) want_turn();
    ++depth_;
  }

  // What a user's handler throws leaves from the function that runs the context, as in Asio, and
  // not through the middle of a turn.
  void call(completion& c) {
    try {
      c.complete();
    } catch (...) {
      asio::post(executor_,
                 [thrown = std::current_exception()] { std::rethrow_exception(thrown); });
    }
  }

  void arm() {
    armed_ = timers_.earliest();
    if (!clock_->is_real() || armed_ == never || gone_) return;
    alarm_->expires_at(armed_);
    alarm_->async_wait([self = shared_from_this()](error_code error) {
      if (error) return;
      const turn t(*self);
      self->expire();
    });
  }
  void disarm() noexcept {
    armed_ = never;
    if (alarm_) alarm_->cancel();
  }
  void expire() {
    armed_ = never;
    timers_.expire(now_);
    if (timers_.earliest() < armed_) arm();
  }

  void clock_changed() override {
    post_function([this] {
      now_ = clock_->now();
      expire();
    });
  }

  static constexpr int most_rounds = 64;

  executor executor_;
  asio::io_context* io_context_ = nullptr;
  std::optional<asio::io_context::executor_type> plain_;
  polywire::clock* clock_;
  service* service_ = nullptr;
  mailbox mailbox_;
  timer_queue timers_;
  std::optional<asio::steady_timer> alarm_;
  time_point armed_ = never;
  time_point now_;
  std::vector<completion*> ready_;
  std::vector<completion*> calling_;
  std::vector<flushable*> dirty_;
  std::vector<flushable*> flushing_;
  std::vector<loop_member*> members_;
  int depth_ = 0;
  bool turn_wanted_ = false;
  std::atomic<bool> gone_{false};
  std::atomic<int> wakers_{0};
};

}  // namespace polywire::inline v1::io
