// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Makes tls:// known: the frames of tcp://, encrypted. Needs OpenSSL: link `polywire::tls`.
#include "polywire/core/compilation.hpp"

#ifdef POLYWIRE_DEFINITIONS
#include "polywire/backend/tls/backend.hpp"
#include "polywire/io/tls_transport.hpp"
#endif
