// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "unit/wire/frame/generated.hpp"

#include "polywire/wire/frame/encode.hpp"
#include "support/catch.hpp"

#include <google/protobuf/util/delimited_message_util.h>

#include <cstdint>
#include <random>
#include <sstream>
#include <string>

namespace wf = polywire::wire::frame;
namespace pb = frame_tests::pb;
using polywire::as_bytes;
using polywire::buffer;

namespace {

/// A frame with everything that it points to. Any field is absent half of the time.
class random_frame {
 public:
  explicit random_frame(std::uint32_t seed) : random_(seed) {
    f.call = number();
    f.flags = number() & 15;
    f.method = number();
    f.has_payload = maybe();
    if (f.has_payload) f.payload = as_bytes(payload_ = text(maybe() ? 300 : 20));
    f.name = name_ = letters();
    f.encoding = static_cast<polywire::format>(below(4));
    f.message_size = number();
    f.has_timeout = maybe();
    if (f.has_timeout) f.timeout_us = (std::uint64_t{number()} << 32) | number();
    f.credit = number();
    f.has_hello = maybe();
    if (f.has_hello) {
      f.hello.max_message = number();
      f.hello.max_calls = number();
      f.hello.max_frame = number();
      f.hello.call_credit = number();
      f.hello.connection_credit = number();
      f.hello.max_subscriptions = number();
    }
    f.has_ping = maybe();
    if (f.has_ping) f.ping = number();
    f.has_pong = maybe();
    if (f.has_pong) f.pong = number();
    if (maybe()) {
      for (std::uint32_t i = below(5); i > 0; --i) {
        REQUIRE(metadata_.add("k" + letters() + "-bin", text(200)));
      }
      f.metadata = &metadata_;
    }
    if (maybe()) f.status = &(status_ = random_status());
    if (maybe()) f.goodbye = &(goodbye_ = random_status());
    f.key = key_ = text(20);
    f.event = large();
    if (f.event != 0) f.lost_before = {number(), static_cast<polywire::loss::kind>(below(3))};
    if (maybe()) f.subscribe = &(asked_ = random_subscription());
    if (maybe()) {
      begin_.after = polywire::event_id(large(), large());
      begin_.sequence = large();
      f.position = &begin_;
    }
  }
  random_frame(const random_frame&) = delete;
  random_frame& operator=(const random_frame&) = delete;

  wf::frame f;

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool maybe() { return below(2) == 0; }
  std::uint32_t number() {
    return maybe() ? 0 : static_cast<std::uint32_t>(random_()) >> below(32);
  }
  std::string text(std::uint32_t most) {
    std::string out(below(most), '\0');
    for (char& c : out) c = static_cast<char>(below(256));
    return out;
  }
  std::string letters() {
    std::string out(below(10), '\0');
    for (char& c : out) c = static_cast<char>('a' + below(26));
    return out;
  }
  std::uint64_t large() {
    const std::uint64_t high = number();
    return high << 32 | number();
  }
  polywire::subscribe_head random_subscription() {
    polywire::subscribe_head out;
    switch (below(4)) {
      case 0: break;
      case 1: out.start = polywire::start_at::earliest(); break;
      case 2: out.start = polywire::start_at::last(large()); break;
      default: out.start = polywire::start_at::after({large(), large()});
    }
    out.sequence = large();
    out.policy = static_cast<polywire::overflow>(below(4));
    out.lag = polywire::lag_limit(1 + number(), 1 + std::size_t{number()});
    out.group = group_ = letters();
    return out;
  }
  polywire::status random_status() {
    polywire::status out(static_cast<polywire::status_code>(below(17)), letters(),
                         maybe() ? polywire::outcome::rejected : polywire::outcome::processed);
    for (std::uint32_t i = below(3); i > 0; --i) {
      out.add_detail({letters(), {static_cast<polywire::format>(below(4)), text(50)}});
    }
    return out;
  }

  std::mt19937 random_;
  std::string payload_;
  std::string name_;
  polywire::metadata metadata_;
  polywire::status status_;
  polywire::status goodbye_;
  std::string key_;
  std::string group_;
  polywire::subscribe_head asked_;
  polywire::subscribe_position begin_;
};

}  // namespace

