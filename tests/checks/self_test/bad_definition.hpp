// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

// Wrong on purpose: not inline.
int defined_in_a_header();
int defined_in_a_header() { return 1; }
