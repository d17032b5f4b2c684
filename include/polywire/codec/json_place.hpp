// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/utf8.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace polywire::inline v1::detail {

/// Where in a document we are; lives on the stack of the walk and costs nothing until it is shown.
class json_place {
 public:
  json_place() = default;
  json_place(const json_place& parent, std::string_view key) noexcept
      : parent_(&parent), key_(key) {}
  json_place(const json_place& parent, std::size_t index) noexcept
      : parent_(&parent), index_(index), is_index_(true) {}

  /// "user.tags[3]"; the document itself is "the message".
  std::string to_string() const {
    return parent_ == nullptr ? "the message" : shown(render(), 200);
  }

 private:
  std::string render() const {
    if (parent_ == nullptr) return {};
    std::string out = parent_->render();
    if (is_index_) return out + "[" + std::to_string(index_) + "]";
    if (!out.empty()) out += '.';
    return out + shown(key_, 64);
  }

  const json_place* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  bool is_index_ = false;
};

}  // namespace polywire::inline v1::detail
