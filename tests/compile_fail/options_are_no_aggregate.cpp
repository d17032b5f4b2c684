// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: designated initiali[sz]er|no matching constructor|could not convert
#include "polywire/core/options.hpp"

polywire::call_options quick();
polywire::call_options quick() {
#ifdef POLYWIRE_EXPECT_OK
  return polywire::timeout(std::chrono::seconds(2)).metadata("tenant", "a");
#else
  return polywire::call_options{.timeout_ = std::chrono::seconds(2)};
#endif
}
