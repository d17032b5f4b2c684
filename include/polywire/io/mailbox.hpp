// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <utility>

namespace polywire::inline v1::io {

/// Something to be done on a loop's thread. Either `deliver` or `discard` is called, once; both end
/// the mail's use by the mailbox, and may destroy it.
class mail {
 public:
  virtual void deliver() = 0;
  /// The loop is gone: nothing may be invoked any more.
  virtual void discard() noexcept = 0;

 protected:
  ~mail() = default;

 private:
  friend class mailbox;
  mail* next_mail_ = nullptr;
};

/// Takes mail from any thread, without a lock.
class mailbox {
 public:
  mailbox() = default;
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox() { discard(); }

  /// True: it was empty, the owner has to be woken.
  bool push(mail& m) noexcept {
    mail* head = head_.load(std::memory_order_relaxed);
    do {
      m.next_mail_ = head;
    } while (!head_.compare_exchange_weak(head, &m, std::memory_order_release,
                                          std::memory_order_relaxed));
    return head == nullptr;
  }

  /// Delivers what is there, in order of arrival; only on the owner's thread.
  void deliver() {
    for (mail* m = take(); m != nullptr;) {
      mail* next = m->next_mail_;
      m->deliver();
      m = next;
    }
  }
  void discard() noexcept {
    while (mail* m = take()) {
      while (m != nullptr) {
        mail* next = m->next_mail_;
        m->discard();
        m = next;
      }
    }
  }

 private:
  mail* take() noexcept {
    mail* newest = head_.exchange(nullptr, std::memory_order_acquire);
    mail* oldest = nullptr;
    while (newest != nullptr) {
      mail* next = newest->next_mail_;
      newest->next_mail_ = oldest;
      oldest = newest;
      newest = next;
    }
    return oldest;
  }

  std::atomic<mail*> head_{nullptr};
};

}  // namespace polywire::inline v1::io