TEST_CASE("generated code reads what encode writes, and decode reads what generated code writes") {
  for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
    CAPTURE(seed);
    const random_frame sent(seed);
    buffer ours;
    wf::encode(ours, sent.f);

    std::istringstream in(frame_tests::to_string(ours.view()));
    google::protobuf::io::IstreamInputStream stream(&in);
    pb::Frame read;
    bool clean_eof = false;
    REQUIRE(google::protobuf::util::ParseDelimitedFromZeroCopyStream(&read, &stream, &clean_eof));

    std::ostringstream out;
    REQUIRE(google::protobuf::util::SerializeDelimitedToOstream(read, &out));
    const std::string theirs = out.str();
    REQUIRE(theirs.size() == ours.size());  // so neither side writes what it may leave out

    wf::frame back;
    const wf::parsed parsed = wf::decode(as_bytes(theirs), std::size_t{1} << 20, back);
    REQUIRE(parsed.state == wf::parse_state::complete);
    REQUIRE(parsed.size == theirs.size());
    bool good = true;
    REQUIRE(frame_tests::to_generated(back, good).SerializeAsString() == read.SerializeAsString());
    REQUIRE(good);

    // What we wrote is also what we read.
    REQUIRE(wf::decode(ours.view(), std::size_t{1} << 20, back).state == wf::parse_state::complete);
    REQUIRE(frame_tests::to_generated(back, good).SerializeAsString() == read.SerializeAsString());
    REQUIRE(back.has_payload == sent.f.has_payload);
    REQUIRE(polywire::as_text(back.payload) == polywire::as_text(sent.f.payload));
    REQUIRE(back.name == sent.f.name);
    REQUIRE(back.call == sent.f.call);
    REQUIRE(back.timeout_us == sent.f.timeout_us);
    REQUIRE(back.hello == sent.f.hello);
    REQUIRE(back.key == sent.f.key);
    REQUIRE(back.event == sent.f.event);
    REQUIRE(back.lost_before == sent.f.lost_before);
    if (sent.f.subscribe != nullptr) {
      const polywire::subscribe_head& asked = *sent.f.subscribe;
      polywire::subscribe_head heard;
      REQUIRE(wf::decode_subscribe(back.subscribe_bytes, heard) == nullptr);
      REQUIRE(heard.start.how() == asked.start.how());
      REQUIRE(heard.start.count() == asked.start.count());
      REQUIRE(heard.start.id() == asked.start.id());
      REQUIRE(heard.sequence == asked.sequence);
      REQUIRE(heard.policy == asked.policy);
      REQUIRE(heard.lag.events == asked.lag.events);
      REQUIRE(heard.lag.bytes == asked.lag.bytes);
      REQUIRE(heard.group == asked.group);
    }
    if (sent.f.position != nullptr) {
      polywire::subscribe_position begin;
      REQUIRE(wf::decode_position(back.position_bytes, begin));
      REQUIRE(begin == *sent.f.position);
    }
    if (sent.f.status != nullptr) {
      polywire::status status;
      REQUIRE(wf::decode_status(back.status_bytes, status));
      REQUIRE(status == *sent.f.status);
      REQUIRE(status.reached() == sent.f.status->reached());
    }
    polywire::metadata metadata;
    REQUIRE(wf::decode_metadata(back, polywire::limits(), metadata));
    REQUIRE(metadata == (sent.f.metadata != nullptr ? *sent.f.metadata : polywire::metadata()));
  }
}

TEST_CASE("fields that a later version of the schema adds are passed over") {
  pb::Frame frame;
  frame.set_call(7);
  auto* fields = frame.GetReflection()->MutableUnknownFields(&frame);
  fields->AddVarint(22, 1);
  fields->AddLengthDelimited(23, "later");
  fields->AddFixed32(31, 2);
  fields->AddFixed64(536'870'911, 3);
  frame.mutable_hello()->set_max_calls(5);
  pb::Hello* hello = frame.mutable_hello();
  hello->GetReflection()->MutableUnknownFields(hello)->AddVarint(7, 1);
  pb::Subscribe* subscribe = frame.mutable_subscribe();
  subscribe->GetReflection()->MutableUnknownFields(subscribe)->AddVarint(10, 1);
  pb::Position* position = frame.mutable_position();
  position->GetReflection()->MutableUnknownFields(position)->AddVarint(4, 1);
  std::ostringstream out;
  REQUIRE(google::protobuf::util::SerializeDelimitedToOstream(frame, &out));
  const std::string theirs = out.str();
  wf::frame back;
  REQUIRE(wf::decode(as_bytes(theirs), 1'000, back).state == wf::parse_state::complete);
  CHECK(back.call == 7);
  CHECK(back.hello.max_calls == 5);
  polywire::subscribe_head asked;
  CHECK(wf::decode_subscribe(back.subscribe_bytes, asked) == nullptr);
  polywire::subscribe_position begin;
  CHECK(wf::decode_position(back.position_bytes, begin));
}

TEST_CASE("a status that is not UTF-8 does not make generated code refuse the frame") {
  auto status = polywire::status::internal("caf\xe9 \xf0\x9f\x98");
  status.add_detail({"\xff", {polywire::format::bytes, std::string_view("\xff")}});
  wf::frame f;
  f.status = &status;
  buffer out;
  wf::encode(out, f);
  pb::Frame read;
  REQUIRE(read.ParseFromArray(out.data() + 1, static_cast<int>(out.size()) - 1));
  CHECK(read.status().message() == "caf? ???");
  CHECK(read.status().details(0).value() == "\xff");
}
