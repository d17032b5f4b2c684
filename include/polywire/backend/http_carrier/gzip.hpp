// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/compression.hpp"
#include "polywire/wire/gzip.hpp"

namespace polywire::inline v1::http_carrier {

/// Each thread keeps the state of one: bodies are inflated and deflated in one go.
inline const compression gzip{"gzip",
                              [](bytes_view in, std::size_t max_output, buffer& out) {
                                thread_local wire::gzip_inflater inflater;
                                return inflater.inflate_whole(in, max_output, out);
                              },
                              [](bytes_view in, buffer& out) {
                                thread_local wire::gzip_deflater deflater;
                                return deflater.deflate_whole(in, out);
                              }};

}  // namespace polywire::inline v1::http_carrier
