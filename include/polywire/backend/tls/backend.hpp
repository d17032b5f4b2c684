// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/backend.hpp"
#include "polywire/rpc/backend.hpp"

namespace polywire::inline v1::tls {

/// The frames of tcp://, encrypted.
inline const rpc::scheme tls_scheme{"tls", framed::protocol, "tls"};

}  // namespace polywire::inline v1::tls
