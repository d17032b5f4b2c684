// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: designated initiali[sz]er|no matching constructor|could not convert
#include "polywire/core/limits.hpp"

polywire::limits small();
polywire::limits small() {
#ifdef POLYWIRE_EXPECT_OK
  polywire::limits bounds;
  bounds.max_message = 10;
  return bounds;
#else
  return polywire::limits{.max_message = 10};
#endif
}
