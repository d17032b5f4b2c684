// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "bad_definition.hpp"

int main() { return defined_in_a_header() - 1; }
