// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

namespace polywire::inline v1::detail {

/// How many repeats a client may still make of calls that a server may have been working on; see
/// `limits::repeat_budget`.
class repeat_budget {
 public:
  explicit repeat_budget(double each_call) noexcept : each_call_(each_call) {}

  void note_call() noexcept { left_ = std::min(left_ + each_call_, most); }
  bool take() noexcept {
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  static constexpr double most = 10;

  double each_call_;
  double left_ = most;
};

}  // namespace polywire::inline v1::detail
