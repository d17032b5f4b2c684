// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/frame/decode.hpp"

#include "polywire/wire/frame/encode.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "unit/wire/frame/hex.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace wf = polywire::wire::frame;
using frame_tests::from_hex;
using polywire::as_text;
using polywire::bytes_view;
using wf::parse_state;

namespace {

constexpr std::size_t max_frame = wf::max_frame_default;

/// Decodes a copy that ends where the heap block ends, so that the sanitizer sees what reads on.
class decoded {
 public:
  explicit decoded(bytes_view in, std::size_t most = max_frame)
      : size_(in.size()), copy_(std::make_unique<std::byte[]>(in.size())) {
    std::copy(in.begin(), in.end(), copy_.get());
    result = wf::decode({copy_.get(), size_}, most, frame);
  }
  explicit decoded(std::string_view hex) : decoded(bytes_view(from_hex(hex))) {}

  bool complete() const { return result.state == parse_state::complete; }
  std::string problem() const {
    return result.state == parse_state::error ? result.problem : "no error";
  }

  wf::parsed result = wf::parsed::need_more(0);
  wf::frame frame;

 private:
  std::size_t size_;
  std::unique_ptr<std::byte[]> copy_;
};

/// The bytes with their length in front.
std::vector<std::byte> framed(std::string_view hex) {
  const auto body = from_hex(hex);
  REQUIRE(body.size() < 128);
  std::vector<std::byte> out{static_cast<std::byte>(body.size())};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

std::string problem_of(std::string_view hex) { return decoded(bytes_view(framed(hex))).problem(); }

polywire::status metadata_of(std::string_view hex, polywire::metadata& out,
                             const polywire::limits& bounds = {}) {
  const auto input = framed(hex);
  wf::frame f;
  REQUIRE(wf::decode(input, max_frame, f).state == parse_state::complete);
  return wf::decode_metadata(f, bounds, out);
}

}  // namespace

TEST_CASE("every field of a frame arrives") {
  const decoded d(
      bytes_view(framed("08 ac 02 10 05 18 81 01 22 03 'abc' 2a 05 'a.B/C' 30 01 38 b9 60"
                        " 40 80 89 7a 4a 06 0a 01 'k' 12 01 'v' 52 06 08 05 12 02 'no'"
                        " 58 07 62 0d 08 01 10 02 18 03 20 04 28 ac 02 30 06 6a 02 08 0e"
                        " 70 08 78 09 82 01 02 08 01 8a 01 01 'k' 90 01 ac 02 98 01 03 a0 01 01"
                        " aa 01 02 08 05")));
  REQUIRE(d.complete());
  const wf::frame& f = d.frame;
  CHECK(f.call == 300);
  CHECK(f.flags == (wf::flag_last | wf::flag_end));
  CHECK(f.method == 129);
  CHECK(f.has_payload);
  CHECK(as_text(f.payload) == "abc");
  CHECK(f.name == "a.B/C");
  CHECK(f.encoding == polywire::format::json);
  CHECK(f.message_size == 12'345);
  CHECK(f.has_timeout);
  CHECK(f.timeout_us == 2'000'000);
  CHECK(f.has_metadata);
  CHECK(f.has_status);
  CHECK(f.credit == 7);
  CHECK(f.has_hello);
  CHECK(f.hello.max_message == 1);
  CHECK(f.hello.max_calls == 2);
  CHECK(f.hello.max_frame == 3);
  CHECK(f.hello.call_credit == 4);
  CHECK(f.hello.connection_credit == 300);
  CHECK(f.hello.max_subscriptions == 6);
  CHECK(f.has_goodbye);
  CHECK(f.has_ping);
  CHECK(f.ping == 8);
  CHECK(f.has_pong);
  CHECK(f.pong == 9);
  CHECK(f.has_subscribe);
  CHECK(f.subscribe_bytes.size() == 2);
  CHECK(f.key == "k");
  CHECK(f.event == 300);
  CHECK(f.lost_before == polywire::loss(3, polywire::loss::kind::at_least));
  CHECK(f.has_position);
  CHECK(f.position_bytes.size() == 2);
  CHECK(f.body.size() == d.result.size - 1);

  polywire::status status;
  REQUIRE(wf::decode_status(f.status_bytes, status));
  CHECK(status.to_string() == "not_found: no");
  REQUIRE(wf::decode_status(f.goodbye_bytes, status));
  CHECK(status.code() == polywire::status_code::unavailable);
  polywire::metadata metadata;
  REQUIRE(wf::decode_metadata(f, polywire::limits(), metadata));
  CHECK(metadata.count() == 1);
  CHECK(metadata.get("k") == "v");
}

TEST_CASE("an empty frame has nothing in it") {
  const decoded d("00 ff");
  REQUIRE(d.complete());
  CHECK(d.result.size == 1);
  CHECK(d.frame.call == 0);
  CHECK_FALSE(d.frame.has_payload);
  CHECK_FALSE(d.frame.has_timeout);
  CHECK_FALSE(d.frame.has_metadata);
  CHECK_FALSE(d.frame.has_status);
  CHECK_FALSE(d.frame.has_hello);
  CHECK_FALSE(d.frame.has_goodbye);
  CHECK_FALSE(d.frame.has_ping);
  CHECK_FALSE(d.frame.has_pong);
  CHECK_FALSE(d.frame.has_subscribe);
  CHECK(d.frame.key.empty());
  CHECK(d.frame.event == 0);
  CHECK(d.frame.lost_before.none());
  CHECK_FALSE(d.frame.has_position);
}

TEST_CASE("a frame that is used again keeps nothing of the one before") {
  wf::frame f;
  REQUIRE(wf::decode(framed("08 01 10 04 22 01 'p' 4a 00 52 00"), max_frame, f).state ==
          parse_state::complete);
  REQUIRE(wf::decode(framed("08 02"), max_frame, f).state == parse_state::complete);
  CHECK(f.call == 2);
  CHECK(f.flags == 0);
  CHECK_FALSE(f.has_payload);
  CHECK_FALSE(f.has_metadata);
  CHECK_FALSE(f.has_status);
}

TEST_CASE("every split of a frame needs more, and says how much") {
  std::vector<std::byte> input = from_hex("b5 01 08 01 22 b0 01");
  input.resize(2 + 0xb5, std::byte{'x'});
  for (std::size_t n = 0; n < input.size(); ++n) {
    const decoded d(bytes_view(input).first(n));
    REQUIRE(d.result.state == parse_state::need_more);
    REQUIRE(d.result.missing == (n < 2 ? 1 : input.size() - n));
  }
  const decoded whole{bytes_view(input)};
  REQUIRE(whole.complete());
  CHECK(whole.result.size == input.size());
  CHECK(whole.frame.payload.size() == 0xb0);
}

TEST_CASE("a body that is cut anywhere inside a field is an error") {
  const auto body = from_hex("08 ac 02 22 03 'abc' 62 05 08 01 28 ac 02 40 80 89 7a");
  const std::vector<std::size_t> ends{0, 3, 8, 15, 19};  // where a field ends
  for (std::size_t n = 0; n < body.size(); ++n) {
    std::vector<std::byte> input{static_cast<std::byte>(n)};
    input.insert(input.end(), body.begin(), body.begin() + static_cast<std::ptrdiff_t>(n));
    const bool whole = std::find(ends.begin(), ends.end(), n) != ends.end();
    const decoded d{bytes_view(input)};
    CAPTURE(n);
    CHECK(d.result.state == (whole ? parse_state::complete : parse_state::error));
  }
}

TEST_CASE("frames that follow each other are read one by one") {
  const auto input = from_hex("02 08 01 00 04 08 02 22 00 02 08");
  bytes_view rest(input);
  std::vector<std::uint32_t> calls;
  wf::frame f;
  for (;;) {
    const wf::parsed p = wf::decode(rest, max_frame, f);
    if (p.state != parse_state::complete) {
      CHECK(p.state == parse_state::need_more);
      CHECK(p.missing == 1);
      break;
    }
    calls.push_back(f.call);
    rest = rest.subspan(p.size);
  }
  CHECK(calls == std::vector<std::uint32_t>{1, 0, 2});
}

TEST_CASE("the length alone decides that a frame is too large") {
  CHECK(decoded("81 80 04").problem() == "a frame is larger than was announced");
  CHECK(decoded("80 80 04").result.state == parse_state::need_more);
  CHECK(decoded("ff ff ff ff 7f").problem() == "a frame is larger than was announced");
  const decoded small(bytes_view(from_hex("02 08 01")), 1);
  CHECK(small.problem() == "a frame is larger than was announced");
}

TEST_CASE("a length of more than 5 bytes is an error as soon as the fifth is there") {
  CHECK(decoded("80 80 80 80").result.state == parse_state::need_more);
  CHECK(decoded("80 80 80 80 80").problem() == "the length of a frame takes more than 5 bytes");
  CHECK(decoded("82 80 80 80 00 08 01").frame.call == 1);  // long-winded, but within 5
}

TEST_CASE("fields may come in any order, and the last of a repeated number counts") {
  const decoded d(bytes_view(framed("22 01 'a' 10 04 08 01 22 01 'b' 08 02 10 00")));
  REQUIRE(d.complete());
  CHECK(d.frame.call == 2);
  CHECK(d.frame.flags == 0);
  CHECK(as_text(d.frame.payload) == "b");
}

TEST_CASE("fields that are not known are skipped, whatever their type") {
  const decoded d(
      bytes_view(framed("b0 01 ff 01 b9 01 01 02 03 04 05 06 07 08 c2 01 02 'xy' ed 01 01 02 03 04"
                        " f8 ff ff ff 0f 01 08 07")));
  REQUIRE(d.complete());
  CHECK(d.frame.call == 7);
}

TEST_CASE("a number that takes more bits than its field keeps the low ones") {
  const decoded d(
      bytes_view(framed("08 81 80 80 80 10 58 ff ff ff ff ff ff ff ff ff 01"
                        " 88 00 82 00")));
  REQUIRE(d.complete());
  CHECK(d.frame.call == 2);
  CHECK(d.frame.credit == 0xffff'ffff);
}

TEST_CASE("malformed fields are errors that say what is wrong") {
  CHECK(problem_of("00 01") == "a field has the number 0");
  CHECK(problem_of("02 00") == "a field has the number 0");
  CHECK(problem_of("0a 01 'x'") == "a field has another type than in frame.proto");
  CHECK(problem_of("20 01") == "a field has another type than in frame.proto");
  CHECK(problem_of("7d 01 02 03 04") == "a field has another type than in frame.proto");
  CHECK(problem_of("0b 0c") == "a field has another type than in frame.proto");
  CHECK(problem_of("b3 01 b4 01") == "a field is a group or has no wire type");
  CHECK(problem_of("b4 01") == "a field is a group or has no wire type");
  CHECK(problem_of("b6 01") == "a field is a group or has no wire type");
  CHECK(problem_of("b7 01") == "a field is a group or has no wire type");
  CHECK(problem_of("08 80 80 80 80 80 80 80 80 80 80 01") == "a varint is too long");
  CHECK(problem_of("88 80 80 80 80 00 01") == "a varint is too long");
  CHECK(problem_of("88 80 80 80 10 01") == "a tag or length has more than 32 bits");
  CHECK(problem_of("22 80 80 80 80 80 00") == "a varint is too long");
  CHECK(problem_of("22 ff ff ff ff 0f 01") == "a field is longer than what contains it");
  CHECK(problem_of("22 02 'a'") == "a field is longer than what contains it");
  CHECK(problem_of("b1 01 01") == "a field is longer than what contains it");
  CHECK(problem_of("b5 01 01") == "a field is longer than what contains it");
  CHECK(problem_of("08") == "a field is cut off");
  CHECK(problem_of("22") == "a field is cut off");
  CHECK(problem_of("88") == "a field is cut off");
  CHECK(problem_of("30 04") == "a format is not known");
  CHECK(problem_of("62 02 0a 00") == "a field has another type than in frame.proto");
  CHECK(problem_of("62 01 08") == "a field is cut off");
  CHECK(problem_of("a0 01 03") == "a kind of loss is not known");
  for (const char* field : {"52 00", "62 00", "6a 00", "82 01 00", "aa 01 00"}) {
    CHECK(problem_of(std::string(field) + " " + field) ==
          "a field that is a message comes twice in a frame");
  }
}

TEST_CASE("a mistake behind good fields is found, and before others ends the reading") {
  CHECK(problem_of("08 01 22 01 'p' 00") == "a field has the number 0");
  CHECK(problem_of("00 30 04") == "a field has the number 0");
}

TEST_CASE("metadata is read from anywhere in the frame, keys in lower case") {
  polywire::metadata out;
  REQUIRE(metadata_of("4a 08 0a 03 'Key' 12 01 '1' 08 01 22 03 4a 02 0a 4a 05 12 01 '2' 0a 00"
                      " 4a 0a 0a 05 'x-bin' 12 01 00",
                      out)
              .code() == polywire::status_code::invalid_argument);  // an empty key
  CHECK(out.get("key") == "1");
  out = {};
  REQUIRE(
      metadata_of("4a 08 0a 03 'Key' 12 01 '1' 08 01 22 03 4a 02 0a 4a 06 12 01 '2' 0a 01 'k'"
                  " 4a 0a 0a 05 'x-bin' 12 01 00",
                  out));
  CHECK(out.count() == 3);
  CHECK(out.get("k") == "2");
  CHECK(out.get("x-bin") == std::string_view("\0", 1));
}

TEST_CASE("a frame without metadata adds none") {
  polywire::metadata out;
  CHECK(metadata_of("08 01", out));
  CHECK(out.empty());
}

TEST_CASE("metadata that may not be sent is invalid_argument") {
  polywire::metadata out;
  for (const char* hex : {"4a 06 0a 01 20 12 01 'v'",                   // a key with a space
                          "4a 06 0a 01 'k' 12 01 0a",                   // a value with a line feed
                          "4a 08 0a 06 'grpc-x'",                       // a reserved prefix
                          "4a 00",                                      // no key
                          "4a 02 0a 05", "4a 02 08 01", "4a 01 0b"}) {  // malformed
    CAPTURE(hex);
    CHECK(metadata_of(hex, out).code() == polywire::status_code::invalid_argument);
  }
  CHECK(out.empty());
}

TEST_CASE("metadata above its limits is resource_exhausted and is not kept") {
  polywire::limits bounds;
  bounds.max_metadata_entries = 2;
  bounds.max_metadata = 6;
  polywire::metadata out;
  CHECK(metadata_of("4a 06 0a 01 'a' 12 01 '1' 4a 06 0a 01 'b' 12 01 '2'", out, bounds));
  CHECK(metadata_of("4a 03 0a 01 'c'", out, bounds).code() ==
        polywire::status_code::resource_exhausted);
  CHECK(out.count() == 2);
  out = {};
  CHECK(metadata_of("4a 0a 0a 02 'ab' 12 04 '1234'", out, bounds));
  CHECK(metadata_of("4a 03 0a 01 'c'", out, bounds).code() ==
        polywire::status_code::resource_exhausted);
  CHECK(out.count() == 1);
}

TEST_CASE("a status arrives with details and outcome, in whatever order they come") {
  polywire::status status;
  REQUIRE(wf::decode_status(from_hex("20 01 1a 0b 0a 03 't.T' 10 01 1a 02 '{}' 12 02 'no' 08 05"),
                            status));
  CHECK(status.code() == polywire::status_code::not_found);
  CHECK(status.message() == "no");
  CHECK(status.reached() == polywire::outcome::rejected);
  REQUIRE(status.details().size() == 1);
  CHECK(status.details()[0].type_name() == "t.T");
  CHECK(status.details()[0].value() ==
        polywire::payload(polywire::format::json, std::string_view("{}")));
}

TEST_CASE("a status of code 0 is ok, of a code that gRPC does not have unknown") {
  polywire::status status = polywire::status::internal("before");
  REQUIRE(wf::decode_status({}, status));
  CHECK(status.ok());
  REQUIRE(wf::decode_status(from_hex("08 10"), status));
  CHECK(status.code() == polywire::status_code::unauthenticated);
  CHECK(status.reached() == polywire::outcome::processed);
  REQUIRE(wf::decode_status(from_hex("08 11 20 02"), status));
  CHECK(status.code() == polywire::status_code::unknown);
  CHECK(status.reached() == polywire::outcome::processed);
}

TEST_CASE("a status that is malformed is refused and changes nothing") {
  polywire::status status = polywire::status::internal("before");
  for (const char* hex :
       {"08", "0a 00", "12 02 'x'", "1a 02 0a 05", "1a 02 10 04", "1a 02 08 01"}) {
    CAPTURE(hex);
    CHECK_FALSE(wf::decode_status(from_hex(hex), status));
    CHECK(status.message() == "before");
  }
}

TEST_CASE("a status keeps 64 details and 64 KiB of message") {
  polywire::status huge = polywire::status::internal(std::string(100'000, 'x'));
  for (int i = 0; i < 100; ++i) huge.add_detail({"t" + std::to_string(i), {}});
  wf::frame f;
  f.status = &huge;
  polywire::buffer out;
  wf::encode(out, f);
  wf::frame back;
  REQUIRE(wf::decode(out.view(), out.size(), back).state == parse_state::complete);
  polywire::status status;
  REQUIRE(wf::decode_status(back.status_bytes, status));
  CHECK(status.message().size() == wf::max_status_message);
  REQUIRE(status.details().size() == wf::max_status_details);
  CHECK(status.details().back().type_name() == "t63");
}

TEST_CASE("what a subscription asks for arrives, in whatever order it comes") {
  const auto input = from_hex("4a 01 'g' 40 07 38 06 30 03 28 05 20 04 18 03 10 02 08 03 58 01");
  polywire::subscribe_head asked;
  REQUIRE(wf::decode_subscribe(input, asked) == nullptr);
  CHECK(asked.start.how() == polywire::start_at::kind::after);
  CHECK(asked.start.id() == polywire::event_id(3, 4));
  CHECK(asked.sequence == 5);
  CHECK(asked.policy == polywire::overflow::block);
  CHECK(asked.lag.events == 6);
  CHECK(asked.lag.bytes == 7);
  CHECK(asked.group == "g");
}

TEST_CASE("a subscription begins in one of four ways, and what does not belong to it is dropped") {
  using kind = polywire::start_at::kind;
  for (const auto& [hex, how, count, id] :
       {std::tuple{"10 02 18 03", kind::now, 0U, polywire::event_id()},
        std::tuple{"08 01 10 02 18 03", kind::earliest, 0U, polywire::event_id()},
        std::tuple{"08 02 10 02 18 03", kind::last, 2U, polywire::event_id()},
        std::tuple{"08 03 10 02 18 03", kind::after, 0U, polywire::event_id(3, 0)}}) {
    CAPTURE(hex);
    polywire::subscribe_head asked;
    REQUIRE(wf::decode_subscribe(from_hex(hex), asked) == nullptr);
    CHECK(asked.start.how() == how);
    CHECK(asked.start.count() == count);
    CHECK(asked.start.id() == id);
    CHECK(asked.lag.events == 1'024);
    CHECK(asked.lag.bytes == 1U << 20);
  }
}

TEST_CASE("a subscription that is malformed or asks for what nobody knows is refused") {
  const auto problem = [](std::string_view hex) {
    polywire::subscribe_head asked;
    const auto input = from_hex(hex);
    const char* found = wf::decode_subscribe(input, asked);
    return std::string(found != nullptr ? found : "none");
  };
  CHECK(problem("08 04") == "a subscription begins where nobody knows");
  CHECK(problem("30 04") == "an overflow policy is not known");
  CHECK(problem("08") == "a field is cut off");
  CHECK(problem("4a 02 'g'") == "a field is longer than what contains it");
  CHECK(problem("0a 00") == "a field has another type than in frame.proto");
}

TEST_CASE("a position arrives, and a malformed one is refused") {
  polywire::subscribe_position begin;
  REQUIRE(wf::decode_position(from_hex("18 03 10 02 08 81 01 20 01"), begin));
  CHECK(begin.after == polywire::event_id(129, 2));
  CHECK(begin.sequence == 3);
  begin = {};
  REQUIRE(wf::decode_position({}, begin));
  CHECK(begin == polywire::subscribe_position());
  CHECK_FALSE(wf::decode_position(from_hex("08"), begin));
  CHECK_FALSE(wf::decode_position(from_hex("1a 00"), begin));
}

#if defined(POLYWIRE_TEST_COUNTS_ALLOCATIONS)
TEST_CASE("decoding allocates nothing") {
  REQUIRE(test::count_allocations());
  const auto input = framed(
      "08 01 10 04 22 03 'abc' 2a 05 'a.B/C' 4a 06 0a 01 'k' 12 01 'v'"
      " 52 06 08 05 12 02 'no' 62 02 08 01 82 01 02 08 01 8a 01 01 'k' 90 01 01 aa 01 02 08 01");
  wf::frame f;
  const std::size_t before = test::allocations;
  const wf::parsed p = wf::decode(input, max_frame, f);
  const std::size_t after = test::allocations;
  CHECK(p.state == parse_state::complete);
  CHECK(after == before);
  const auto one = std::make_unique<int>(1);
  CHECK(test::allocations > after);  // the counter works
}
#endif
