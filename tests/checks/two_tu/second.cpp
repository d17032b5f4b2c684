// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Every header again: what is defined in two files must be inline.
#include "all_headers.hpp"

int second();
int second() { return 0; }
