// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What compiles the library for senders over tcp, where that is not done in each of them.
#include <polywire/source.hpp>

#include <polywire/client.hpp>
#include <polywire/tcp.hpp>
