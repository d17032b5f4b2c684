// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

// Stands before Asio's own file of this name, which each of its headers includes first.
#error "the layers below io do without Asio"
