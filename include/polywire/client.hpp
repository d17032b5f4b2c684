// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Calling services; see client/client.hpp.
#include "polywire/client/client.hpp"
