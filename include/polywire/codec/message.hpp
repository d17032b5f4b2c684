// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/codec.hpp"
#include "polywire/core/event_head.hpp"

#include <type_traits>
#include <utility>

namespace polywire::inline v1 {

/// What the layers without types need to know of a message type; one object per type, whose
/// address tells types apart.
class message_type {
 public:
  format_set formats;
  format preferred;
  status (*encode)(const void* object, format, buffer& out);
  /// Null when the type cannot be copied.
  void* (*copy)(const void* object);
  void* (*move)(void* object);
  void (*destroy)(void* object) noexcept;
};

namespace detail {

template <class T>
inline constexpr message_type message_type_of = [] {
  static_assert(require_codec<T>());
  message_type type{};
  type.formats = codec<T>::formats;
  type.preferred = codec<T>::preferred;
  type.encode = [](const void* object, format f, buffer& out) {
    return codec<T>::encode(*static_cast<const T*>(object), f, out);
  };
  if constexpr (std::is_copy_constructible_v<T>) {
    type.copy = [](const void* object) -> void* {
      return ::new (recycler::allocate(sizeof(T))) T(*static_cast<const T*>(object));
    };
  }
  type.move = [](void* object) -> void* {
    return ::new (recycler::allocate(sizeof(T))) T(std::move(*static_cast<T*>(object)));
  };
  type.destroy = [](void* object) noexcept {
    static_cast<T*>(object)->~T();
    recycler::deallocate(object, sizeof(T));
  };
  return type;
}();

}  // namespace detail

/// A message of some type that is owned: how in-process backends carry it.
class owned_message {
 public:
  /// For places that keep messages as bytes.
  struct parts {
    void* object;
    const message_type* type;
  };

  owned_message() = default;
  owned_message(void* object, const message_type& type) noexcept : object_(object), type_(&type) {}
  explicit owned_message(const parts& released) noexcept
      : object_(released.object), type_(released.type) {}
  owned_message(owned_message&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)), type_(other.type_) {}
  owned_message& operator=(owned_message&& other) noexcept {
    std::swap(object_, other.object_);
    std::swap(type_, other.type_);
    return *this;
  }
  ~owned_message() {
    if (object_ != nullptr) type_->destroy(object_);
  }

  explicit operator bool() const noexcept { return object_ != nullptr; }
  void* object() const noexcept { return object_; }
  const message_type& type() const noexcept { return *type_; }
  /// The caller owns the object then.
  parts release() noexcept { return {std::exchange(object_, nullptr), type_}; }

 private:
  void* object_ = nullptr;
  const message_type* type_ = nullptr;
};

/// A message on its way out, borrowed for the length of one command: bytes that are encoded
/// already, or an object that the session encodes where the bytes are to be.
class outgoing {
 public:
  outgoing(format f, bytes_view encoded) noexcept : format_(f), bytes_(encoded) {}
  template <class T>
  outgoing(const T& object, format f) noexcept
      : format_(f), object_(const_cast<T*>(&object)), type_(&detail::message_type_of<T>) {}
  /// The session may move from it.
  template <class T>
    requires(!std::is_lvalue_reference_v<T> && !std::is_const_v<T>)
  outgoing(T&& object, format f) noexcept
      : format_(f), object_(&object), type_(&detail::message_type_of<T>), movable_(true) {}
  outgoing(owned_message& object, format f) noexcept
      : format_(f), object_(object.object()), type_(&object.type()), movable_(true) {}

  format encoding() const noexcept { return format_; }
  /// Makes it an event. `head` is borrowed as the message is.
  outgoing& with(const event_head& head) noexcept {
    event_ = &head;
    return *this;
  }
  /// Null when it is no event.
  const event_head* event() const noexcept { return event_; }

  /// Null for encoded bytes.
  const message_type* type() const noexcept { return type_; }
  bytes_view encoded() const noexcept { return bytes_; }

