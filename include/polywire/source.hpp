// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// For programs that compile the library once instead of in each of their files, which takes a
/// third of the time for each. Define POLYWIRE_SEPARATE_COMPILATION for all files of the program,
/// and write one that includes this header first, and then whatever the others use:
///
///     // polywire.cpp
///     #include <polywire/source.hpp>
///     #include <polywire/client.hpp>
///     #include <polywire/json.hpp>
///     #include <polywire/tcp.hpp>
///
/// The client or the server that is missing there does not link; a backend that is missing there
/// is not known when its URL is used. Without the macro the file does nothing, and the program is
/// header-only as ever. Clients and servers are to be made in functions, not at namespace scope:
/// the backends might be made known later.
#ifdef POLYWIRE_SEPARATE_COMPILATION
#ifdef POLYWIRE_DECL
#error "include <polywire/source.hpp> before any other header of polywire"
#endif
#define POLYWIRE_SOURCE
#endif
#include "polywire/core/compilation.hpp"
