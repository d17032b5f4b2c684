// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/core/method.hpp>
#include <polywire/core/topic.hpp>
#include <polywire/json.hpp>

#include <string>

/// Prices are numbered, so that a subscriber can check what it is told of losses.
struct Price {
  int number = 0;
  std::string symbol;
  double value = 0;
};
struct RushRequest {
  int prices = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Price, number, symbol, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RushRequest, prices)

inline constexpr polywire::topic<Price> prices{"prices.v1.tulips"};
/// Publishes many prices as fast as it can; the last one is the answer.
inline constexpr polywire::unary<RushRequest, Price> rush{"prices.v1.Exchange/Rush"};
