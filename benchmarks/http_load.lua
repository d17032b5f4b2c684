-- SPDX-FileCopyrightText: 2026 The polywire authors
-- SPDX-License-Identifier: MIT
--
-- For wrk: posts its argument as JSON, and prints the answers per second, if all were good, last.

function init(arguments)
  wrk.method = "POST"
  wrk.body = arguments[1]
  wrk.headers["Content-Type"] = "application/json"
end

function done(summary)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local rate = summary.requests / summary.duration * 1e6
  print(bad == 0 and string.format("rate: %.1f", rate) or "bad answers: " .. bad)
end