  /// Appends the encoded message.
  status encode(buffer& out) const {
    if (type_ != nullptr) return type_->encode(object_, format_, out);
    out.append(bytes_);
    return {};
  }
  /// Makes it last: as an object where the other end may take one, else as bytes.
  status store(bool as_object, class stored_message& into) const;
  /// The object itself, moved or copied; empty when there is none or it cannot be copied.
  owned_message take() const {
    if (type_ == nullptr) return {};
    if (movable_) return {type_->move(object_), *type_};
    if (type_->copy != nullptr) return {type_->copy(object_), *type_};
    return {};
  }

 private:
  format format_;
  bytes_view bytes_;
  void* object_ = nullptr;
  const message_type* type_ = nullptr;
  const event_head* event_ = nullptr;
  bool movable_ = false;
};

/// A message that came in, borrowed for the length of one callback: bytes, or an object that the
/// receiver may move from.
class incoming {
 public:
  /// `cost`: what the session wants back by `consumed` when somebody has taken the message.
  incoming(format f, bytes_view encoded, std::size_t cost = 0) noexcept
      : format_(f), cost_(cost), bytes_(encoded) {}
  incoming(owned_message& object, format f, std::size_t cost = 0) noexcept
      : format_(f), cost_(cost), object_(&object) {}

  format encoding() const noexcept { return format_; }
  /// Makes it an event. `head` is borrowed as the message is.
  incoming& with(const event_head* head) noexcept {
    event_ = head;
    return *this;
  }
  /// Null when it is no event.
  const event_head* event() const noexcept { return event_; }
  bool is_object() const noexcept { return object_ != nullptr; }
  /// Empty for an object.
  bytes_view encoded() const noexcept { return bytes_; }
  std::size_t cost() const noexcept { return cost_; }

  template <class T>
  status read(std::optional<T>& out, const limits& bounds) const {
    if (object_ == nullptr) return codec<T>::decode(bytes_, format_, out, bounds);
    if (&object_->type() == &detail::message_type_of<T>) {
      out.emplace(std::move(*static_cast<T*>(object_->object())));
      return {};
    }
    buffer encoded;  // the two sides use different types for this method: meet in a common format
    const format f = codec<T>::formats.contains(object_->type().preferred)
                         ? object_->type().preferred
                         : codec<T>::preferred;
    if (auto done = object_->type().encode(object_->object(), f, encoded); !done) return done;
    return codec<T>::decode(encoded.view(), f, out, bounds);
  }
  /// The encoded bytes, which is what untyped handlers want; an object is encoded to its preferred
  /// format.
  status read(std::optional<payload>& out, const limits&) const {
    if (object_ == nullptr) {
      out.emplace(format_, bytes(bytes_));
      return {};
    }
    buffer encoded;
    const format f =
        object_->type().formats.contains(format_) ? format_ : object_->type().preferred;
    if (auto done = object_->type().encode(object_->object(), f, encoded); !done) return done;
    out.emplace(f, bytes(encoded.view()));
    return {};
  }
  /// The object, which is not here any more.
  owned_message take_object() const noexcept { return std::move(*object_); }

 private:
  format format_;
  std::size_t cost_;
  bytes_view bytes_;
  owned_message* object_ = nullptr;
  const event_head* event_ = nullptr;
};

/// A message that waits for a connection.
class stored_message {
 public:
  explicit stored_message(format f) noexcept : format_(f) {}

  bool is_object() const noexcept { return static_cast<bool>(object_); }
  outgoing as_outgoing() noexcept {
    return object_ ? outgoing(object_, format_) : outgoing(format_, bytes_.view());
  }

 private:
  friend class outgoing;
  format format_;
  buffer bytes_;
  owned_message object_;
};

inline status outgoing::store(bool as_object, stored_message& into) const {
  if (as_object) into.object_ = take();
  return into.object_ ? status() : encode(into.bytes_);
}

}  // namespace polywire::inline v1
