// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/message.hpp"

#include "polywire/codec/json.hpp"

#include "support/catch.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

using namespace polywire;

namespace {

class pair_of_words {
 public:
  std::string first;
  std::string second;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(pair_of_words, first, second)
};

/// The same fields in another class.
class other_pair {
 public:
  std::string first;
  std::string second = "default";
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(other_pair, first, second)
};

class move_only {
 public:
  std::unique_ptr<int> value = std::make_unique<int>(0);
  friend void to_json(nlohmann::json& j, const move_only& m) { j["value"] = *m.value; }
  friend void from_json(const nlohmann::json& j, move_only& m) { j.at("value").get_to(*m.value); }
};

pair_of_words sample() {
  pair_of_words p;
  p.first = std::string(100, 'f');
  p.second = "s";
  return p;
}

}  // namespace

TEST_CASE("an outgoing object is encoded where the bytes are to be") {
  const pair_of_words value = sample();
  buffer out;
  REQUIRE(outgoing(value, format::json).encode(out));
  CHECK(nlohmann::json::parse(as_text(out.view()))["second"] == "s");
  buffer same;
  REQUIRE(outgoing(format::json, out.view()).encode(same));
  CHECK(as_text(same.view()) == as_text(out.view()));
}

TEST_CASE("an lvalue that goes out as an object is copied, an rvalue is moved") {
  pair_of_words value = sample();
  const owned_message copied = outgoing(value, format::json).take();
  REQUIRE(copied);
  CHECK(static_cast<pair_of_words*>(copied.object())->first == value.first);
  const char* storage = value.first.data();
  const owned_message moved = outgoing(std::move(value), format::json).take();
  REQUIRE(moved);
  CHECK(static_cast<pair_of_words*>(moved.object())->first.data() == storage);
}

TEST_CASE("what cannot be copied is not taken as an object unless it may be moved") {
  move_only value;
  *value.value = 7;
  CHECK(!outgoing(std::as_const(value), format::json).take());
  buffer out;
  REQUIRE(outgoing(std::as_const(value), format::json).encode(out));
  CHECK(as_text(out.view()) == R"({"value":7})");
  std::optional<move_only> back;
  REQUIRE(incoming(format::json, out.view()).read(back, limits()));
  CHECK(*back->value == 7);
  const owned_message moved = outgoing(std::move(value), format::json).take();
  REQUIRE(moved);
  CHECK(*static_cast<move_only*>(moved.object())->value == 7);
}

TEST_CASE("encoded bytes have no object to take") {
  CHECK(!outgoing(format::json, as_bytes("{}")).take());
}

TEST_CASE("an incoming object of the same type is moved to its reader") {
  pair_of_words value = sample();
  const char* storage = value.first.data();
  owned_message object = outgoing(std::move(value), format::json).take();
  const incoming in(object, format::json);
  CHECK(in.is_object());
  std::optional<pair_of_words> read;
  REQUIRE(in.read(read, limits()));
  CHECK(read->first.data() == storage);
}

TEST_CASE("an incoming object of another type meets its reader in a common format") {
  owned_message object = outgoing(sample(), format::json).take();
  std::optional<other_pair> read;
  REQUIRE(incoming(object, format::json).read(read, limits()));
  CHECK(read->second == "s");
  owned_message again = outgoing(sample(), format::json).take();
  std::optional<payload> raw;
  REQUIRE(incoming(again, format::json).read(raw, limits()));
  CHECK(raw->encoding() == format::json);
  CHECK(nlohmann::json::parse(raw->str())["second"] == "s");
}

TEST_CASE("an incoming object of a type without common format is refused") {
  owned_message object = outgoing(sample(), format::json).take();
  std::optional<text> read;
  const status refused = incoming(object, format::json).read(read, limits());
  CHECK(refused.code() == status_code::invalid_argument);
  CHECK(!read);
}

TEST_CASE("owned messages are moved and destroyed once") {
  owned_message a = outgoing(sample(), format::json).take();
  owned_message b = std::move(a);
  CHECK(!a);  // NOLINT(bugprone-use-after-move): the state is promised
  REQUIRE(b);
  a = std::move(b);
  REQUIRE(a);
  owned_message none;
  CHECK(!none);
}

TEST_CASE("an outgoing message waits as an object only where it may be one") {
  pair_of_words value = sample();
  stored_message as_object(format::json);
  REQUIRE(outgoing(value, format::json).store(true, as_object));
  CHECK(as_object.is_object());
  stored_message as_bytes(format::json);
  REQUIRE(outgoing(value, format::json).store(false, as_bytes));
  CHECK(!as_bytes.is_object());
  value.first.clear();
  for (stored_message* stored : {&as_object, &as_bytes}) {
    buffer out;
    REQUIRE(stored->as_outgoing().encode(out));
    CHECK(
        nlohmann::json::parse(as_text(out.view()))["first"].get_ref<const std::string&>().size() ==
        100);
  }
}

TEST_CASE("an outgoing message that cannot be encoded says so instead of waiting") {
  pair_of_words value;
  value.first = "\xff";
  stored_message stored(format::json);
  CHECK(outgoing(value, format::json).store(false, stored).code() == status_code::invalid_argument);
}
