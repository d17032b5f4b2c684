// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: use of deleted function
// only: gcc-12
// GCC 12 destroys an aggregate temporary inside co_await twice; the overload refuses it.
#include "polywire/client.hpp"
#include "polywire/json.hpp"

#include <nlohmann/json.hpp>

#include <string>

struct question {
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(question, text)

inline constexpr polywire::unary<question, question> ask{"oracle.v1.Oracle/Ask"};

asio::awaitable<void> run(polywire::client& client) {
#if defined(POLYWIRE_EXPECT_OK)
  question named;
  auto answer = co_await client.async_call(ask, named);
#else
  auto answer =
      co_await client.async_call(ask, question{"why?"});  // await-lint: ok it must be refused
#endif
}
