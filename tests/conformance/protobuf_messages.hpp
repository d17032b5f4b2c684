// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "note.pb.h"
#include "values.pb.h"

#include "polywire/core/payload.hpp"
#include "polywire/protobuf.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Generated classes for the conformance suite, as `conformance::plain_messages` has plain structs.
class protobuf_messages {
 public:
  using note = polywire::test::Note;
  using values = polywire::test::Values;

  static constexpr std::string_view name = "protobuf messages";

  static note make(std::int64_t number, std::string text) {
    note made;
    made.set_number(number);
    made.set_text(std::move(text));
    return made;
  }
  static std::int64_t number(const note& value) { return value.number(); }
  static std::string text(const note& value) { return std::string(value.text()); }

  static std::vector<std::pair<std::string, values>> samples() {
    using polywire::test::AllKinds;
    std::vector<std::pair<std::string, values>> all;
    auto add = [&all](std::string what, auto set) {
      values value;
      set(*value.mutable_kinds());
      all.emplace_back(std::move(what), std::move(value));
    };
    all.emplace_back("no bytes at all", values());
    add("a nested message with nothing set", [](AllKinds&) {});
    add("the largest numbers", [](AllKinds& k) { set_numbers<true>(k); });
    add("the smallest numbers", [](AllKinds& k) { set_numbers<false>(k); });
    add("an int64 beyond 2^53", [](AllKinds& k) { k.set_an_int64((std::int64_t{1} << 53) + 1); });
    add("NaN and infinity", [](AllKinds& k) {
      k.set_a_double(std::numeric_limits<double>::quiet_NaN());
      k.set_a_float(-std::numeric_limits<float>::infinity());
    });
    add("infinity and NaN", [](AllKinds& k) {
      k.set_a_double(std::numeric_limits<double>::infinity());
      k.set_a_float(std::numeric_limits<float>::quiet_NaN());
    });
    add("negative zero", [](AllKinds& k) { k.set_a_double(-0.0); });
    add("characters of one to four bytes",
        [](AllKinds& k) { k.set_a_string("a\u00e9\u20ac\U0001f600"); });
    add("a NUL inside a text", [](AllKinds& k) { k.set_a_string(std::string("a\0b", 3)); });
    add("every byte", [](AllKinds& k) {
      for (int i = 0; i < 256; ++i) k.mutable_some_bytes()->push_back(static_cast<char>(i));
    });
    add("an enum", [](AllKinds& k) { k.set_a_colour(polywire::test::COLOUR_GREEN); });
    add("an enum that this build does not know",
        [](AllKinds& k) { k.set_a_colour(static_cast<polywire::test::Colour>(77)); });
    add("a nested message", [](AllKinds& k) {
      k.mutable_nested()->set_label("inside");
      k.mutable_nested()->set_weight(-7);
    });
    add("repeated values", [](AllKinds& k) {
      for (const int n : {0, -1, 1}) k.add_numbers(n);
      for (const char* word : {"", "one", "\u20ac"}) k.add_words(word);
      k.add_list()->set_weight(1);
      k.add_list();
    });
    add("maps", [](AllKinds& k) {
      (*k.mutable_counts())[""] = 0;
      (*k.mutable_counts())["\u20ac"] = -2;
      (*k.mutable_by_number())[-1].set_label("minus one");
      (*k.mutable_by_number())[0];
    });
    add("the first of a oneof", [](AllKinds& k) { k.set_chosen_text(""); });
    add("the second of a oneof", [](AllKinds& k) { k.set_chosen_number(0); });
    add("an optional field set to its default", [](AllKinds& k) { k.set_maybe(0); });
    return all;
  }

  static bool same(const values& a, const values& b) { return canonical(a) == canonical(b); }

  static std::vector<std::pair<std::string, values>> unencodable() {
    std::vector<std::pair<std::string, values>> all(1);
    all[0].first = "a required field that is missing";
    all[0].second.mutable_complete()->set_age(7);
    return all;
  }

  static std::vector<polywire::payload> malformed() {
    using polywire::format;
    using polywire::payload;
    return {payload(format::protobuf, "\x08"),  // a field without its value
            payload(format::protobuf,
                    "\x12\x7f"
                    "abc"),                                 // a length beyond the end
            payload(format::protobuf, "\xff\xff\xff\xff"),  // no tag
            payload(format::protobuf, "\x0f\x01"),          // no such wire type
            payload(format::json, R"({"number":)"),
            payload(format::json, R"({"number":"x"})"),
            payload(format::json, "\xff"),
            payload(format::json, ""),
            payload(format::json, std::string(10'000, '[')),
            payload(format::text, "hello"),
            payload(format::bytes, "hello")};
  }
  static std::vector<polywire::payload> encodings() {
    return {polywire::payload(polywire::format::protobuf, "\x08\x07\x12\x05seven"),
            polywire::payload(polywire::format::json, R"({"number":"7","text":"seven"})")};
  }

 private:
  template <bool Largest>
  static void set_numbers(polywire::test::AllKinds& k) {
    auto extreme = []<class T>(T) {
      return Largest ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
    };
    k.set_a_double(extreme(0.0));
    k.set_a_float(extreme(0.0F));
    k.set_an_int32(extreme(std::int32_t{}));
    k.set_an_int64(extreme(std::int64_t{}));
    k.set_a_uint32(extreme(std::uint32_t{}));
    k.set_a_uint64(extreme(std::uint64_t{}));
    k.set_a_sint32(extreme(std::int32_t{}));
    k.set_a_sint64(extreme(std::int64_t{}));
    k.set_a_fixed32(extreme(std::uint32_t{}));
    k.set_a_fixed64(extreme(std::uint64_t{}));
    k.set_a_sfixed32(extreme(std::int32_t{}));
    k.set_a_sfixed64(extreme(std::int64_t{}));
    k.set_a_bool(Largest);
  }

  // Maps have no order of their own, and NaN is not equal to itself: compare the bytes.
  static std::string canonical(const values& value) {
    std::string bytes;
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    value.SerializePartialToCodedStream(&out);
    out.Trim();
    return bytes;
  }
};
