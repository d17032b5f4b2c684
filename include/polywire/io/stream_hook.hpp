// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/byte_stream.hpp"

#include <functional>
#include <memory>

namespace polywire::inline v1 {

/// Wraps every new stream of a client or server: tests put faults there.
///
/// Lifetime: a stream lives until its connection has closed, which may be after its client or
/// server is gone. What it refers to it must therefore own, with a shared_ptr for instance; and so
/// must the hook.
using stream_hook =
    std::function<std::unique_ptr<io::byte_stream>(std::unique_ptr<io::byte_stream>)>;

}  // namespace polywire::inline v1
