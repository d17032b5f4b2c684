// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message.hpp"
#include "polywire/core/clock.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/log.hpp"
#include "polywire/core/metadata.hpp"
#include "polywire/core/result.hpp"
#include "polywire/rpc/registry.hpp"

#include <cstdint>
#include <span>
#include <string_view>

/// The seam between protocols and everything else.
///
/// A session is one connection of one protocol, without the connection: it never touches a socket,
/// a clock or a thread. The layer above gives it commands (open, send, half_close, end, cancel,
/// consumed, drain) and is told what happens through two sinks, one per connection and one per
/// call. All of it on one thread. Commands are legal inside every callback.
namespace polywire::inline v1::rpc {

enum class role : std::uint8_t { client, server };

/// A session's number for a call; means nothing outside of it.
using call_id = std::uint32_t;
inline constexpr call_id no_call = 0;

/// What opens a call. Everything in it is borrowed for the length of the command or callback.
class call_head {
 public:
  call_head(std::string_view name, call_type kind, const polywire::metadata& initial,
            format encoding) noexcept
      : method(name), type(kind), metadata(&initial), messages(encoding) {}

  std::string_view method;
  /// What the client knows of it; `unary` on the server, where the registry knows.
  call_type type;
  const polywire::metadata* metadata;
  /// When the caller gives up.
  time_point deadline = never;
  /// How the messages of both directions are encoded.
  format messages;
  /// Client: the method only reads.
  bool no_side_effects = false;
  /// publish: the key of the event.
  std::string_view key;
  /// subscribe: what is asked for; else null.
  const subscribe_head* subscribe = nullptr;
};

/// One end of a call, as its session sees it. The session forgets the sink, and never calls it
/// again, once it has called `on_end`, or once it was told to `cancel` or `end`.
class call_sink {
 public:
  /// Client: the server's initial metadata, before any message.
  virtual void on_metadata(metadata&& initial) = 0;
  /// `last`: nothing follows in this direction, and `on_half_close` is not called.
  virtual void on_message(const incoming& message, bool last) = 0;
  /// Server: the client sends no more.
  virtual void on_half_close() = 0;
  /// Client: the call is over. Server: it was cancelled, or its connection was lost.
  virtual void on_end(status&& how, metadata&& trailing) = 0;
  /// The message that `send` held is on its way: the next one may come.
  virtual void on_sent() = 0;
  /// Client: the server has made the subscription. Before any event.
  virtual void on_confirmed(const subscribe_position&) {}

 protected:
  ~call_sink() = default;
};

/// A connection, as its session sees it.
class session_sink {
 public:
  /// Server: a peer opens a call. Null refuses it: `refusal` says why, the outcome is `rejected`.
  virtual call_sink* on_open(call_id id, method_entry& method, const call_head& head,
                             status& refusal) = 0;
  /// Client: the peer takes no more calls on this connection; those in flight go on.
  virtual void on_drain() = 0;
  /// More calls may be opened than before.
  virtual void on_capacity() = 0;

 protected:
  ~session_sink() = default;
};

/// What became of a message: gone, or held by the session until the peer has room for it, or
/// refused with a reason (it cannot be encoded, it is too large), in which case the call is as it
/// was before.
enum class sent : std::uint8_t { done, held };

/// What a session is made from. The references outlive it.
class session_config {
 public:
  session_config(const polywire::limits& bounds, session_sink& events) noexcept
      : limits(&bounds), sink(&events) {}

  const polywire::limits* limits;
  session_sink* sink;
  /// Server only: what is served.
  const registry* methods = nullptr;
  /// Client only: "host:port" of the target, for protocols that say it.
  std::string_view authority;
  /// Client only: the path prefix of the URL.
  std::string_view prefix;
  /// What `backend::read_settings` has made of the URL; null for protocols without it.
  const void* settings = nullptr;
  time_point now{};
};

class session {
 public:
  session() = default;
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  virtual ~session() = default;

  /// The time from now on. The layer above says it before commands and events.
  void at(time_point now) noexcept { now_ = now; }

