// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/buffer.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>

using namespace polywire;

TEST_CASE("an empty buffer holds no storage") {
  buffer empty;
  CHECK(empty.empty());
  CHECK(empty.size() == 0);
  CHECK(empty.capacity() == 0);
  CHECK(as_text(empty.view()).empty());
  empty.append("");
  empty.consume(0);
  empty.truncate(0);
  empty.clear();
  empty.shrink();
  CHECK(empty.capacity() == 0);
}

TEST_CASE("bytes are appended at the end and consumed at the front") {
  buffer b;
  b.append("hello ");
  b.append("world");
  CHECK(as_text(b.view()) == "hello world");
  b.consume(6);
  CHECK(as_text(b.view()) == "world");
  b.truncate(3);
  CHECK(as_text(b.view()) == "wor");
  b.consume(3);
  CHECK(b.empty());
}

TEST_CASE("grow gives room inside the bytes, prepare behind them") {
  buffer b;
  std::memcpy(b.grow(3), "abc", 3);
  CHECK(as_text(b.view()) == "abc");
  const auto room = b.prepare(5);
  CHECK(room.size() >= 5);
  CHECK(b.size() == 3);
  std::memcpy(room.data(), "defgh", 5);
  b.commit(2);
  CHECK(as_text(b.view()) == "abcde");
  b.commit(0);
  CHECK(b.size() == 5);
}

TEST_CASE("storage is kept while there are bytes and given back when asked without any") {
  buffer b;
  b.append("x");
  b.shrink();
  CHECK(b.capacity() > 0);
  CHECK(as_text(b.view()) == "x");
  b.clear();
  CHECK(b.capacity() > 0);
  b.shrink();
  CHECK(b.capacity() == 0);
  b.append("again");
  CHECK(as_text(b.view()) == "again");
}

TEST_CASE("consumed space at the front is used again before the buffer grows") {
  buffer b;
  b.append(std::string(200, 'a'));
  const std::size_t capacity = b.capacity();
  b.consume(150);
  b.append(std::string(capacity - 50, 'b'));
  CHECK(b.capacity() == capacity);
  CHECK(as_text(b.view()) == std::string(50, 'a') + std::string(capacity - 50, 'b'));
}

TEST_CASE("bytes survive growth that cannot slide them") {
  buffer b;
  b.append(std::string(200, 'a'));
  b.consume(10);  // too little to be worth sliding 190 bytes
  b.append(std::string(400, 'b'));
  CHECK(as_text(b.view()) == std::string(190, 'a') + std::string(400, 'b'));
}

TEST_CASE("storage stays near the most that was ever in the buffer, however it is consumed") {
  const std::size_t most = 1'000'000;
  const std::string block(10'000, 'x');
  for (const std::size_t consumed : {1'000U, 9'000U, 120'000U, 500'000U, 999'000U}) {
    buffer b;
    for (int step = 0; step < 1'000; ++step) {
      while (b.size() + block.size() <= most) b.append(block);
      b.consume(std::min(consumed, b.size()));
    }
    CHECK(b.capacity() <= most * 8 / 3);
  }
}

TEST_CASE("reserved storage is no larger than asked for, and keeps the bytes") {
  buffer b;
  b.reserve(1);
  CHECK(b.capacity() <= 64);
  b.append("x");
  b.append(std::string(300'000, 'y'));
  b.consume(1);
  b.reserve(1'000'000);
  CHECK(b.capacity() == 1'000'000);
  CHECK(as_text(b.view()) == std::string(300'000, 'y'));
  b.reserve(10);
  CHECK(b.capacity() == 1'000'000);
}

TEST_CASE("storage that grows towards a known size does not pass it") {
  const std::string block(10'000, 'x');
  for (const std::size_t most : {10'000U, 300'000U, 1'000'000U}) {
    buffer b;
    std::size_t growths = 0;
    while (b.size() < most) {
      const std::size_t before = b.capacity();
      b.append(as_bytes(block), most);
      if (b.capacity() != before) ++growths;
    }
    CHECK(b.capacity() <= std::max<std::size_t>(most, 128 << 10));  // below that, powers of two
    CHECK(growths <= 10);
    b.append(as_bytes(block), most);  // nobody was to do that; it is no error
    CHECK(b.size() == most + block.size());
  }
}

TEST_CASE("a moved buffer takes its bytes along and leaves an empty one") {
  buffer first;
  first.append("bytes");
  buffer second = std::move(first);
  CHECK(as_text(second.view()) == "bytes");
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): the state is promised
  CHECK(first.capacity() == 0);
  first.append("new");
  second = std::move(first);
  CHECK(as_text(second.view()) == "new");
  CHECK(first.capacity() == 0);  // NOLINT(bugprone-use-after-move)
}

TEST_CASE("a buffer does what a string does in ten thousand random steps") {
  std::mt19937 random(7);
  const auto up_to = [&](std::size_t most) { return random() % (most + 1); };
  buffer b;
  std::string model;
  for (int step = 0; step < 10'000; ++step) {
    const std::string piece(up_to(300), static_cast<char>('a' + up_to(25)));
    switch (up_to(6)) {
      case 0:
      case 1:
        b.append(piece);
        model += piece;
        break;
      case 2: {
        std::memcpy(b.prepare(piece.size() + 1).data(), piece.data(), piece.size());
        b.commit(piece.size());
        model += piece;
        break;
      }
      case 3: {
        const std::size_t n = up_to(model.size());
        b.consume(n);
        model.erase(0, n);
        break;
      }
      case 4: {
        const std::size_t n = model.size() - up_to(std::min<std::size_t>(model.size(), 50));
        b.truncate(n);
        model.resize(n);
        break;
      }
      case 5: b.reserve(up_to(2 * model.size())); break;
      default: b.shrink(); break;
    }
    if (as_text(b.view()) != model) {
      FAIL("differs at step " << step);
    }
  }
  CHECK(b.size() == model.size());
}
