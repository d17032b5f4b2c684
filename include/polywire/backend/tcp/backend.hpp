// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/backend.hpp"
#include "polywire/rpc/backend.hpp"

namespace polywire::inline v1::tcp {

/// Frames over TCP and Unix sockets.
inline const rpc::scheme tcp_scheme{"tcp", framed::protocol, "tcp"};
inline const rpc::scheme unix_scheme{"unix", framed::protocol, "unix"};

}  // namespace polywire::inline v1::tcp
