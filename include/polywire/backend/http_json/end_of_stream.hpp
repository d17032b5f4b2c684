// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/error_json.hpp"
#include "polywire/backend/http_json/fields.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

/// The JSON of Connect's end-of-stream message: the status, and trailing metadata whose values are
/// lists, `{"error":{…},"metadata":{"key":["value"]}}`.
namespace polywire::inline v1::http_json {

inline void write_end_of_stream(const status& how, const metadata& trailing, buffer& out) {
  out.append("{");
  if (!how.ok()) {
    out.append("\"error\":");
    write_error(how, out);
  }
  if (!trailing.empty()) {
    out.append(how.ok() ? "\"metadata\":{" : ",\"metadata\":{");
    std::vector<std::string_view> written;
    for (const auto& [key, first_value] : trailing) {
      if (std::find(written.begin(), written.end(), key) != written.end()) continue;
      out.append(written.empty() ? "" : ",");
      written.push_back(key);
      append_json_string(out, key);
      std::string_view separator = ":[";
      for (const std::string_view value : trailing.get_all(key)) {
        out.append(separator);
        separator = ",";
        const bool binary = metadata::is_binary_key(key);
        append_json_string(
            out, binary ? to_base64(as_bytes(value), base64_form::unpadded) : std::string(value));
      }
      out.append("]");
    }
    out.append("}");
  }
  out.append("}");
}

/// What is malformed becomes the status: `internal`, or `resource_exhausted` for metadata above the
/// limits.
inline void read_end_of_stream(bytes_view json, const limits& bounds, status& how,
                               metadata& trailing) {
  json_reader in(json, bounds.max_json_depth);
  std::string_view key;
  std::string_view value;
  std::string name;
  status problem;
  if (in.enter_object()) {
    while (in.next_key(key)) {
      if (key == "error" && in.peek() == json_kind::object) {
        read_error(in, status_code::unknown, how);
      } else if (key == "metadata" && in.peek() == json_kind::object) {
        in.enter_object();
        while (in.next_key(key)) {
          name = key;
          if (!in.enter_array()) break;
          while (in.next_element() && in.read_string(value)) {
            if (auto added = read_field(name, value, bounds, trailing); !added) problem = added;
          }
        }
      } else {
        in.skip();
      }
    }
  }
  if (!in.finish()) {
    how = status::internal("the end of the stream cannot be read: " + in.error().message());
  } else if (how.ok() && !problem.ok()) {
    how = std::move(problem);
  }
}

}  // namespace polywire::inline v1::http_json
