// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/utf8.hpp"

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// The messages of grpc.health.v1.Health, written by hand: a header-only library has no generated
/// code.
///
///     message HealthCheckRequest  { string service = 1; }
///     message HealthCheckResponse { ServingStatus status = 1; }   // an enum, its values below
namespace polywire::inline v1 {

enum class serving_status : std::uint8_t { unknown, serving, not_serving, service_unknown };

class health_check_request {
 public:
  health_check_request() = default;
  explicit health_check_request(std::string name) : service(std::move(name)) {}

  /// Empty: the server as a whole.
  std::string service;
};

class health_check_response {
 public:
  health_check_response() = default;
  explicit health_check_response(serving_status how) noexcept : status(how) {}

  serving_status status = serving_status::unknown;
};

namespace detail {

/// Reads a protobuf message of which only field 1 is known.
class field_one_reader {
 public:
  explicit field_one_reader(bytes_view in) noexcept : rest_(as_text(in)) {}

  /// Field 1, by its wire type; the last one counts. False: malformed.
  bool read(std::optional<std::uint64_t>& number, std::optional<std::string_view>& text) {
    while (!rest_.empty()) {
      std::uint64_t tag = 0;
      if (!varint(tag) || tag >> 3U == 0 || tag > UINT32_MAX) return false;
      std::uint64_t n = 0;
      switch (tag & 7U) {
        case 0:
          if (!varint(n)) return false;
          if (tag >> 3U == 1) number = n;
          break;
        case 1:
          if (!skip(8)) return false;
          break;
        case 2: {
          if (!varint(n) || n > rest_.size()) return false;
          const std::string_view value = rest_.substr(0, static_cast<std::size_t>(n));
          rest_.remove_prefix(value.size());
          if (tag >> 3U == 1) text = value;
          break;
        }
        case 5:
          if (!skip(4)) return false;
          break;
        default: return false;  // groups, which nobody sends any more, and what is nothing
      }
    }
    return true;
  }

 private:
  bool varint(std::uint64_t& value) noexcept {
    value = 0;
    for (unsigned shift = 0; shift < 70 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool skip(std::size_t n) noexcept {
    if (rest_.size() < n) return false;
    rest_.remove_prefix(n);
    return true;
  }

  std::string_view rest_;
};

// What they look like as JSON.
class health_request_json {
 public:
  std::string service;

  friend void to_json(nlohmann::json& json, const health_request_json& value) {
    json["service"] = value.service;
  }
  friend void from_json(const nlohmann::json& json, health_request_json& value) {
    json.at("service").get_to(value.service);
  }
};
class health_response_json {
 public:
  std::string status = "UNKNOWN";

  friend void to_json(nlohmann::json& json, const health_response_json& value) {
    json["status"] = value.status;
  }
  friend void from_json(const nlohmann::json& json, health_response_json& value) {
    json.at("status").get_to(value.status);
  }
};

class health_codec {
 public:
  static constexpr format_set formats{format::protobuf, format::json};
  static constexpr format preferred = format::protobuf;

 protected:
  static status malformed() { return status::invalid_argument("malformed protobuf message"); }
};

}  // namespace detail

template <>
struct codec<health_check_request, codec_family::json> : detail::health_codec {
  static status encode(const health_check_request& value, format f, buffer& out) {
    if (f == format::json) {
      detail::health_request_json json;
      json.service = value.service;
      return codec<detail::health_request_json>::encode(json, f, out);
    }
    if (f != format::protobuf) return detail::wrong_format(formats, f);
    if (valid_utf8(value.service) != value.service.size()) {
      return status::invalid_argument("the name of a service is UTF-8");
    }
    if (value.service.empty()) return {};
    std::string head = "\x0a";
    std::size_t left = value.service.size();
    for (; left > 0x7f; left >>= 7U) head += static_cast<char>((left & 0x7fU) | 0x80U);
    head += static_cast<char>(left);
    out.append(head);
    out.append(value.service);
    return {};
  }
  static status decode(bytes_view in, format f, std::optional<health_check_request>& out,
                       const limits& bounds) {
    if (f == format::json) {
      std::optional<detail::health_request_json> json;
      auto done = codec<detail::health_request_json>::decode(in, f, json, bounds);
      if (done) out.emplace(std::move(json->service));
      return done;
    }
    if (f != format::protobuf) return detail::wrong_format(formats, f);
    std::optional<std::uint64_t> number;
    std::optional<std::string_view> text;
    if (!detail::field_one_reader(in).read(number, text)) return malformed();
    if (text && valid_utf8(*text) != text->size()) return malformed();
    out.emplace(std::string(text.value_or("")));
    return {};
  }
  static message_fields fields() { return codec<detail::health_request_json>::fields(); }
};

template <>
struct codec<health_check_response, codec_family::json> : detail::health_codec {
  static status encode(const health_check_response& value, format f, buffer& out) {
    const auto number = static_cast<std::size_t>(value.status);
    if (f == format::json) {
      detail::health_response_json json;
      json.status = names[number];
      return codec<detail::health_response_json>::encode(json, f, out);
    }
    if (f != format::protobuf) return detail::wrong_format(formats, f);
    if (number != 0) out.append(std::string{'\x08', static_cast<char>(number)});
    return {};
  }
  static status decode(bytes_view in, format f, std::optional<health_check_response>& out,
                       const limits& bounds) {
    std::size_t number = 0;
    if (f == format::json) {
      std::optional<detail::health_response_json> json;
      if (auto done = codec<detail::health_response_json>::decode(in, f, json, bounds); !done) {
        return done;
      }
      while (number < std::size(names) && json->status != names[number]) ++number;
    } else if (f == format::protobuf) {
      std::optional<std::uint64_t> value;
      std::optional<std::string_view> text;
      if (!detail::field_one_reader(in).read(value, text)) return malformed();
      number = static_cast<std::size_t>(value.value_or(0));
    } else {
      return detail::wrong_format(formats, f);
    }
    // What later versions may say is unknown here.
    if (number >= std::size(names)) number = 0;
    out.emplace(static_cast<serving_status>(number));
    return {};
  }

 private:
  static constexpr std::string_view names[] = {"UNKNOWN", "SERVING", "NOT_SERVING",
                                               "SERVICE_UNKNOWN"};
};

}  // namespace polywire::inline v1
