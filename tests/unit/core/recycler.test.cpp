// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/recycler.hpp"

#include "support/catch.hpp"

#include <cstring>
#include <memory>
#include <set>
#include <thread>
#include <vector>

using namespace polywire;

TEST_CASE("blocks are powers of two between the bounds and exact above") {
  CHECK(recycler::good_size(0) == 64);
  CHECK(recycler::good_size(1) == 64);
  CHECK(recycler::good_size(64) == 64);
  CHECK(recycler::good_size(65) == 128);
  CHECK(recycler::good_size(131'071) == 131'072);
  CHECK(recycler::good_size(131'072) == 131'072);
  CHECK(recycler::good_size(131'073) == 131'073);
  for (std::size_t size = 1; size < 300'000; size = size * 3 / 2 + 1) {
    CHECK(recycler::good_size(recycler::good_size(size)) == recycler::good_size(size));
  }
}

TEST_CASE("each block can be written from end to end") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{65}, std::size_t{4'096},
        std::size_t{131'072}, std::size_t{131'073}, std::size_t{1'000'000}}) {
    void* block = recycler::allocate(size);
    REQUIRE(block != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t) == 0);
    std::memset(block, 0xab, recycler::good_size(size));
    recycler::deallocate(block, size);
  }
}

TEST_CASE("blocks in use are never handed out twice") {
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> blocks;
    for (int i = 0; i < 1'000; ++i) blocks.push_back(recycler::allocate(100));
    CHECK(std::set<void*>(blocks.begin(), blocks.end()).size() == blocks.size());
    for (void* block : blocks) recycler::deallocate(block, 100);
  }
}

TEST_CASE("a freed block is used again, unless a sanitizer watches") {
  void* first = recycler::allocate(1'000);
  recycler::deallocate(first, 1'000);
  void* second = recycler::allocate(600);
#if defined(POLYWIRE_NO_RECYCLING)
  CHECK(first != second);
#else
  CHECK(first == second);
#endif
  recycler::deallocate(second, 600);
}

TEST_CASE("a block may be freed on another thread, and outlive the one that made it") {
  void* block = nullptr;
  std::thread maker([&] {
    void* other = recycler::allocate(500);
    block = recycler::allocate(500);
    recycler::deallocate(other, 500);
  });
  maker.join();
  std::memset(block, 1, 512);
  std::thread([&] { recycler::deallocate(block, 500); }).join();
  SUCCEED("no leak and no double free, says the sanitizer");
}

namespace {

class counted : public recycled {
 public:
  explicit counted(int value) : value_(value) {}
  virtual ~counted() = default;
  int value_;
};
class larger : public counted {
 public:
  using counted::counted;
  char more_[500] = {};
};

}  // namespace

TEST_CASE("recycled objects are made and destroyed through their base too") {
  std::unique_ptr<counted> object = std::make_unique<larger>(7);
  CHECK(object->value_ == 7);
  object = std::make_unique<counted>(8);
  CHECK(object->value_ == 8);
}
