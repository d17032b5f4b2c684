// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/clock.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <limits>
#include <ratio>

using namespace polywire;
using namespace std::chrono_literals;

TEST_CASE("a deadline is the time plus the timeout") {
  const time_point now = time_point() + 10s;
  CHECK(after(now, 5s) == time_point() + 15s);
  CHECK(after(now, 0s) == now);
  CHECK(after(now, -3s) == time_point() + 7s);
}

TEST_CASE("a timeout that is too long means never") {
  const time_point now = time_point() + 10s;
  CHECK(after(now, duration::max()) == never);
  CHECK(after(now, never - now) == never);
  CHECK(after(now, never - now - 1ns) == never - 1ns);
  CHECK(after(now, never - now + 1ns) == never);
  CHECK(after(never, 1ns) == never);
}

TEST_CASE("a timeout that is far in the past stays in the past") {
  CHECK(after(time_point::min() + 1s, -2s) == time_point::min());
  CHECK(after(time_point() - 1s, duration::min()) == time_point::min());
}

TEST_CASE("durations of every kind become ours without overflow") {
  CHECK(clamp_duration(2s) == 2s);
  CHECK(clamp_duration(std::chrono::duration<double>(0.25)) == 250ms);
  CHECK(clamp_duration(-3ms) == -3ms);
  CHECK(clamp_duration(std::chrono::hours(1'000'000'000'000'000'000)) == duration::max());
  CHECK(clamp_duration(std::chrono::hours(-1'000'000'000'000'000'000)) == duration::min());
  CHECK(clamp_duration(std::chrono::duration<double>(1e300)) == duration::max());
  CHECK(clamp_duration(std::chrono::duration<double>(std::numeric_limits<double>::infinity())) ==
        duration::max());
  CHECK(clamp_duration(duration::max()) == duration::max());
  CHECK(clamp_duration(duration::min()) == duration::min());
  CHECK(clamp_duration(std::chrono::duration<long, std::ratio<31'556'952>>(100)) > 800'000h);
}

TEST_CASE("the library's own clock is real and does not go back") {
  polywire::clock& real = polywire::clock::steady();
  CHECK(real.is_real());
  const time_point first = real.now();
  CHECK(real.now() >= first);
  CHECK(&real == &polywire::clock::steady());
}
