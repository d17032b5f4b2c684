// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Makes http:// known: HTTP/1.1 with JSON, by the Connect protocol.
#include "polywire/core/compilation.hpp"

#ifdef POLYWIRE_DEFINITIONS
#include "polywire/backend/http_json/backend.hpp"
#include "polywire/io/tcp_transport.hpp"
#endif
