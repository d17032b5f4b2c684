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
  fields->AddVarint(16, 1);
  fields->AddLengthDelimited(17, "later");
  fields->AddFixed32(31, 2);
  fields->AddFixed64(536'870'911, 3);
  frame.mutable_hello()->set_max_calls(5);
  pb::Hello* hello = frame.mutable_hello();
  hello->GetReflection()->MutableUnknownFields(hello)->AddVarint(6, 1);
  std::ostringstream out;
  REQUIRE(google::protobuf::util::SerializeDelimitedToOstream(frame, &out));
  const std::string theirs = out.str();
  wf::frame back;
  REQUIRE(wf::decode(as_bytes(theirs), 1'000, back).state == wf::parse_state::complete);
  CHECK(back.call == 7);
  CHECK(back.hello.max_calls == 5);
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
