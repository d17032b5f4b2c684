// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: nodiscard
#include "polywire/core/status.hpp"

polywire::status save();
void save_and_go_on();
void save_and_go_on() {
#ifdef POLYWIRE_EXPECT_OK
  if (!save()) return;
#else
  save();
#endif
}
