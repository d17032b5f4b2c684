// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The first byte says which flags may come and how the stream is cut, the rest is the stream. Its
// envelopes and its end are the same whole and in pieces, and writing them again gives the stream.
#include "polywire/wire/connect/envelope.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace wc = polywire::wire::connect;
using polywire::buffer;
using polywire::bytes_view;

namespace {

constexpr std::size_t max_message = 300;

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

class outcome {
 public:
  outcome(bytes_view stream, std::size_t piece, std::uint8_t allowed) {
    wc::envelope_reader reader(max_message, allowed);
    wc::envelope next;
    while (!stream.empty() && reader.problem().ok()) {
      // A copy of exactly that size, so that the address sanitizer sees one byte too far.
      const bytes_view part = stream.first(std::min(piece, stream.size()));
      const std::vector<std::byte> exact(part.begin(), part.end());
      stream = stream.subspan(part.size());
      bytes_view in(exact);
      while (reader.read(in, next) == wc::envelope_state::complete) {
        require(next.message.size() <= max_message, "a message above the limit");
        require((next.flags & ~allowed) == 0, "a flag that is not allowed");
        wc::append_envelope(written, next.message, next.flags);
        ++count;
      }
      require(in.empty() || !reader.problem().ok(), "bytes are left over");
    }
    end = reader.finish().to_string();
  }

  buffer written;
  std::size_t count = 0;
  std::string end;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto allowed = static_cast<std::uint8_t>(data[0] & 3);
  const std::size_t piece = 1 + (data[0] >> 2);
  const bytes_view stream(reinterpret_cast<const std::byte*>(data + 1), size - 1);

  const outcome whole(stream, size, allowed);
  require(whole.written.size() <= stream.size() &&
              std::ranges::equal(whole.written.view(), stream.first(whole.written.size())),
          "the envelopes are not the stream");
  require(whole.end != "ok" || whole.written.size() == stream.size(), "bytes were lost");
  for (const std::size_t n : {piece, std::size_t{1}}) {
    const outcome split(stream, n, allowed);
    require(split.count == whole.count && split.end == whole.end &&
                std::ranges::equal(split.written.view(), whole.written.view()),
            "a stream in pieces means something else");
  }
  return 0;
}
