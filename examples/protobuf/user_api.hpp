// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "user.pb.h"

#include <polywire/core/method.hpp>
#include <polywire/protobuf.hpp>

inline constexpr polywire::unary<user::v1::CreateUserRequest, user::v1::User> create_user{
    "user.v1.UserService/CreateUser"};
