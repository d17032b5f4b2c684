// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The library, for the programs that link `library_once` and see its declarations only.
#include <polywire/source.hpp>

#include <polywire/polywire.hpp>
#include <polywire/tls.hpp>
