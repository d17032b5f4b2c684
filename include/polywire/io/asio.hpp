// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

// The one place that includes Asio, and that knows what differs between its releases.
// Never <asio.hpp>: it costs seconds for every file that includes it.

// First: what Asio takes for the allocation of its handlers depends on whether the standard library
// has been seen before, and must be the same in every file of a program.
#include <cstddef>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/error_code.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>

namespace polywire::inline v1::io {

using error_code = asio::error_code;
using executor = asio::any_io_executor;

}  // namespace polywire::inline v1::io
