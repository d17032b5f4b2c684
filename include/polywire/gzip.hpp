// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Lets http:// and https:// compress what they send, and read what others have compressed. Needs
/// zlib: link `polywire::gzip`.
#include "polywire/backend/http_carrier/gzip.hpp"
