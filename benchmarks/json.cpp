// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Generated messages as JSON, beside protobuf's own utility.

#include "benchmark.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "work.hpp"

#include <polywire/protobuf.hpp>

#include <google/protobuf/util/json_util.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace benchmarks {
namespace {

using user::v1::CreateUserRequest;
using user::v1::User;

void expect(bool good) {
  if (!good) throw std::runtime_error("JSON failed");
}

class own_codec {
 public:
  template <class T>
  static std::string encode(const T& message) {
    polywire::buffer out;
    expect(polywire::codec<T>::encode(message, polywire::format::json, out).ok());
    return std::string(polywire::as_text(out.view()));
  }
  template <class T>
  static void decode(std::string_view json) {
    static const polywire::limits bounds;
    std::optional<T> message;
    expect(polywire::codec<T>::decode(polywire::as_bytes(json), polywire::format::json, message,
                                      bounds)
               .ok());
  }
};

class utility {
 public:
  template <class T>
  static std::string encode(const T& message) {
    std::string out;
    expect(google::protobuf::util::MessageToJsonString(message, &out).ok());
    return out;
  }
  template <class T>
  static void decode(std::string_view json) {
    T message;
    expect(google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &message).ok());
  }
};

template <class Codec>
double encode(const timing& how) {
  const auto request = make_request();
  const auto reply = make_message<User>();
  return measure_loop(how, [&] {
    expect(Codec::encode(request).size() == 119);
    expect(Codec::encode(reply).size() == 107);
    return 2;
  });
}

template <class Codec>
double decode(const timing& how) {
  const std::string request = utility::encode(make_request());
  const std::string reply = utility::encode(make_message<User>());
  return measure_loop(how, [&] {
    Codec::template decode<CreateUserRequest>(request);
    Codec::template decode<User>(reply);
    return 2;
  });
}

benchmark messages(const char* name, const char* floor, double (*measure)(const timing&)) {
  return {name, "messages/s", floor,
          [measure](const timing& how) { return run_alone([&] { return measure(how); }); }};
}

}  // namespace

std::vector<benchmark> json_benchmarks() {
  return {messages("json/encode", "json/encode/utility", encode<own_codec>),
          messages("json/encode/utility", "", encode<utility>),
          messages("json/decode", "json/decode/utility", decode<own_codec>),
          messages("json/decode/utility", "", decode<utility>)};
}

}  // namespace benchmarks
