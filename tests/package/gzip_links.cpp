// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include <polywire/wire/gzip.hpp>

#include <iostream>

// zlib is there and does its work.
int main() {
  polywire::wire::gzip_deflater deflater;
  polywire::wire::gzip_inflater inflater;
  polywire::buffer stream;
  polywire::buffer back;
  const bool good = deflater.deflate_whole(polywire::as_bytes("hello"), stream).ok() &&
                    inflater.inflate_whole(stream.view(), 5, back).ok();
  std::cout << polywire::as_text(back.view()) << '\n';
  return good && polywire::as_text(back.view()) == "hello" ? 0 : 1;
}
