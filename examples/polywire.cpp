// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The one file that compiles the library, for programs that are built with
// POLYWIRE_SEPARATE_COMPILATION.
#include <polywire/source.hpp>

#include <polywire/client.hpp>
#include <polywire/http.hpp>
#include <polywire/inproc.hpp>
#include <polywire/server.hpp>
#include <polywire/tcp.hpp>
