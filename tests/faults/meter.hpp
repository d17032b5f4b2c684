// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

// Counts the bytes that `operator new` has given out. For one file of a program without sanitizers.
namespace faults {

inline std::atomic<std::ptrdiff_t> bytes_in_use{0};
inline std::atomic<std::ptrdiff_t> most_in_use{0};

/// How much more memory was in use at some time than at the beginning of the meter.
class memory_meter {
 public:
  memory_meter() : before_(bytes_in_use) { most_in_use = before_; }
  std::size_t peak() const {
    const std::ptrdiff_t more = most_in_use - before_;
    return more > 0 ? static_cast<std::size_t>(more) : 0;
  }

 private:
  std::ptrdiff_t before_;
};

inline void* give_out(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const std::ptrdiff_t now = bytes_in_use +=
      static_cast<std::ptrdiff_t>(::malloc_usable_size(memory));
  std::ptrdiff_t most = most_in_use;
  while (now > most && !most_in_use.compare_exchange_weak(most, now)) {
  }
  return memory;
}
inline void take_back(void* memory) noexcept {
  if (memory == nullptr) return;
  bytes_in_use -= static_cast<std::ptrdiff_t>(::malloc_usable_size(memory));
  std::free(memory);
}
inline void* give_out(std::size_t size, std::align_val_t alignment) {
  const auto to = static_cast<std::size_t>(alignment);
  return give_out(std::aligned_alloc(to, (size + to - 1) / to * to));
}

}  // namespace faults

void* operator new(std::size_t size) { return faults::give_out(std::malloc(size == 0 ? 1 : size)); }
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, std::align_val_t to) { return faults::give_out(size, to); }
void* operator new[](std::size_t size, std::align_val_t to) { return faults::give_out(size, to); }
void operator delete(void* memory) noexcept { faults::take_back(memory); }
void operator delete[](void* memory) noexcept { faults::take_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { faults::take_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { faults::take_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { faults::take_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { faults::take_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  faults::take_back(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  faults::take_back(memory);
}
