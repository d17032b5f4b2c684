// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <new>

// Recycled blocks would hide use after free and races from the sanitizers.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define POLYWIRE_NO_RECYCLING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define POLYWIRE_NO_RECYCLING 1
#endif
#endif

namespace polywire::inline v1 {

/// A thread's store of freed blocks, so that a steady call allocates nothing. Blocks are powers of
/// two from 64 bytes to 128 KiB; each size keeps a bounded number. A block may be freed on another
/// thread than the one that allocated it. Under the address sanitizer it forwards to `operator
/// new`, so that use after free is seen.
class recycler {
 public:
  static void* allocate(std::size_t size) {
    const std::size_t rounded = good_size(size);
#if !defined(POLYWIRE_NO_RECYCLING)
    if (rounded <= largest) {
      if (cache* c = local()) {
        shelf& s = c->shelves[index(rounded)];
        if (s.head != nullptr) {
          block* taken = s.head;
          s.head = taken->next;
          --s.count;
          return taken;
        }
      }
    }
#endif
    return ::operator new(rounded);
  }

  static void deallocate(void* pointer, std::size_t size) noexcept {
#if !defined(POLYWIRE_NO_RECYCLING)
    const std::size_t rounded = good_size(size);
    if (rounded <= largest) {
      if (cache* c = local()) {
        shelf& s = c->shelves[index(rounded)];
        if (s.count < most(rounded)) {
          s.head = ::new (pointer) block{s.head};
          ++s.count;
          return;
        }
      }
    }
#endif
    (void)size;
    ::operator delete(pointer);
  }

  /// What `allocate(size)` really gives.
  static constexpr std::size_t good_size(std::size_t size) noexcept {
    return size <= smallest ? smallest : size <= largest ? std::bit_ceil(size) : size;
  }

 private:
  static constexpr std::size_t smallest = 64;
  static constexpr std::size_t largest = std::size_t{128} << 10;
  static constexpr std::size_t shelf_bytes = std::size_t{256} << 10;

  struct block {
    block* next;
  };
  struct shelf {
    block* head = nullptr;
    std::size_t count = 0;
  };
  struct cache {
    std::array<shelf, 12> shelves;
    ~cache() {
      gone() = true;
      for (shelf& s : shelves) {
        while (s.head != nullptr) {
          block* next = s.head->next;
          ::operator delete(s.head);
          s.head = next;
        }
      }
    }
  };

  static constexpr std::size_t index(std::size_t rounded) noexcept {
    return static_cast<std::size_t>(std::countr_zero(rounded)) - 6;
  }
  static constexpr std::size_t most(std::size_t rounded) noexcept { return shelf_bytes / rounded; }
  // Objects that die after the thread's cache find out here.
  static bool& gone() noexcept {
    thread_local bool value = false;
    return value;
  }
  static cache* local() noexcept {
    if (gone()) return nullptr;
    thread_local cache value;
    return &value;
  }
};

/// Base for objects that come and go with every call.
class recycled {
 public:
  static void* operator new(std::size_t size) { return recycler::allocate(size); }
  static void operator delete(void* pointer, std::size_t size) noexcept {
    recycler::deallocate(pointer, size);
  }
};

}  // namespace polywire::inline v1
