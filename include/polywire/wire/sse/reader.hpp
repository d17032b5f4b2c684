// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/sse/event.hpp"

#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace polywire::inline v1::wire::sse {

enum class read_state : std::uint8_t { need_more, complete, error };

/// Reads the events of one stream from bytes that come in any pieces (9.2.5, 9.2.6):
///
///     reader events(limits.max_message + 64, limits.max_message);
///     while (events.read(input, next) == read_state::complete) use(next);
///
/// It holds `max_event` and `max_line` bytes at most, and none between events. What stands at the
/// end of the stream without an empty line behind it is no event. Bytes that are not UTF-8 are
/// passed on as they are: whoever decodes the data refuses them.
class reader {
 public:
  /// `max_line`: bytes of a line with its field's name and without its end; of any line, comments
  /// included.
  /// `max_event`: bytes of type, data and id of an event together.
  /// `last_event_id`: what an earlier connection came to; it holds until the stream names another.
  reader(std::size_t max_line, std::size_t max_event, std::string last_event_id = {})
      : max_line_(max_line), max_event_(max_event), id_(std::move(last_event_id)), last_id_(id_) {}

  /// Takes the bytes of one event off the front of `in`, or all of `in` when there is none.
  /// Lifetime: the event is in the reader, until the next `read`.
  /// Errors: always the peer's fault and the end of the stream; `problem` says more.
  read_state read(bytes_view& in, event& out) {
    if (!problem_.ok()) return read_state::error;
    if (delivered_) forget_event();
    while (!in.empty()) {
      if (std::exchange(after_cr_, false) && in.front() == std::byte{'\n'}) {
        in = in.subspan(1);
        continue;
      }
      const std::string_view text = as_text(in);
      const std::size_t size = detail::find_line_end(text);
      if (begun_ + size > max_line_) return fail("a line", "max_line", max_line_);
      if (size == text.size()) {
        data_.append(text);
        begun_ += size;
        in = {};
        break;
      }
      // A line ends with its CR: the LF that may follow could be long in coming.
      after_cr_ = text[size] == '\r';
      in = in.subspan(size + 1);
      if (begun_ == 0) {
        take_line(text.substr(0, size));
      } else {
        data_.append(text.substr(0, size));
        begun_ += size;
        take_line(as_text(data_.view()).substr(data_.size() - begun_));
        data_.truncate(data_.size() - begun_);
        begun_ = 0;
      }
      if (event_size() > max_event_) return fail("an event", "max_event", max_event_);
      if (complete_) {
        out.type = type_.empty() ? std::string_view("message") : type_;
        out.data = data_text();
        out.id = last_id_;
        complete_ = false;
        delivered_ = true;
        return read_state::complete;
      }
    }
    return read_state::need_more;
  }

  /// What to send as Last-Event-ID when connecting again. Without CR, LF and NUL, but otherwise
  /// what the peer likes, as long as an event may be.
  const std::string& last_event_id() const noexcept { return last_id_; }
  /// How long the stream wants its reader to wait before that, once it has said so; any length.
  std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }
  /// After an error: `resource_exhausted`, for a line or an event above its limit.
  const status& problem() const noexcept { return problem_; }

 private:
  void take_line(std::string_view line) {
    if (std::exchange(at_start_, false) && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.empty()) return dispatch();
    const std::size_t colon = line.find(':');
    if (colon == 0) return;  // a comment
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(std::min(name.size() + 1, line.size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
      take_data(value);
    } else if (name == "event") {
      type_ = value;
    } else if (name == "id") {
      if (value.find('\0') == std::string_view::npos) id_ = value;
    } else if (name == "retry") {
      take_retry(value);
    }
  }

  void take_data(std::string_view value) {
    if (begun_ == 0) {
      data_.append(value);
    } else {  // the value is in `data_` already, behind its name
      std::memmove(data_.data() + data_.size() - begun_, value.data(), value.size());
      data_.truncate(data_.size() - begun_ + value.size());
      begun_ = 0;
    }
    data_.append("\n");
  }

  void take_retry(std::string_view value) noexcept {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (value.empty() || !std::ranges::all_of(value, is_digit)) return;
    std::chrono::milliseconds::rep count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    retry_ =
        error == std::errc() ? std::chrono::milliseconds(count) : std::chrono::milliseconds::max();
  }

  void dispatch() {
    last_id_ = id_;  // also without data
    if (data_.size() == begun_) {
      type_.clear();
    } else {
      complete_ = true;
    }
  }

  // Without the line end behind the last line.
  std::string_view data_text() const noexcept {
    const std::string_view text = as_text(data_.view());
    return text.substr(0, text.empty() ? 0 : text.size() - 1);
  }
  std::size_t event_size() const noexcept { return data_text().size() + type_.size() + id_.size(); }

  void forget_event() noexcept {
    data_.clear();
    data_.shrink();
    type_.clear();
    delivered_ = false;
  }

  read_state fail(const char* what, const char* limit, std::size_t most) {
    problem_ = status::resource_exhausted(std::string(what) +
                                          " of the event stream is longer than the limit " + limit +
                                          " of " + std::to_string(most) + " bytes");
    begun_ = 0;
    forget_event();
    return read_state::error;
  }

  std::size_t max_line_;
  std::size_t max_event_;
  bool at_start_ = true;    // of the stream, where a byte order mark may be
  bool after_cr_ = false;   // the line ended with CR: an LF belongs to it
  bool complete_ = false;   // an empty line came behind data
  bool delivered_ = false;  // what is kept was given out
  std::size_t begun_ = 0;   // bytes at the end of `data_` that are the front of a line
  buffer data_;             // each line of the data with LF behind; and a line that came in pieces
  std::string type_;
  std::string id_;       // of the event to come
  std::string last_id_;  // of the last one that ended
  std::optional<std::chrono::milliseconds> retry_;
  status problem_;
};

}  // namespace polywire::inline v1::wire::sse
