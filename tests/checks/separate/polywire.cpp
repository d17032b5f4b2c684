// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The one file that compiles the library: all of it.
#include <polywire/source.hpp>

#include "all_headers.hpp"
