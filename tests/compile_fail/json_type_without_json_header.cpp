// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: T travels as JSON .*#include <polywire/json\.hpp>
#include "polywire/codec/message.hpp"
#ifdef POLYWIRE_EXPECT_OK
#include "polywire/json.hpp"
#endif

#include <string>
#include <vector>

polywire::outgoing as_message(std::vector<std::string>& names);
polywire::outgoing as_message(std::vector<std::string>& names) {
  return {names, polywire::format::json};
}
