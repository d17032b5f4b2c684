// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/core/event_id.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/result.hpp"
#include "polywire/rpc/hub/topic_type.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::rpc {

namespace detail {
class hub_state;
}

/// What all events of a topic share.
class topic_info {
 public:
  topic_info(std::string_view topic, const topic_type& type, std::shared_ptr<const limits> bounds)
      : name_(topic), type_(type), bounds_(std::move(bounds)) {}

  const std::string& name() const noexcept { return name_; }
  const topic_type& type() const noexcept { return type_; }
  const limits& bounds() const noexcept { return *bounds_; }

 private:
  std::string name_;
  topic_type type_;
  std::shared_ptr<const limits> bounds_;
};

/// An event: immutable, shared by its topic's log and those who send it, also after the hub is
/// gone. Any thread may use it.
class event {
 public:
  event(std::shared_ptr<const topic_info> topic, format encoding, bytes_view payload,
        std::string_view key)
      : topic_(std::move(topic)), encoding_(encoding), size_(payload.size()) {
    data_.prepare(payload.size() + key.size());  // once
    data_.append(payload);
    data_.append(key);
  }
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event() { delete others_.load(std::memory_order_relaxed); }

  std::string_view topic() const noexcept { return topic_->name(); }
  std::string_view key() const noexcept { return as_text(data_.view().subspan(size_)); }
  event_id id() const noexcept { return id_; }
  /// Bytes of the message, as it was published.
  std::size_t size() const noexcept { return size_; }
  format encoding() const noexcept { return encoding_; }
  bytes_view bytes() const noexcept { return data_.view().first(size_); }

  /// The message in this format, which lives as long as the event. It is made at the first use,
  /// once: a thread that comes meanwhile waits for it. Errors: what the type's codec says.
  result<bytes_view> in(format wanted) const {
    if (wanted == encoding_) return bytes();
    const auto index = static_cast<std::size_t>(wanted);
    if (!topic_->type().formats.contains(wanted) || index >= format_count) {
      return polywire::detail::wrong_format(topic_->type().formats, wanted);
    }
    conversions& all = others();
    if (!all.done[index].load(std::memory_order_acquire)) {
      const std::lock_guard lock(all.mutex);
      if (!all.done[index].load(std::memory_order_relaxed)) {
        all.how[index] =
            topic_->type().transcode(bytes(), encoding_, wanted, topic_->bounds(), all.data[index]);
        all.done[index].store(true, std::memory_order_release);
      }
    }
    if (!all.how[index]) return all.how[index];
    return all.data[index].view();
  }

 private:
  friend class detail::hub_state;  // gives it its id, before anybody else sees it

  struct conversions {
    std::mutex mutex;
    std::array<std::atomic<bool>, format_count> done{};
    std::array<status, format_count> how;
    std::array<buffer, format_count> data;
  };

  conversions& others() const {
    conversions* seen = others_.load(std::memory_order_acquire);
    if (seen != nullptr) return *seen;
    auto made = std::make_unique<conversions>();
    if (others_.compare_exchange_strong(seen, made.get(), std::memory_order_acq_rel)) {
      return *made.release();
    }
    return *seen;
  }

  std::shared_ptr<const topic_info> topic_;
  event_id id_;
  format encoding_;
  std::size_t size_;
  buffer data_;  // the message, then the key
  mutable std::atomic<conversions*> others_{nullptr};
};

using event_ptr = std::shared_ptr<const event>;

}  // namespace polywire::inline v1::rpc
