// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

// Counting needs the address sanitizer; tests that count are left out elsewhere.
#if defined(__SANITIZE_ADDRESS__)
#define POLYWIRE_TEST_COUNTS_ALLOCATIONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POLYWIRE_TEST_COUNTS_ALLOCATIONS 1
#endif
#endif

#if defined(POLYWIRE_TEST_COUNTS_ALLOCATIONS)
// GCC on Debian comes without the sanitizer's headers.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*,
                                                                  std::size_t),
                                                         void (*)(const volatile void*));

namespace test {

/// By this thread, since somebody called `count_allocations`.
inline thread_local std::size_t allocations = 0;
inline thread_local std::size_t allocated_bytes = 0;

/// False: they are not counted.
inline bool count_allocations() {
  static const int installed = __sanitizer_install_malloc_and_free_hooks(
      [](const volatile void*, std::size_t size) {
        ++allocations;
        allocated_bytes += size;
      },
      [](const volatile void*) {});
  return installed > 0;
}

}  // namespace test
#endif
