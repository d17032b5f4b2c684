// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Makes tcp:// and unix: known: protobuf frames over a stream of bytes.
#include "polywire/core/compilation.hpp"

#ifdef POLYWIRE_DEFINITIONS
#include "polywire/backend/tcp/backend.hpp"
#include "polywire/io/tcp_transport.hpp"
#include "polywire/io/unix_transport.hpp"
#endif
