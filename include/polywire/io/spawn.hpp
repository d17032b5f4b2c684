// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

// What starting coroutines needs of Asio; apart from io/asio.hpp because clients do not pay for it.

#include "polywire/io/asio.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
