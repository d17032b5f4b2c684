// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "connectrpc/conformance/v1/client_compat.pb.h"
#include "connectrpc/conformance/v1/server_compat.pb.h"
#include "connectrpc/conformance/v1/service.pb.h"

#include <polywire/core/base64.hpp>
#include <polywire/core/metadata.hpp>
#include <polywire/core/method.hpp>
#include <polywire/core/status.hpp>
#include <polywire/protobuf.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include <stdlib.h>

/// What the two programs share that run.sh hands to `connectconformance`: the service of that
/// suite, and how the suite speaks with a program.
namespace interop {

namespace suite = connectrpc::conformance::v1;

inline constexpr polywire::unary<suite::UnaryRequest, suite::UnaryResponse> unary{
    "connectrpc.conformance.v1.ConformanceService/Unary"};
inline constexpr polywire::unary<suite::IdempotentUnaryRequest, suite::IdempotentUnaryResponse>
    idempotent_unary{"connectrpc.conformance.v1.ConformanceService/IdempotentUnary",
                     polywire::no_side_effects};
inline constexpr polywire::unary<suite::UnimplementedRequest, suite::UnimplementedResponse>
    unimplemented{"connectrpc.conformance.v1.ConformanceService/Unimplemented"};
inline constexpr polywire::server_streaming<suite::ServerStreamRequest, suite::ServerStreamResponse>
    server_stream{"connectrpc.conformance.v1.ConformanceService/ServerStream"};
inline constexpr polywire::client_streaming<suite::ClientStreamRequest, suite::ClientStreamResponse>
    client_stream{"connectrpc.conformance.v1.ConformanceService/ClientStream"};
inline constexpr polywire::bidi_streaming<suite::BidiStreamRequest, suite::BidiStreamResponse>
    bidi_stream{"connectrpc.conformance.v1.ConformanceService/BidiStream"};

using headers = google::protobuf::RepeatedPtrField<suite::Header>;

/// Binary values as they stand on the wire.
inline void to_headers(const polywire::metadata& from, headers& to) {
  for (const auto& [key, value] : from) {
    suite::Header* header = nullptr;
    for (suite::Header& known : to) {
      if (known.name() == key) header = &known;
    }
    if (header == nullptr) {
      header = to.Add();
      header->set_name(key);
    }
    const bool binary = polywire::metadata::is_binary_key(key);
    header->add_value(
        binary ? polywire::to_base64(polywire::as_bytes(value), polywire::base64_form::unpadded)
               : value);
  }
}

/// `add` takes a key and a value.
template <class Add>
void from_headers(const headers& from, Add add) {
  for (const suite::Header& header : from) {
    for (const std::string& value : header.value()) {
      std::string decoded;
      const bool binary = polywire::metadata::is_binary_key(header.name());
      if (binary && !polywire::decode_base64(value, decoded)) continue;
      add(header.name(), binary ? decoded : value);
    }
  }
}

/// A message on the standard input, behind its size in four bytes. False: there is no more.
template <class Message>
bool read_message(Message& message) {
  unsigned char head[4];
  if (!std::cin.read(reinterpret_cast<char*>(head), sizeof head)) return false;
  std::uint32_t size = 0;
  for (const unsigned char byte : head) size = size << 8U | byte;
  std::string bytes(size, '\0');
  return std::cin.read(bytes.data(), static_cast<std::streamsize>(size)) &&
         message.ParseFromString(bytes);
}

template <class Message>
void write_message(const Message& message) {
  const std::string bytes = message.SerializeAsString();
  for (int shift = 24; shift >= 0; shift -= 8) {
    std::cout.put(static_cast<char>(bytes.size() >> static_cast<unsigned>(shift)));
  }
  std::cout << bytes << std::flush;
}

/// A folder for what the suite sends as bytes and the library wants as files.
class folder {
 public:
  folder() : path_((std::filesystem::temp_directory_path() / "polywire-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::filesystem::filesystem_error("mkdtemp", {});
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  /// Returns the name of the new file.
  std::string write(const std::string& name, const std::string& content) const {
    std::string file = path_ + "/" + name;
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

 private:
  std::string path_;
};

}  // namespace interop
