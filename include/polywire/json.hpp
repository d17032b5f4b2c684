// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Messages that travel as JSON: plain structs, scalars, containers and `nlohmann::json`.
#include "polywire/codec/json.hpp"  // IWYU pragma: export
