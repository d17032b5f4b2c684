// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The input is what a server sends, to requests that are HEAD or are not. It must mean the same in
// every split, and a response that is accepted must read the same after our own server wrote it.
#include "fuzz/http1_support.hpp"

#include <cstdint>

using namespace http1_fuzz;

namespace {

/// False: the stream ends here.
bool there_and_back(h1::response_reader& reader, polywire::bytes_view& in) {
  h1::response_head head;
  if (reader.read(in, false, head) != h1::parse_state::complete) return false;
  in = in.subspan(reader.size());
  message first;
  const unsigned status = head.status;
  require(status >= 100 && status <= 999, "a status has not three digits");
  const bool has_body = head.body != h1::body_framing::none;
  const bool until_close = head.body == h1::body_framing::until_close;
  const bool modern = head.minor_version == 1;
  if (!read_rest(head, in, first)) return false;
  if (!modern) return true;

  polywire::buffer out;
  h1::head_writer writer(out);
  writer.response(status);
  write_rest(writer, first, has_body);
  h1::response_reader again;
  h1::response_head second_head;
  require(again.read(out.view(), false, second_head) == h1::parse_state::complete,
          "what was accepted is refused when it is written");
  require(second_head.status == status, "a status changes");
  polywire::bytes_view rest = out.view().subspan(again.size());
  message second;
  require(read_rest(second_head, rest, second) && rest.empty(),
          "a written response has another end");
  // With a length, or without the framing of a body that cannot be, the connection may stay.
  if (until_close || !has_body) second.keep_alive = first.keep_alive;
  require(second == first, "a response changes when it is written");
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  splits_agree(role::client, stream);
  splits_agree(role::client_after_head, stream);
  h1::response_reader reader;
  polywire::bytes_view in = polywire::as_bytes(stream);
  while (there_and_back(reader, in)) {
  }
  return 0;
}
