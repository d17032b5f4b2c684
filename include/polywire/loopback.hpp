// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Makes loopback:// known: the frames of tcp:// over memory instead of sockets, for tests that
/// want every byte of a protocol and no operating system.
#include "polywire/backend/framed/backend.hpp"
#include "polywire/testing/memory_transport.hpp"

namespace polywire::inline v1::testing {

inline const rpc::scheme loopback_scheme{"loopback", framed::protocol, "memory"};

}  // namespace polywire::inline v1::testing
