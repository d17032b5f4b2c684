// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

// Wrong on purpose: does not include what it uses.
inline std::string forgotten() { return {}; }
