// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/payload.hpp"

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// The 17 codes of gRPC, with its numbers: every backend maps them to what its protocol knows.
enum class status_code : std::uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

inline constexpr std::size_t status_code_count = 17;

constexpr std::string_view to_string(status_code code) noexcept {
  constexpr std::string_view names[status_code_count] = {"ok",
                                                         "cancelled",
                                                         "unknown",
                                                         "invalid_argument",
                                                         "deadline_exceeded",
                                                         "not_found",
                                                         "already_exists",
                                                         "permission_denied",
                                                         "resource_exhausted",
                                                         "failed_precondition",
                                                         "aborted",
                                                         "out_of_range",
                                                         "unimplemented",
                                                         "internal",
                                                         "unavailable",
                                                         "data_loss",
                                                         "unauthenticated"};
  const auto number = static_cast<std::size_t>(code);
  return number < status_code_count ? names[number] : std::string_view("unknown");
}

/// How far a failed call got: what a caller needs to know before it repeats one.
enum class outcome : std::uint8_t {
  not_sent,         ///< no byte left this process: always safe to repeat
  rejected,         ///< the peer refused it before any handler saw it: safe to repeat
  maybe_processed,  ///< the answer was lost: repeat only what is idempotent
  processed,        ///< the peer answered
};

constexpr std::string_view to_string(outcome o) noexcept {
  switch (o) {
    case outcome::not_sent: return "not_sent";
    case outcome::rejected: return "rejected";
    case outcome::maybe_processed: return "maybe_processed";
    case outcome::processed: return "processed";
  }
  return "unknown";
}

/// A typed value attached to a status, such as google.rpc.BadRequest.
class status_detail {
 public:
  status_detail() = default;
  /// `type_name`: full name of the message type, without a URL prefix.
  status_detail(std::string type_name, payload value)
      : type_name_(std::move(type_name)), value_(std::move(value)) {}

  const std::string& type_name() const noexcept { return type_name_; }
  const payload& value() const noexcept { return value_; }

  friend bool operator==(const status_detail&, const status_detail&) = default;

 private:
  std::string type_name_;
  payload value_;
};

/// How a call ended: code, message for people, details for programs, and for failures the outcome.
/// Success costs no allocation: it is one null pointer.
class [[nodiscard]] status {
 public:
  status() noexcept = default;
  explicit status(status_code code, std::string message = {}, outcome reached = outcome::processed)
      : rep_(code == status_code::ok ? nullptr
                                     : std::make_unique<rep>(code, reached, std::move(message))) {}
  status(const status& other) : rep_(other.rep_ ? std::make_unique<rep>(*other.rep_) : nullptr) {}
  status(status&&) noexcept = default;
  status& operator=(const status& other) {
    if (this != &other) rep_ = other.rep_ ? std::make_unique<rep>(*other.rep_) : nullptr;
    return *this;
  }
  status& operator=(status&&) noexcept = default;
  ~status() = default;

  static status cancelled(std::string m) { return status(status_code::cancelled, std::move(m)); }
  static status unknown(std::string m) { return status(status_code::unknown, std::move(m)); }
  static status invalid_argument(std::string m) {
    return status(status_code::invalid_argument, std::move(m));
  }
  static status deadline_exceeded(std::string m) {
    return status(status_code::deadline_exceeded, std::move(m));
  }
  static status not_found(std::string m) { return status(status_code::not_found, std::move(m)); }
  static status already_exists(std::string m) {
    return status(status_code::already_exists, std::move(m));
  }
  static status permission_denied(std::string m) {
    return status(status_code::permission_denied, std::move(m));
  }
  static status resource_exhausted(std::string m) {
    return status(status_code::resource_exhausted, std::move(m));
  }
  static status failed_precondition(std::string m) {
    return status(status_code::failed_precondition, std::move(m));
  }
  static status aborted(std::string m) { return status(status_code::aborted, std::move(m)); }
  static status out_of_range(std::string m) {
    return status(status_code::out_of_range, std::move(m));
  }
  static status unimplemented(std::string m) {
    return status(status_code::unimplemented, std::move(m));
  }
  static status internal(std::string m) { return status(status_code::internal, std::move(m)); }
  static status unavailable(std::string m) {
    return status(status_code::unavailable, std::move(m));
  }
  static status data_loss(std::string m) { return status(status_code::data_loss, std::move(m)); }
  static status unauthenticated(std::string m) {
    return status(status_code::unauthenticated, std::move(m));
  }

  bool ok() const noexcept { return !rep_; }
  explicit operator bool() const noexcept { return ok(); }
  status_code code() const noexcept { return rep_ ? rep_->code : status_code::ok; }
  const std::string& message() const noexcept { return rep_ ? rep_->message : empty_string(); }
  const std::vector<status_detail>& details() const noexcept {
    return rep_ ? rep_->details : no_details();
  }
  outcome reached() const noexcept { return rep_ ? rep_->reached : outcome::processed; }

  /// Both have no effect on success.
  status& add_detail(status_detail detail) & {
    if (rep_) rep_->details.push_back(std::move(detail));
    return *this;
  }
  status&& add_detail(status_detail detail) && {
    add_detail(std::move(detail));
    return std::move(*this);
  }
  status& set_reached(outcome reached) & noexcept {
    if (rep_) rep_->reached = reached;
    return *this;
  }
  status&& set_reached(outcome reached) && noexcept {
    set_reached(reached);
    return std::move(*this);
  }

  /// "not_found: no user 7", "ok".
  std::string to_string() const {
    std::string out(polywire::to_string(code()));
    if (!message().empty()) out.append(": ").append(message());
    return out;
  }

  /// As `to_string`. A template only so that no stream header is needed here.
  template <class Traits>
  friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                      const status& how) {
    return out << how.to_string();
  }

  friend bool operator==(const status& a, const status& b) {
    return a.code() == b.code() && a.message() == b.message() && a.details() == b.details();
  }

 private:
  struct rep {
    rep(status_code c, outcome o, std::string m) : code(c), reached(o), message(std::move(m)) {}
    status_code code;
    outcome reached;
    std::string message;
    std::vector<status_detail> details;
  };
  static const std::string& empty_string() noexcept {
    static const std::string empty;
    return empty;
  }
  static const std::vector<status_detail>& no_details() noexcept {
    static const std::vector<status_detail> none;
    return none;
  }

  std::unique_ptr<rep> rep_;
};

}  // namespace polywire::inline v1
