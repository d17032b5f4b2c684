// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/io/asio.hpp"
