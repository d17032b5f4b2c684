// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The first byte says how the stream is cut, the rest is inflated: as it is, and as the inside of a
// member whose head is good. Whole and in pieces it gives the same, within the bound. As plain
// bytes it comes back from a stream.
#include "polywire/wire/gzip.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace wire = polywire::wire;
using polywire::buffer;
using polywire::bytes_view;

namespace {

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

struct outcome {
  std::string how;
  std::string text;
  bool operator==(const outcome&) const = default;
};

outcome inflate(bytes_view stream, std::size_t piece, std::size_t most) {
  static wire::gzip_inflater inflater;  // whatever came before
  inflater.start(most);
  buffer out;
  while (!stream.empty()) {
    // A copy of exactly that size, so that the address sanitizer sees one byte too far.
    const bytes_view part = stream.first(std::min(piece, stream.size()));
    const std::vector<std::byte> exact(part.begin(), part.end());
    stream = stream.subspan(part.size());
    const bool good = inflater.write(exact, out).ok();
    require(out.size() <= most, "more than the bound");
    require(out.capacity() <= 2 * most + 64, "storage far above the bound");
    if (!good) break;
  }
  return {inflater.finish().to_string(), std::string(polywire::as_text(out.view()))};
}

void inflate_all_ways(bytes_view stream, std::size_t piece) {
  constexpr std::size_t most = 20'000;
  const outcome whole = inflate(stream, stream.size() + 1, most);
  require(inflate(stream, 1, most) == whole, "a stream byte for byte means something else");
  require(inflate(stream, piece, most) == whole, "a stream in pieces means something else");
  const std::size_t size = whole.text.size();
  if (whole.how == "ok") {
    require(inflate(stream, piece, size) == whole, "a stream does not fit its own size");
  }
  if (size > 0) {
    const outcome less = inflate(stream, piece, size - 1);
    require(less.how.starts_with("resource_exhausted") && less.text.size() == size - 1 &&
                whole.text.starts_with(less.text),
            "a bound does not hold");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::size_t{1} + data[0];
  const bytes_view input(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  inflate_all_ways(input, piece);

  std::string within("\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
  within.append(polywire::as_text(input));
  inflate_all_ways(polywire::as_bytes(within), piece);

  static wire::gzip_deflater deflater(1);
  buffer stream;
  require(deflater.deflate_whole(input, stream).ok(), "deflating fails");
  const outcome back = inflate(stream.view(), piece, input.size());
  require(back.how == "ok" && back.text == polywire::as_text(input), "bytes do not come back");
  return 0;
}
