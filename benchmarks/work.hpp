// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "user.pb.h"

/// The work that every unary benchmark does, whatever carries it.
namespace benchmarks {

inline user::v1::CreateUserRequest make_request() {
  user::v1::CreateUserRequest request;
  request.set_name("John Doe");
  request.set_email("john.doe@example.com");
  request.set_age(30);
  request.set_city("New York");
  request.set_country("USA");
  request.set_phone("+1-555-123-4567");
  return request;
}

/// What the handler does. `reply` is empty.
inline void answer(const user::v1::CreateUserRequest& request, user::v1::User& reply) {
  reply.set_id("user-1042");
  reply.set_name(request.name());
  reply.set_email(request.email());
  reply.set_phone(request.phone());
  reply.set_active(true);
}

/// Whether the reply is the right one, as far as it costs nothing to see.
inline bool is_right(const user::v1::User& reply) {
  return reply.active() && reply.email().size() == 20;
}

}  // namespace benchmarks
