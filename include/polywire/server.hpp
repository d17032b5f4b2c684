// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Serving methods; see server/server.hpp.
#include "polywire/server/server.hpp"
