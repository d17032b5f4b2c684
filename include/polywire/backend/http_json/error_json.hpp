// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_reader.hpp"
#include "polywire/codec/json_writer.hpp"
#include "polywire/core/base64.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"
#include "polywire/wire/connect/code.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::http_json {

/// Appends a status as Connect's error object: code, message, details. A detail that is not
/// protobuf has a member "format" beside Connect's, which others pass over.
inline void write_error(const status& how, buffer& out) {
  out.append("{\"code\":\"");
  out.append(wire::connect::code_name(how.code()));
  out.append("\"");
  if (!how.message().empty()) {
    out.append(",\"message\":");
    if (!append_json_string(out, how.message())) {
      append_json_string(out, polywire::detail::shown(how.message(), how.message().size()));
    }
  }
  if (!how.details().empty()) {
    out.append(",\"details\":[");
    bool first = true;
    for (const status_detail& detail : how.details()) {
      out.append(first ? "{\"type\":" : ",{\"type\":");
      first = false;
      append_json_string(out, detail.type_name());
      out.append(",\"value\":\"");
      append_base64(detail.value().data().view(), out, base64_form::unpadded);
      out.append("\"");
      if (detail.value().encoding() != format::protobuf) {
        out.append(",\"format\":\"");
        out.append(to_string(detail.value().encoding()));
        out.append("\"");
      }
      out.append("}");
    }
    out.append("]");
  }
  out.append("}");
}

namespace detail {

inline bool read_detail(json_reader& in, status_detail& out) {
  std::string_view key;
  std::string_view text;
  std::string type;
  std::string value;
  format encoding = format::protobuf;
  bool good = true;
  if (!in.enter_object()) return false;
  while (in.next_key(key)) {
    if (key == "type" && in.peek() == json_kind::string) {
      in.read_string(text);
      // Older peers write the URL of an Any.
      type = text.substr(text.rfind('/') + 1);
    } else if (key == "value" && in.peek() == json_kind::string) {
      in.read_string(text);
      good = decode_base64(text, value) && good;
    } else if (key == "format" && in.peek() == json_kind::string) {
      in.read_string(text);
      for (const format f : {format::json, format::text, format::bytes}) {
        if (text == to_string(f)) encoding = f;
      }
    } else {
      in.skip();
    }
  }
  out = status_detail(std::move(type), payload(encoding, std::string_view(value)));
  return in.ok() && good;
}

}  // namespace detail

/// A status keeps this much of what a peer sends; what is above is dropped.
inline constexpr std::size_t max_error_message = std::size_t{64} << 10;
inline constexpr std::size_t max_error_details = 64;

/// Reads an error object. `otherwise`: the code where it has none that is known. False: this is no
/// error object; `out` then has that code and no message.
inline bool read_error(json_reader& in, status_code otherwise, status& out) {
  std::string_view key;
  std::string_view text;
  status_code code = otherwise;
  std::string message;
  std::vector<status_detail> details;
  bool good = in.peek() == json_kind::object && in.enter_object();
  while (good && in.next_key(key)) {
    if (key == "code" && in.peek() == json_kind::string) {
      in.read_string(text);
      code = wire::connect::parse_code(text).value_or(otherwise);
    } else if (key == "message" && in.peek() == json_kind::string) {
      in.read_string(text);
      message = text.substr(0, max_error_message);
      message.resize(valid_utf8(message));  // it may have been cut within a character
    } else if (key == "details" && in.peek() == json_kind::array) {
      in.enter_array();
      while (good && in.next_element()) {
        status_detail detail;
        good = detail::read_detail(in, detail);
        if (details.size() < max_error_details) details.push_back(std::move(detail));
      }
    } else {
      in.skip();
    }
  }
  good = good && in.ok();
  out = status(good ? code : otherwise, good ? std::move(message) : std::string());
  if (good) {
    for (status_detail& d : details) out.add_detail(std::move(d));
  }
  return good;
}

}  // namespace polywire::inline v1::http_json
