// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The first byte says whether gzip was agreed on and how the stream is cut, the rest is a stream of
// Connect: its messages, unpacked, and its end are the same whole and in pieces, and no message is
// longer than the limit.
#include "polywire/backend/http_json/message_reader.hpp"
#include "polywire/gzip.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace hj = polywire::http_json;
namespace wc = polywire::wire::connect;
using polywire::bytes_view;

namespace {

constexpr std::size_t max_message = 300;

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

/// What is read from the stream in pieces of that size, as text.
std::string outcome(bytes_view stream, std::size_t piece, hj::packing how) {
  std::string all;
  hj::message_reader reader(max_message, how, wc::end_stream_flag);
  wc::envelope next;
  while (!stream.empty() && reader.problem().ok()) {
    // A copy of exactly that size, so that the address sanitizer sees one byte too far.
    const bytes_view part = stream.first(std::min(piece, stream.size()));
    const std::vector<std::byte> exact(part.begin(), part.end());
    stream = stream.subspan(part.size());
    bytes_view in(exact);
    while (reader.read(in, next) == wc::envelope_state::complete) {
      require(next.message.size() <= max_message, "a message above the limit");
      all.append(std::to_string(next.flags)).append(polywire::as_text(next.message)).append("|");
    }
    require(in.empty() || !reader.problem().ok(), "bytes are left over");
  }
  return all + reader.finish().to_string();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const hj::packing how((data[0] & 1) != 0 ? &polywire::http_carrier::gzip : nullptr);
  const std::size_t piece = 1 + (data[0] >> 1);
  const bytes_view stream(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const std::string whole = outcome(stream, size, how);
  require(outcome(stream, piece, how) == whole && outcome(stream, 1, how) == whole,
          "a stream in pieces means something else");
  return 0;
}
