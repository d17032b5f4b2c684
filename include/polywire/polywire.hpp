// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Everything that needs no library beyond Asio and nlohmann_json.
#include "polywire/client.hpp"
#include "polywire/http.hpp"
#include "polywire/inproc.hpp"
#include "polywire/json.hpp"
#include "polywire/server.hpp"
#include "polywire/tcp.hpp"
