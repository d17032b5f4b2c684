// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::testing::conformance {

/// What a backend can do. Everything is on by default; where something is off, the scenarios that
/// need it check that the backend refuses it as it should.
class capabilities {
 public:
  capabilities() = default;

  capabilities& server_streaming(bool can) { return server_streaming_ = can, *this; }
  capabilities& client_streaming(bool can) { return client_streaming_ = can, *this; }
  capabilities& bidi_streaming(bool can) { return bidi_streaming_ = can, *this; }
  capabilities& topics(bool can) { return topics_ = can, *this; }
  /// Messages are encoded on the way. Off: objects are handed over as they are, so there is no
  /// encoding that could fail and no size to limit.
  capabilities& carries_bytes(bool does) { return carries_bytes_ = does, *this; }
  /// There are connections made of byte streams, which `stream_hook` sees and which can break.
  capabilities& crosses_processes(bool does) { return crosses_processes_ = does, *this; }
  /// How many calls of one client can be in flight together.
  capabilities& concurrent_calls(std::size_t most) { return concurrent_calls_ = most, *this; }
  /// All calls of a client share one connection.
  capabilities& shares_connection(bool does) { return shares_connection_ = does, *this; }
  /// The most bytes of one call that may be under way while its reader does not read. More than a
  /// mebibyte is right where the kernel's socket buffers are the only bound.
  capabilities& buffers(std::size_t bytes) { return buffers_ = bytes, *this; }

  /// Blanks at the ends of a metadata value arrive. Off: such values are refused.
  capabilities& keeps_outer_blanks(bool does) { return keeps_outer_blanks_ = does, *this; }

  /// Peers are asked for signs of life. Off: one that vanishes is found out when a call's deadline
  /// passes.
  capabilities& pings(bool does) { return pings_ = does, *this; }

  bool server_streaming() const noexcept { return server_streaming_; }
  bool client_streaming() const noexcept { return client_streaming_; }
  bool bidi_streaming() const noexcept { return bidi_streaming_; }
  bool topics() const noexcept { return topics_; }
  bool carries_bytes() const noexcept { return carries_bytes_; }
  bool crosses_processes() const noexcept { return crosses_processes_; }
  std::size_t concurrent_calls() const noexcept { return concurrent_calls_; }
  bool shares_connection() const noexcept { return shares_connection_; }
  std::size_t buffers() const noexcept { return buffers_; }
  bool pings() const noexcept { return pings_; }
  bool keeps_outer_blanks() const noexcept { return keeps_outer_blanks_; }

 private:
  bool server_streaming_ = true;
  bool client_streaming_ = true;
  bool bidi_streaming_ = true;
  bool topics_ = true;
  bool carries_bytes_ = true;
  bool crosses_processes_ = true;
  bool shares_connection_ = true;
  bool keeps_outer_blanks_ = true;
  bool pings_ = true;
  std::size_t concurrent_calls_ = 10'000;
  std::size_t buffers_ = std::size_t{1} << 20;
};

/// Where the scenarios run: a URL scheme and what it can do.
class environment {
 public:
  /// `listen_url` gives a URL that a server can listen on, another one each time:
  /// "tcp://127.0.0.1:0".
  environment(std::string scheme, std::function<std::string()> listen_url,
              conformance::capabilities able = {})
      : scheme_(std::move(scheme)), listen_url_(std::move(listen_url)), able_(able) {}

  const std::string& scheme() const noexcept { return scheme_; }
  std::string listen_url() const { return listen_url_(); }
  const conformance::capabilities& can() const noexcept { return able_; }

 private:
  std::string scheme_;
  std::function<std::string()> listen_url_;
  conformance::capabilities able_;
};

/// One thing that must hold on every backend. `run` throws when it does not.
class scenario {
 public:
  constexpr scenario(std::string_view section, std::string_view name,
                     void (*body)(const environment&)) noexcept
      : section_(section), name_(name), run_(body) {}

  constexpr std::string_view section() const noexcept { return section_; }
  /// A sentence about behaviour.
  constexpr std::string_view name() const noexcept { return name_; }
  void run(const environment& where) const { run_(where); }

 private:
  std::string_view section_;
  std::string_view name_;
  void (*run_)(const environment&);
};

}  // namespace polywire::inline v1::testing::conformance
