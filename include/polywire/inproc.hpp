// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Makes inproc:// known: client and server in one process, objects instead of bytes.
#include "polywire/core/compilation.hpp"

#ifdef POLYWIRE_DEFINITIONS
#include "polywire/backend/inproc/backend.hpp"
#endif
