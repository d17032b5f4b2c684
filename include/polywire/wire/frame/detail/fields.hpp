// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/frame/detail/repair_utf8.hpp"
#include "polywire/wire/frame/detail/varint.hpp"
#include "polywire/wire/frame/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// The fields of frame.proto, each message written once, for two kinds of output: one counts bytes,
/// the other writes them. So a size cannot differ from what is written.
namespace polywire::inline v1::wire::frame::detail {

class counter {
 public:
  void raw(std::uint64_t value) noexcept { size_ += varint_size(value); }
  void raw(bytes_view bytes) noexcept { size_ += bytes.size(); }
  void repaired(std::string_view text) noexcept { size_ += text.size(); }
  std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_ = 0;
};

class writer {
 public:
  explicit writer(std::byte* at) noexcept : at_(at) {}
  void raw(std::uint64_t value) noexcept { at_ = put_varint(at_, value); }
  void raw(bytes_view bytes) noexcept {
    if (bytes.empty()) return;
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void repaired(std::string_view text) noexcept {
    std::byte* start = at_;
    raw(as_bytes(text));
    repair_utf8({start, text.size()});
  }
  std::byte* at() const noexcept { return at_; }

 private:
  std::byte* at_;
};

inline constexpr std::uint32_t varint_field = 0;
inline constexpr std::uint32_t bytes_field = 2;

template <class Out>
void put_number(Out& out, std::uint32_t number, std::uint64_t value) noexcept {
  out.raw(std::uint64_t{number << 3 | varint_field});
  out.raw(value);
}
/// proto3 leaves out what is 0.
template <class Out>
void put_nonzero(Out& out, std::uint32_t number, std::uint64_t value) noexcept {
  if (value != 0) put_number(out, number, value);
}
template <class Out>
void put_length(Out& out, std::uint32_t number, std::size_t size) noexcept {
  out.raw(std::uint64_t{number << 3 | bytes_field});
  out.raw(std::uint64_t{size});
}
template <class Out>
void put_bytes(Out& out, std::uint32_t number, bytes_view bytes) noexcept {
  put_length(out, number, bytes.size());
  out.raw(bytes);
}
template <class Out>
void put_nonempty(Out& out, std::uint32_t number, bytes_view bytes) noexcept {
  if (!bytes.empty()) put_bytes(out, number, bytes);
}
template <class Out>
void put_text(Out& out, std::uint32_t number, std::string_view text) noexcept {
  if (text.empty()) return;
  put_length(out, number, text.size());
  out.repaired(text);
}
/// A field that is a message itself.
template <class Out, class Message>
void put_message(Out& out, std::uint32_t number, const Message& message) noexcept {
  counter inner;
  put_fields(inner, message);
  put_length(out, number, inner.size());
  put_fields(out, message);
}

template <class Out>
void put_fields(Out& out, const polywire::metadata::entry& entry) noexcept {
  put_nonempty(out, 1, as_bytes(entry.first));
  put_nonempty(out, 2, as_bytes(entry.second));
}

template <class Out>
void put_fields(Out& out, const status_detail& detail) noexcept {
  put_text(out, 1, detail.type_name());
  put_nonzero(out, 2, static_cast<std::uint64_t>(detail.value().encoding()));
  put_nonempty(out, 3, detail.value().data().view());
}

template <class Out>
void put_fields(Out& out, const polywire::status& status) noexcept {
  put_nonzero(out, 1, static_cast<std::uint64_t>(status.code()));
  put_text(out, 2, status.message());
  for (const status_detail& detail : status.details()) put_message(out, 3, detail);
  put_nonzero(out, 4, status.reached() == outcome::rejected ? 1 : 0);
}

template <class Out>
void put_fields(Out& out, const hello& said) noexcept {
  put_nonzero(out, 1, said.max_message);
  put_nonzero(out, 2, said.max_calls);
  put_nonzero(out, 3, said.max_frame);
  put_nonzero(out, 4, said.call_credit);
  put_nonzero(out, 5, said.connection_credit);
  put_nonzero(out, 6, said.max_subscriptions);
}

template <class Out>
void put_fields(Out& out, const subscribe_head& asked) noexcept {
  put_nonzero(out, 1, static_cast<std::uint64_t>(asked.start.how()));
  put_nonzero(out, 2, asked.start.count());
  put_nonzero(out, 3, asked.start.id().epoch());
  put_nonzero(out, 4, asked.start.id().offset());
  put_nonzero(out, 5, asked.sequence);
  put_nonzero(out, 6, static_cast<std::uint64_t>(asked.policy));
  put_nonzero(out, 7, asked.lag.events);
  put_nonzero(out, 8, asked.lag.bytes);
  put_nonempty(out, 9, as_bytes(asked.group));
}

template <class Out>
void put_fields(Out& out, const subscribe_position& begin) noexcept {
  put_nonzero(out, 1, begin.after.epoch());
  put_nonzero(out, 2, begin.after.offset());
  put_nonzero(out, 3, begin.sequence);
}

/// All of a frame but its payload, which goes last.
template <class Out>
void put_head(Out& out, const frame& f) noexcept {
  put_nonzero(out, 1, f.call);
  put_nonzero(out, 2, f.flags);
  put_nonzero(out, 3, f.method);
  put_nonempty(out, 5, as_bytes(f.name));
  put_nonzero(out, 6, static_cast<std::uint64_t>(f.encoding));
  put_nonzero(out, 7, f.message_size);
  if (f.has_timeout) put_number(out, 8, f.timeout_us);
  if (f.metadata != nullptr) {
    for (const polywire::metadata::entry& entry : *f.metadata) put_message(out, 9, entry);
  }
  if (f.status != nullptr) put_message(out, 10, *f.status);
  put_nonzero(out, 11, f.credit);
  if (f.has_hello) put_message(out, 12, f.hello);
  if (f.goodbye != nullptr) put_message(out, 13, *f.goodbye);
  if (f.has_ping) put_number(out, 14, f.ping);
  if (f.has_pong) put_number(out, 15, f.pong);
  if (f.subscribe != nullptr) put_message(out, 16, *f.subscribe);
  put_nonempty(out, 17, as_bytes(f.key));
  if (f.event != 0) {
    put_number(out, 18, f.event);
    put_nonzero(out, 19, f.lost_before.count());
    put_nonzero(out, 20, static_cast<std::uint64_t>(f.lost_before.how()));
  }
  if (f.position != nullptr) put_message(out, 21, *f.position);
}

inline std::size_t head_size(const frame& f) noexcept {
  counter size;
  put_head(size, f);
  return size.size();
}

inline constexpr std::uint32_t payload_field = 4;

}  // namespace polywire::inline v1::wire::frame::detail
