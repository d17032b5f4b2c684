// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The input is what a client sends. It must mean the same in every split, and a request that is
// accepted must read the same after it was written by our own client.
#include "fuzz/http1_support.hpp"

#include <cstdint>

using namespace http1_fuzz;

namespace {

/// False: the stream ends here.
bool there_and_back(h1::request_reader& reader, polywire::bytes_view& in) {
  h1::request_head head;
  if (reader.read(in, head) != h1::parse_state::complete) return false;
  in = in.subspan(reader.size());
  message first;
  const std::string target =
      (head.target.starts_with('?') ? "/" : "") + std::string(head.target);  // http://host?query
  const std::string method(head.method);
  const bool modern = head.minor_version == 1;
  const bool has_body = head.body != h1::body_framing::none;
  if (!read_rest(head, in, first)) return false;
  if (!modern) return true;  // we write HTTP/1.1 only

  polywire::buffer out;
  h1::head_writer writer(out);
  require(writer.request(method, target).ok(), "a request line that was read cannot be written");
  write_rest(writer, first, has_body);
  h1::request_reader again;
  h1::request_head second_head;
  require(again.read(out.view(), second_head) == h1::parse_state::complete,
          "what was accepted is refused when it is written");
  require(second_head.method == method && second_head.target == target, "a request line changes");
  polywire::bytes_view rest = out.view().subspan(again.size());
  message second;
  require(read_rest(second_head, rest, second) && rest.empty(),
          "a written request has another end");
  require(second == first, "a request changes when it is written");
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  splits_agree(role::server, stream);
  h1::request_reader reader;
  polywire::bytes_view in = polywire::as_bytes(stream);
  while (there_and_back(reader, in)) {
  }
  return 0;
}