  /// Client: how many calls may be opened now. 0 after the peer said that it drains.
  virtual std::size_t capacity() const noexcept = 0;
  /// Client: whether a call of this type may be opened. Subscriptions do not count as calls.
  virtual bool has_room(call_type) const noexcept { return capacity() > 0; }
  /// Calls that are open.
  virtual std::size_t calls() const noexcept = 0;

  /// Client: opens a call, with its first message if there is one. `last`: nothing follows it.
  /// Needs `has_room`. An error (the message cannot be encoded) means: nothing was opened.
  virtual result<call_id> open(const call_head& head, call_sink& sink, const outgoing* first,
                               bool last) = 0;
  /// Sends a message. After `held` the next `send` has to wait for `on_sent`.
  virtual result<sent> send(call_id id, const outgoing& message, bool last) = 0;
  /// Client: sends no more. Legal while a message is held: it takes effect behind it.
  virtual void half_close(call_id id) = 0;
  /// Server: initial metadata; before the first message.
  virtual void reply(call_id id, const metadata& initial) = 0;
  /// Server: tells the client that its subscription is made, before the first event.
  virtual void confirm(call_id, const subscribe_position&) {}
  /// Server: ends the call, with a last message if there is one. A message that cannot be encoded
  /// ends it `internal`. Legal while a message is held: the end goes behind it.
  virtual void end(call_id id, const outgoing* last, const status& how,
                   const metadata& trailing) = 0;
  /// Server: ends a call that no handler has seen: the outcome is `rejected`, where the protocol
  /// can say so.
  virtual void reject(call_id id, const status& why) { end(id, nullptr, why, metadata()); }
  /// Client: gives the call up. The sink hears nothing more.
  virtual void cancel(call_id id) = 0;
  /// The application has taken a message of this `incoming::cost()`: the peer may send as much
  /// again. Ignored when the call is over.
  virtual void consumed(call_id id, std::size_t cost) = 0;

  /// Tells the peer to open no more calls here; those in flight go on.
  virtual void drain() = 0;
  /// Ends every call with this status and the connection with it. What has been written already
  /// still goes out.
  virtual void close(const status& why) = 0;
  /// True once nothing more will come of this session: the connection is to be closed when its
  /// output is gone.
  virtual bool finished() const noexcept = 0;

 protected:
  time_point now_{};
};

/// A session whose connection is a stream of bytes.
class byte_session : public session {
 public:
  /// Where the next bytes are to be read to, at least one. Valid until `commit`, which must follow
  /// before another session's `prepare` on this thread: idle sessions share one buffer per thread.
  virtual std::span<std::byte> prepare() = 0;
  /// False: read nothing for now. Protocols without credits slow their peer down that way; after
  /// the commands that change it, `consumed` above all, the driver asks again.
  virtual bool wants_input() const noexcept { return true; }
  /// `n` bytes have come; 0 only gives the buffer back.
  virtual void commit(std::size_t n) = 0;
  /// Once it is finished: the connection is to be reset, so that the peer notices at once. What is
  /// not written yet is dropped.
  virtual bool resets() const noexcept { return false; }
  /// Nothing more will be written, while what the peer still sends is read: it is to be told so
  /// when the output is gone.
  virtual bool ends_output() const noexcept { return false; }
  /// What there is to be read is to be read before the output is written: a peer that has closed
  /// the connection while it was idle must not be sent anything.
  virtual bool reads_first() const noexcept { return false; }
  /// The peer has closed its direction.
  virtual void eof() = 0;
  /// The connection is gone; every call ends, with the outcome that fits it.
  virtual void lost(const status& why) = 0;

  /// What is to be written, as few pieces as possible; valid until the next command. What was there
  /// once stays in front until it is consumed: a stream may have begun to send it.
  virtual std::span<const bytes_view> output() = 0;
  virtual void consume_output(std::size_t n) = 0;

  virtual time_point next_timer() const noexcept = 0;
  virtual void on_timer() = 0;
};

}  // namespace polywire::inline v1::rpc
