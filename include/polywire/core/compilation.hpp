// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Header-only or compiled once.
///
/// As it comes, polywire is header-only: each file that includes a client compiles all of it. Where
/// POLYWIRE_SEPARATE_COMPILATION is defined, for every file of a program, the headers only declare
/// what is no template, and one file compiles that (see source.hpp).
///
/// POLYWIRE_DECL stands before the functions that are defined in an .ipp file, which is included
/// where POLYWIRE_DEFINITIONS is defined.
#ifndef POLYWIRE_SEPARATE_COMPILATION
#define POLYWIRE_DECL inline
#define POLYWIRE_DEFINITIONS
#else
#define POLYWIRE_DECL
#ifdef POLYWIRE_SOURCE
#define POLYWIRE_DEFINITIONS
#endif
#endif
