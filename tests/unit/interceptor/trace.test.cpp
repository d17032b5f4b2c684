// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/interceptor/trace.hpp"

#include "polywire/client.hpp"
#include "polywire/inproc.hpp"
#include "polywire/server.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"
#include "unit/interceptor/fake_context.hpp"

#include <optional>
#include <string>

namespace trace_test {

namespace pw = polywire;
using pw::result;
using pw::status;
using pw::text;
using pw::trace_context;
using test::fake_context;
using test::run_until;

namespace {

inline constexpr pw::unary<text, text> front{"test.v1.Test/Front"};
inline constexpr pw::unary<text, text> behind{"test.v1.Test/Behind"};

const std::string trace_id = "0af7651916cd43dd8448eb211c80319c";
const std::string span_id = "b7ad6b7169203331";
const std::string good = "00-" + trace_id + "-" + span_id + "-01";

}  // namespace

TEST_CASE("traceparent is read as the recommendation says") {
  const auto read = trace_context::parse(good, "a=1");
  REQUIRE(read);
  CHECK(read->trace_id() == trace_id);
  CHECK(read->span_id() == span_id);
  CHECK(read->is_sampled());
  CHECK(read->state() == "a=1");
  CHECK(read->header() == good);

  CHECK_FALSE(trace_context::parse("00-" + trace_id + "-" + span_id + "-00")->is_sampled());
  CHECK(trace_context::parse("00-" + trace_id + "-" + span_id + "-03")->header() == good);
  // Later versions may have more behind it; what we send is ours.
  CHECK(trace_context::parse("cc-" + trace_id + "-" + span_id + "-01")->header() == good);
  CHECK(trace_context::parse("cc-" + trace_id + "-" + span_id + "-01-more")->header() == good);
}

TEST_CASE("a traceparent that is wrong is none") {
  const std::string zeros(32, '0');
  for (const std::string& bad :
       {std::string(), std::string("00"), good.substr(0, 54), good + "-", good + "-more",
        good + "1", "ff-" + trace_id + "-" + span_id + "-01",
        "0G-" + trace_id + "-" + span_id + "-01", "00-" + zeros + "-" + span_id + "-01",
        "00-" + trace_id + "-" + zeros.substr(16) + "-01", "00-" + trace_id + "-" + span_id + "-0x",
        "00_" + trace_id + "-" + span_id + "-01", "00-" + trace_id + "_" + span_id + "-01",
        "00-" + trace_id + "-" + span_id + "_01",
        "00-0AF7651916CD43DD8448EB211C80319C-" + span_id + "-01",
        "cc-" + trace_id + "-" + span_id + "-01x", " " + good}) {
    INFO(bad);
    CHECK_FALSE(trace_context::parse(bad));
  }
}

TEST_CASE("new traces and spans differ from each other") {
  const auto one = trace_context::begin();
  const auto other = trace_context::begin(false);
  CHECK(trace_context::parse(one.header()));
  CHECK(one.trace_id() != other.trace_id());
  CHECK(one.is_sampled());
  CHECK_FALSE(other.is_sampled());
  const auto child = one.child();
  CHECK(child.trace_id() == one.trace_id());
  CHECK(child.parent_id() == one.span_id());
  CHECK(child.span_id() != one.span_id());
}

TEST_CASE("a server's call gets a span below its caller's, or a trace of its own") {
  pw::trace trace;
  fake_context call("a.B/C");
  REQUIRE(call.sent.add("traceparent", good));
  REQUIRE(call.sent.add("tracestate", "a=1"));
  REQUIRE(call.sent.add("tracestate", "b=2"));
  CHECK(trace.on_start(call).ok());
  const auto* mine = call.get<trace_context>();
  REQUIRE(mine);
  CHECK(mine->trace_id() == trace_id);
  CHECK(mine->parent_id() == span_id);
  CHECK(mine->state() == "a=1,b=2");

  fake_context wrong("a.B/C");
  REQUIRE(wrong.sent.add("traceparent", good + "x"));
  REQUIRE(wrong.sent.add("tracestate", "a=1"));
  CHECK(trace.on_start(wrong).ok());
  CHECK(wrong.get<trace_context>()->trace_id() != trace_id);
  CHECK(wrong.get<trace_context>()->state().empty());

  fake_context twice("a.B/C");
  REQUIRE(twice.sent.add("traceparent", good));
  REQUIRE(twice.sent.add("traceparent", good));
  CHECK(trace.on_start(twice).ok());
  CHECK(twice.get<trace_context>()->trace_id() != trace_id);
}

TEST_CASE("a trace goes through a chain of services, each call with a span of its own") {
  const bool traced = GENERATE(true, false);
  pw::server_options serving;
  pw::client_options calling;
  if (traced) {
    serving.intercept(pw::trace());
    calling.intercept(pw::trace());
  }
  asio::io_context context;
  pw::server last(context.get_executor());
  last.handle(behind, [](const text&, pw::server_context& c) {
    return text(std::string(c.metadata().get("traceparent").value_or("")) + " " +
                std::string(c.metadata().get("tracestate").value_or("")));
  });
  pw::client to_last(context.get_executor(), last.listen("inproc://last").value().url(), calling);
  pw::server first(context.get_executor(), serving);
  std::string own;
  first.handle(front,
               [&](const text& request, pw::server_context& c) -> asio::awaitable<result<text>> {
                 if (const auto* mine = c.get<trace_context>()) own = mine->span_id();
                 co_return co_await to_last.async_call(behind, request, pw::within(c));
               });
  pw::client to_first(context.get_executor(), first.listen("inproc://first").value().url());
  std::optional<result<text>> answer;
  to_first.async_call(front, text(""),
                      pw::with_metadata("traceparent", good).metadata("tracestate", "a=1"),
                      [&](result<text> r) { answer = std::move(r); });
  REQUIRE(run_until(context, [&] { return answer.has_value(); }));
  const std::string sent = answer->value().str();
  if (!traced) {  // passed on as it came
    CHECK(sent == good + " a=1");
    return;
  }
  const auto read = trace_context::parse(sent.substr(0, 55));
  REQUIRE(read);
  CHECK(sent.substr(55) == " a=1");
  CHECK(read->trace_id() == trace_id);
  CHECK(read->span_id() != span_id);
  CHECK(read->span_id() != own);
}

}  // namespace trace_test
