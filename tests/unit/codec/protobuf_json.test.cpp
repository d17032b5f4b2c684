// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/protobuf_json.hpp"

#include "polywire/codec/protobuf.hpp"

#include "all_kinds.pb.h"
#include "json_kinds.pb.h"
#include "json_proto2.pb.h"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <vector>

using namespace polywire;
using test::AllKinds;
using test::Lists;
using test::Maps;
using test::Names;
using test::Optionals;
using test::OwnForms;
using test::Proto2;
using test::WellKnown;

namespace {

template <class T>
T read(std::string_view json, const limits& bounds = limits()) {
  T message;
  const status done = detail::read_protobuf_json(as_bytes(json), message, bounds);
  INFO(json);
  INFO(done.message());
  REQUIRE(done.ok());
  return message;
}

template <class T>
std::string refusal(std::string_view json, const limits& bounds = limits()) {
  T message;
  const status done = detail::read_protobuf_json(as_bytes(json), message, bounds);
  INFO(json);
  CHECK(done.code() == status_code::invalid_argument);
  return done.message();
}

template <class T>
std::string written(const T& message) {
  buffer out;
  const status done = detail::write_protobuf_json(message, out);
  INFO(done.message());
  REQUIRE(done.ok());
  return std::string(as_text(out.view()));
}

/// What becomes of JSON that is read and written again.
template <class T>
std::string again(std::string_view json) {
  return written(read<T>(json));
}

template <class T>
void stays(std::string_view json) {
  CHECK(again<T>(json) == json);
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("lists of every kind are written as they were read") {
  stays<Lists>(
      R"({"doubles":[0,-1.5,1e+300,"NaN","Infinity","-Infinity"],"floats":[0.1,"NaN"],)"
      R"("int32s":[0,-2147483648],"int64s":["0","-9223372036854775808"],"uint32s":[4294967295],)"
      R"("uint64s":["18446744073709551615"],"sint32s":[-1,2147483647],"sint64s":["-1"],)"
      R"("fixed32s":[4294967295],"fixed64s":["18446744073709551615"],"sfixed32s":[-1],)"
      R"("sfixed64s":["-1"],"bools":[true,false],"strings":["","a\"b"],"blobs":["","/w=="],)"
      R"("shades":["DARK","LIGHT",7,"BELOW"],"lists":[{},{"bools":[true]}],"unpacked":[1,2]})");
}

TEST_CASE("maps with every kind of key are written as they were read") {
  stays<Maps>(R"({"int32s":{"-2147483648":0.5},"int64s":{"-9223372036854775808":0.5},)"
              R"("uint32s":{"4294967295":"-1"},"uint64s":{"18446744073709551615":"1"},)"
              R"("sint32s":{"-1":-1},"sint64s":{"-1":"-1"},"fixed32s":{"4294967295":true},)"
              R"("fixed64s":{"18446744073709551615":"/w=="},"sfixed32s":{"-1":"LIGHT"},)"
              R"("sfixed64s":{"-1":"x"},"bools":{"true":{}},"strings":{"k\n":{"bools":[true]}}})");
}

TEST_CASE("entries with default keys and values are written whole") {
  stays<Maps>(R"({"int32s":{"0":0},"bools":{"false":{}},"strings":{"":{}}})");
}

TEST_CASE("what is set although it has its default is written where presence is kept") {
  CHECK(again<AllKinds>(R"({"aString":"","anInt32":0,"words":[],"counts":{},"maybe":0})") ==
        R"({"maybe":0})");
  stays<Optionals>(
      R"({"aDouble":0,"aFloat":0,"anInt32":0,"aUint64":"0","aBool":false,"aString":"",)"
      R"("someBytes":"","aShade":"DARK","nested":{},"text":""})");
  stays<Optionals>(R"({"number":"0"})");
  stays<Optionals>(R"({"message":{"yes":false}})");
  stays<Proto2>(
      R"({"number":41,"text":"","truth":true,"closed":"TWO","blob":"","ratio":"-Infinity"})");
  stays<Proto2>("{}");
}

TEST_CASE("fields are found by both of their names, in any order") {
  stays<Names>(R"({"UPPERCase2x":"a","trailing":"b","Leading":"c","own \"\u003cname\u003e\"":"d",)"
               R"("plain":"e","far":"f"})");
  const Names m = read<Names>(
      R"({"far":"f","with_own_name":"d","UPPER_case2x":"a","_leading":"c","plai\u006e":"e","x":1})");
  CHECK(m.far() == "f");
  CHECK(m.with_own_name() == "d");
  CHECK(m.upper_case2x() == "a");
  CHECK(m._leading() == "c");
  CHECK(m.plain() == "e");
}

TEST_CASE("unknown fields are passed over, whatever they hold") {
  CHECK(again<AllKinds>(R"({"x":{"y":[1,{"z":null}],"":1e999},"anInt32":1,"":"","q":"\n"})") ==
        R"({"anInt32":1})");
}

TEST_CASE("null stands for the default of every field") {
  CHECK(
      again<AllKinds>(R"({"anInt32":null,"aString":null,"nested":null,"words":null,"counts":null,)"
                      R"("chosenText":null,"maybe":null,"aColour":null})") == "{}");
  CHECK(again<Optionals>(R"({"text":null,"number":"5"})") == R"({"number":"5"})");
}

TEST_CASE("null is refused inside lists and maps") {
  CHECK(refusal<Lists>(R"({"int32s":[1,null]})") ==
        "reading JSON: int32s[1] is null where an integer is expected");
  CHECK(contains(refusal<Lists>(R"({"lists":[null]})"), "lists[0] is null"));
  CHECK(contains(refusal<Maps>(R"({"sint32s":{"1":null}})"), "sint32s.1 is null"));
  CHECK(contains(refusal<WellKnown>(R"({"times":[null]})"), "times[0] is null"));
}

TEST_CASE("integers come as numbers, strings, and with exponents") {
  CHECK(read<AllKinds>(R"({"anInt32":"-5"})").an_int32() == -5);
  CHECK(read<AllKinds>(R"({"anInt32":1e2})").an_int32() == 100);
  CHECK(read<AllKinds>(R"({"anInt64":-9223372036854775808})").an_int64() ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(read<AllKinds>(R"({"aUint64":18446744073709551615})").a_uint64() ==
        std::numeric_limits<std::uint64_t>::max());
  for (const char* value : {"\"\"", "\" 1\"", "\"1 \"", "\"0x1\"", "\"+1\"", "\"1e2\"", "\"1.0\"",
                            "1.5", "2147483648", "true", "{}", "[1]", "\"01\""}) {
    CHECK(contains(refusal<AllKinds>(R"({"anInt32":)" + std::string(value) + "}"), "anInt32 is "));
  }
  CHECK(contains(refusal<AllKinds>(R"({"aUint32":-1})"),
                 "aUint32 is -1 where an unsigned integer of 32 bits is expected"));
}

TEST_CASE("floating-point fields take what they can hold") {
  CHECK(read<AllKinds>(R"({"aDouble":"1.5e3","aFloat":2})").a_double() == 1500);
  CHECK(std::isnan(read<AllKinds>(R"({"aDouble":"NaN"})").a_double()));
  CHECK(std::signbit(read<AllKinds>(R"({"aDouble":-0})").a_double()));
  CHECK(read<AllKinds>(R"({"aFloat":"-Infinity"})").a_float() ==
        -std::numeric_limits<float>::infinity());
  for (const char* value :
       {"1e999", "\"1e999\"", "\"\"", "\"nan\"", "\"inf\"", "\"0x1p3\"", "true"}) {
    CHECK(contains(refusal<AllKinds>(R"({"aDouble":)" + std::string(value) + "}"), "aDouble is "));
  }
  CHECK(contains(refusal<AllKinds>(R"({"aFloat":1e39})"), "that a float can hold"));
}

TEST_CASE("enums come by name and by number, and unknown names are passed over") {
  CHECK(read<AllKinds>(R"({"aColour":"COLOUR_RED"})").a_colour() == test::COLOUR_RED);
  CHECK(read<AllKinds>(R"({"aColour":2})").a_colour() == test::COLOUR_GREEN);
  CHECK(read<AllKinds>(R"({"aColour":"2"})").a_colour() == test::COLOUR_GREEN);
  CHECK(read<AllKinds>(R"({"aColour":77})").a_colour() == 77);
  CHECK(read<AllKinds>(R"({"aColour":"COLOUR_NEW"})").a_colour() == 0);
  CHECK(read<Lists>(R"({"shades":["LIGHT","NEW","BLACK"]})").shades_size() == 2);
  CHECK(again<Lists>(R"({"shades":["BLACK"]})") == R"({"shades":["DARK"]})");
  CHECK(contains(refusal<AllKinds>(R"({"aColour":1.5})"), "aColour is 1.5"));
  CHECK(contains(refusal<AllKinds>(R"({"aColour":true})"), "aColour is a boolean"));
}

TEST_CASE("a closed enum's unknown value is kept in the binary form only") {
  const Proto2 m =
      read<Proto2>(R"({"unpacked":["ONE",9,"TWO"],"number":1,"byName":{"a":"THREE","b":9}})");
  CHECK(m.unpacked_size() == 2);
  CHECK(m.unknown_fields().field_count() == 2);
  CHECK(written(m) == R"({"number":1,"unpacked":["ONE","TWO"],"byName":{"a":"THREE"}})");
  CHECK(again<Proto2>(R"({"unpacked":[9]})") == "{}");
}

TEST_CASE("bytes come in both base64 alphabets, padded or not") {
  for (const char* text : {"+/8=", "-_8=", "-_8"}) {
    CHECK(read<AllKinds>(R"({"someBytes":")" + std::string(text) + "\"}").some_bytes() ==
          "\xfb\xff");
  }
  CHECK(contains(refusal<AllKinds>(R"({"someBytes":"a b"})"),
                 R"(someBytes is "a b" where base64 is expected)"));
}

TEST_CASE("of a field that comes twice the last one counts, lists and messages grow") {
  CHECK(again<AllKinds>(R"({"anInt32":1,"an_int32":2})") == R"({"anInt32":2})");
  CHECK(again<AllKinds>(R"({"anInt32":1,"anInt32":0})") == "{}");
  CHECK(again<AllKinds>(R"({"numbers":[1],"numbers":[2]})") == R"({"numbers":[1,2]})");
  CHECK(again<AllKinds>(R"({"nested":{"label":"a"},"nested":{"weight":1}})") ==
        R"({"nested":{"label":"a","weight":1}})");
  CHECK(again<WellKnown>(R"({"took":"26.5s","took":"3s"})") == R"({"took":"3s"})");
}

TEST_CASE("two fields of a oneof are refused, and a map's key that comes twice") {
  CHECK(contains(refusal<AllKinds>(R"({"chosenText":"a","chosenNumber":1})"),
                 "chosenNumber is there twice, or together with another field of its oneof"));
  CHECK(!refusal<AllKinds>(R"({"chosenText":"a","chosenText":"b"})").empty());
  CHECK(!refusal<AllKinds>(R"({"maybe":1,"maybe":2})").empty());
  // The same oneof of another message is another one.
  stays<Optionals>(R"({"message":{"text":"a","yes":true},"blob":"/w=="})");
  CHECK(refusal<AllKinds>(R"({"counts":{"a":1,"b":2,"\u0061":3}})") ==
        "reading JSON: counts has a key twice");
  CHECK(!refusal<Maps>(R"({"strings":{"a":{"bools":[]}},"int32s":{"1":1,"1":1}})").empty());
  CHECK(
      read<Maps>(R"({"strings":{"a":{}},"bools":{"true":{"strings":{"a":{}}}}})").strings_size() ==
      1);
}

TEST_CASE("keys that do not fit their type are refused") {
  CHECK(contains(refusal<Maps>(R"({"int32s":{"x":1}})"),
                 R"(int32s.x is "x" where an integer of 32)"));
  CHECK(!refusal<Maps>(R"({"int32s":{"2147483648":1}})").empty());
  CHECK(!refusal<Maps>(R"({"int32s":{"":1}})").empty());
  CHECK(contains(refusal<Maps>(R"({"bools":{"1":{}}})"), "where true or false is expected"));
}

TEST_CASE("an error tells its place") {
  CHECK(
      refusal<Lists>(R"({"lists":[{},{"lists":[{"int32s":[1,2,"x"]}]}]})") ==
      R"(reading JSON: lists[1].lists[0].int32s[2] is "x" where an integer of 32 bits is expected)");
  CHECK(refusal<Maps>(R"({"strings":{"k":{"bools":[5]}}})") ==
        "reading JSON: strings.k.bools[0] is a number where true or false is expected");
  CHECK(refusal<AllKinds>("[]") ==
        "reading JSON: the message is an array where an object is expected");
  CHECK(refusal<AllKinds>(R"({"aString":"a" "b"})") ==
        "JSON, byte 15: a comma or a closing bracket is expected");
  const std::string long_text(10'000, 'x');
  CHECK(refusal<AllKinds>("{\"anInt32\":\"" + long_text + "\"}").size() < 200);
}

TEST_CASE("what the utility takes although it is no such JSON is refused") {
  for (const char* text :
       {R"({"numbers":5})", R"({"list":{"label":"a"}})", R"({"numbers":[[1]]})",
        R"({"aBool":"true"})", R"({"numbers":[1,]})", R"({"aString":'a'})", R"({aString:"a"})",
        R"({"aString":"\v"})", R"({"aBool":1})", "null", "5"}) {
    CHECK(!refusal<AllKinds>(text).empty());
  }
}

TEST_CASE("types with a JSON form of their own have it in ordinary messages too") {
  stays<WellKnown>(
      R"({"at":"2020-02-29T12:34:56.789Z","took":"1.500s","mask":"a,bC","structure":{"a":[1,null]},)"
      R"("value":null,"list":[1,"a",{}],"any":{"@type":"type.googleapis.com/polywire.test.Chain",)"
      R"("value":2},"aDouble":0.5,"aFloat":0,"anInt64":"1","aUint64":"2","anInt32":3,"aUint32":4,)"
      R"("aBool":false,"aString":"","someBytes":"","times":["1970-01-01T00:00:00Z"],)"
      R"("durations":{"k":"0s"},"valuesByName":{"k":null},"values":[null,1,"a",[],{}],)"
      R"("rows":[[],[1]],"nested":{"took":"0s"}})");
  CHECK(again<WellKnown>(R"({"at":null,"any":null,"aBool":null,"values":null})") == "{}");
  CHECK(read<WellKnown>(R"({"value":null})").value().has_null_value());
  CHECK(again<WellKnown>(R"({"nulls":[null,0,"NULL_VALUE"],"nullsByName":{"k":null}})") ==
        R"({"nullsByName":{"k":null},"nulls":[null,null,null]})");
  CHECK(contains(refusal<WellKnown>(R"({"nested":{"times":["x"]}})"),
                 "nested.times[0] is \"x\" where a time like"));
}

TEST_CASE("a type with a JSON form of its own may be the whole message") {
  stays<google::protobuf::Timestamp>(R"("2020-02-29T12:34:56Z")");
  stays<google::protobuf::Struct>(R"({"a":[1,{"b":null}]})");
  CHECK(!refusal<google::protobuf::Timestamp>("\"x\"").empty());
  CHECK(!refusal<google::protobuf::Struct>("{\"a\":1,}").empty());
}

TEST_CASE("a type with a JSON form of its own has it everywhere that a message may stand") {
  stays<OwnForms>(
      R"({"timestamp":"2020-02-29T12:34:56Z","duration":"3s","mask":"a.b,cD","structure":{},)"
      R"("value":{},"list":[],"empty":{},"aDouble":0.5,"aFloat":0,"anInt64":"1","aUint64":"2",)"
      R"("anInt32":3,"aUint32":4,"aBool":false,"aString":"","someBytes":"/w=="})");
  stays<OwnForms>(
      R"({"timestamps":["1970-01-01T00:00:00Z"],"durations":["0s","-1s"],"masks":["","a"],)"
      R"("structures":[{},{"a":null}],"values":[null,-1.5,"",false,{"a":[]},[{}]],)"
      R"("lists":[[],[[]]],"nulls":[null],"empties":[{}],"doubles":[0,"NaN"],"floats":[0,0.1],)"
      R"("int64s":["0"],"uint64s":["0"],"int32s":[0],"uint32s":[0],"bools":[false,true],)"
      R"("strings":["","a\n"],"blobs":["","QQ=="]})");
  stays<OwnForms>(
      R"({"timestampsByName":{"":"1970-01-01T00:00:00Z"},"durationsByName":{"a":"0s"},)"
      R"("masksByName":{"a":"b"},"structuresByName":{"a":{"b":1}},"valuesByName":{"a":null},)"
      R"("listsByName":{"a":[]},"nullsByName":{"a":null},"emptiesByName":{"a":{}},)"
      R"("doublesByName":{"a":0},"floatsByName":{"a":0},"int64sByName":{"a":"0"},)"
      R"("uint64sByName":{"a":"0"},"int32sByName":{"a":0},"uint32sByName":{"a":0},)"
      R"("boolsByName":{"a":false},"stringsByName":{"a":""},"blobsByName":{"a":""}})");
  for (const char* json :
       {R"({"chosenTimestamp":"1970-01-01T00:00:00Z"})", R"({"chosenDuration":"0s"})",
        R"({"chosenMask":""})", R"({"chosenStructure":{}})", R"({"chosenValue":null})",
        R"({"chosenList":[]})", R"({"chosenNull":null})", R"({"chosenEmpty":{}})",
        R"({"chosenDouble":0})", R"({"chosenFloat":0})", R"({"chosenInt64":"0"})",
        R"({"chosenUint64":"0"})", R"({"chosenInt32":0})", R"({"chosenUint32":0})",
        R"({"chosenBool":false})", R"({"chosenString":""})", R"({"chosenBytes":""})"}) {
    stays<OwnForms>(json);
  }
  CHECK(!refusal<OwnForms>(R"({"chosenBool":true,"chosenString":"a"})").empty());
}

TEST_CASE("times of the years 1 to 9999 are read, with up to nine digits of a second") {
  using google::protobuf::Timestamp;
  for (const char* json :
       {R"("0001-01-01T00:00:00Z")", R"("9999-12-31T23:59:59.999999999Z")",
        R"("1969-12-31T23:59:59.999Z")", R"("2000-02-29T00:00:00.000001Z")",
        R"("1970-01-01T00:00:00.100Z")", R"("1970-01-01T00:00:00.000000010Z")"}) {
    stays<Timestamp>(json);
  }
  CHECK(read<Timestamp>(R"("0001-01-01T00:00:00Z")").seconds() == -62'135'596'800);
  CHECK(read<Timestamp>(R"("9999-12-31T23:59:59Z")").seconds() == 253'402'300'799);
  CHECK(read<Timestamp>(R"("1970-01-01T00:00:00.5Z")").nanos() == 500'000'000);
  CHECK(read<Timestamp>(R"("1970-01-01T00:00:00.1234567899Z")").nanos() == 123'456'789);
  for (const char* json : {R"("0000-12-31T23:59:59Z")", R"("0001-01-01T00:00:00+00:01")",
                           R"("9999-12-31T23:59:59-00:01")", R"("10000-01-01T00:00:00Z")"}) {
    CHECK(contains(refusal<Timestamp>(json), "of the years 1 to 9999, is expected"));
  }
}

TEST_CASE("times may have an offset from UTC") {
  CHECK(again<google::protobuf::Timestamp>(R"("2020-03-01T00:30:00.5+01:30")") ==
        R"("2020-02-29T23:00:00.500Z")");
  CHECK(again<google::protobuf::Timestamp>(R"("2020-02-29T23:30:00-23:59")") ==
        R"("2020-03-01T23:29:00Z")");
  CHECK(again<google::protobuf::Timestamp>(R"("9999-12-31T23:59:59+00:01")") ==
        R"("9999-12-31T23:58:59Z")");
}

TEST_CASE("what is no time of RFC 3339 is refused") {
  for (const char* text : {"",
                           "2020-02-30T00:00:00Z",
                           "2021-02-29T00:00:00Z",
                           "2020-13-01T00:00:00Z",
                           "2020-00-01T00:00:00Z",
                           "2020-01-00T00:00:00Z",
                           "2020-01-01T24:00:00Z",
                           "2020-01-01T00:60:00Z",
                           "2020-01-01T00:00:60Z",
                           "2020-1-01T00:00:00Z",
                           "2020-01-01t00:00:00Z",
                           "2020-01-01T00:00:00z",
                           "2020-01-01 00:00:00Z",
                           "2020-01-01T00:00:00",
                           "2020-01-01T00:00Z",
                           "2020-01-01T00:00:00.Z",
                           "2020-01-01T00:00:00,5Z",
                           "2020-01-01T00:00:00+1:00",
                           "2020-01-01T00:00:00+01",
                           "2020-01-01T00:00:00+24:00",
                           "2020-01-01T00:00:00+00:60",
                           "2020-01-01T00:00:00ZZ",
                           " 2020-01-01T00:00:00Z",
                           "2020-01-01T00:00:00Z\\u0000",
                           "+020-01-01T00:00:00Z"}) {
    CHECK(contains(refusal<OwnForms>(R"({"timestamps":[")" + std::string(text) + "\"]}"),
                   "timestamps[0] is \"" + std::string(text) + "\" where a time like"));
  }
  CHECK(contains(refusal<OwnForms>(R"({"timestamp":5})"), "timestamp is a number where a time"));
  CHECK(contains(refusal<OwnForms>(R"({"timestamp":{"seconds":5}})"),
                 "timestamp is an object where a time"));
}

TEST_CASE("durations up to 10,000 years are read, with up to nine digits of a second") {
  using google::protobuf::Duration;
  for (const char* json : {R"("0s")", R"("1s")", R"("-0.500s")", R"("0.000001s")",
                           R"("-0.000000001s")", R"("315576000000s")", R"("-315576000000s")",
                           R"("315576000000.999999999s")", R"("-315575999999.999999999s")"}) {
    stays<Duration>(json);
  }
  CHECK(again<Duration>(R"("-0s")") == R"("0s")");
  CHECK(again<Duration>(R"("01.5s")") == R"("1.500s")");
  for (const char* text : {"",
                           "s",
                           "1",
                           "1S",
                           "-s",
                           "+1s",
                           "--1s",
                           ".5s",
                           "1.s",
                           "1.0000000000s",
                           "1e2s",
                           "1 s",
                           " 1s",
                           "1s ",
                           "0x1s",
                           "1.-5s",
                           "315576000001s",
                           "-315576000001s",
                           "18446744073709551615s",
                           "99999999999999999999999999s"}) {
    CHECK(contains(refusal<OwnForms>(R"({"durationsByName":{"k":")" + std::string(text) + "\"}}"),
                   "durationsByName.k is \"" + std::string(text) + "\" where a duration like"));
  }
}

TEST_CASE("times and durations out of their range are not written") {
  const auto refused = [](auto time, std::int64_t seconds, std::int32_t nanos) {
    time.set_seconds(seconds);
    time.set_nanos(nanos);
    buffer out;
    const status done = detail::write_protobuf_json(time, out);
    CHECK(out.empty() == !done.ok());
    CHECK((done.ok() || contains(done.message(), "is not within its bounds")));
    return !done.ok();
  };
  const google::protobuf::Timestamp time;
  CHECK(refused(time, -62'135'596'801, 999'999'999));
  CHECK(!refused(time, -62'135'596'800, 0));
  CHECK(!refused(time, 253'402'300'799, 999'999'999));
  CHECK(refused(time, 253'402'300'800, 0));
  CHECK(refused(time, 0, -1));
  CHECK(refused(time, 0, 1'000'000'000));
  const google::protobuf::Duration duration;
  CHECK(refused(duration, -315'576'000'001, 0));
  CHECK(!refused(duration, -315'576'000'000, -999'999'999));
  CHECK(!refused(duration, 315'576'000'000, 999'999'999));
  CHECK(refused(duration, 315'576'000'001, 0));
  CHECK(!refused(duration, 0, -1));
  CHECK(refused(duration, 1, -1));
  CHECK(refused(duration, -1, 1));
  CHECK(refused(duration, 0, 1'000'000'000));
  CHECK(refused(duration, 0, -1'000'000'000));
}

TEST_CASE("the paths of a field mask are in lowerCamelCase, and separated by commas") {
  using google::protobuf::FieldMask;
  const FieldMask mask = read<FieldMask>(R"("name,user.firstName,,fooBAR,Leading,snake_case,*")");
  CHECK(mask.paths_size() == 6);
  CHECK(mask.paths(1) == "user.first_name");
  CHECK(mask.paths(2) == "foo_b_a_r");
  CHECK(mask.paths(3) == "_leading");
  CHECK(mask.paths(4) == "snake_case");
  CHECK(written(mask) == R"("name,user.firstName,fooBAR,Leading,snakeCase,*")");
  for (const char* text : {"a(b", "a)", "a[", "a]", "a\\\""}) {
    CHECK(contains(refusal<OwnForms>(R"({"masks":["a",")" + std::string(text) + "\"]}"),
                   "masks[1] is \"" + std::string(text) + "\" where paths of fields like"));
  }
}

TEST_CASE("a path of a field mask that would be read as another one is not written") {
  for (const char* path :
       {"fooBar", "foo__bar", "foo_", "foo_3", "foo_.a", "a,b", "a(b)", "a[\"b\"]"}) {
    google::protobuf::FieldMask mask;
    mask.add_paths("fine");
    mask.add_paths(path);
    buffer out;
    CHECK(
        contains(detail::write_protobuf_json(mask, out).message(),
                 "the path " + std::string(path) + " of a google.protobuf.FieldMask has no form"));
    CHECK(out.empty());
  }
}

TEST_CASE("an object is no form of a list, a wrapper or a field mask") {
  for (const char* json :
       {R"({"list":{}})", R"({"aBool":{"value":true}})", R"({"anInt64":{}})", R"({"mask":{}})",
        R"({"duration":{}})", R"({"structure":[]})", R"({"structure":"a"})", R"({"list":1})"}) {
    CHECK(contains(refusal<OwnForms>(json), " where "));
  }
}

TEST_CASE("an error inside a struct tells its place") {
  CHECK(refusal<OwnForms>(R"({"structures":[{},{"a":[1,{"b":1e999}]}]})") ==
        "reading JSON: structures[1].a[1].b is 1e999 where a number that a double can hold is "
        "expected");
  CHECK(refusal<OwnForms>(R"({"value":{"a":{"b":1,"b":2}}})") ==
        "reading JSON: value.a has a key twice");
  CHECK(contains(refusal<OwnForms>(R"({"value":[1,?]})"), "byte 12"));
}

TEST_CASE("structs and lists are written as deep as JSON may be") {
  const auto nested = [](std::size_t levels, bool structs) {
    OwnForms m;
    auto* inner = m.mutable_value();
    for (std::size_t i = 1; i < levels; ++i) {
      inner = structs ? &(*inner->mutable_struct_value()->mutable_fields())["k"]
                      : inner->mutable_list_value()->add_values();
    }
    if (structs) {
      inner->mutable_struct_value();
    } else {
      inner->mutable_list_value();
    }
    buffer out;
    return detail::write_protobuf_json(m, out);
  };
  for (const bool structs : {false, true}) {
    CHECK(nested(max_written_json_depth - 2, structs).ok());
    CHECK(nested(max_written_json_depth - 1, structs).ok());
    CHECK(contains(nested(max_written_json_depth, structs).message(), "deeper than 64"));
  }
}

TEST_CASE("what is not known in a type with a form of its own is not written") {
  const auto with_unknown = [](auto message) {
    message.GetReflection()->MutableUnknownFields(&message)->AddVarint(1000, 1);
    return written(message);
  };
  CHECK(with_unknown(google::protobuf::Struct()) == "{}");
  CHECK(with_unknown(google::protobuf::ListValue()) == "[]");
  CHECK(with_unknown(google::protobuf::Int64Value()) == "\"0\"");
  CHECK(with_unknown(google::protobuf::StringValue()) == "\"\"");
  CHECK(with_unknown(google::protobuf::FieldMask()) == "\"\"");
  CHECK(with_unknown(google::protobuf::Duration()) == "\"0s\"");
  CHECK(with_unknown(google::protobuf::Timestamp()) == "\"1970-01-01T00:00:00Z\"");
}

TEST_CASE("an Any has the members of what it holds, or its own form as its value") {
  const auto any = [](const std::string& type, const std::string& rest) {
    return R"({"any":{"@type":"type.googleapis.com/)" + type + '"' + rest + "}}";
  };
  stays<WellKnown>(any("polywire.test.Lists", R"(,"bools":[true],"lists":[{}])"));
  stays<WellKnown>(any("google.protobuf.Duration", R"(,"value":"1.500s")"));
  stays<WellKnown>(any("google.protobuf.ListValue", R"(,"value":[1,"a"])"));
  stays<WellKnown>(any("google.protobuf.Value", R"(,"value":null)"));
  stays<WellKnown>(any("google.protobuf.BoolValue", R"(,"value":true)"));
  stays<WellKnown>(any("google.protobuf.Any",
                       R"(,"value":{"@type":"type.googleapis.com/google.protobuf.Empty"})"));
  stays<WellKnown>(any("polywire.test.Extendable", R"(,"text":"a")"));
  stays<WellKnown>(any("google.protobuf.Empty", ""));
  stays<WellKnown>(R"({"any":{}})");
  CHECK(again<WellKnown>(any("google.protobuf.Duration", R"(,"value":null)")) ==
        any("google.protobuf.Duration", ""));
}

TEST_CASE("what makes protobuf's utility fail a check of its own is refused") {
  const std::string type = R"("@type":"type.googleapis.com/google.protobuf.)";
  const std::string text = R"({"any":{"value":null,)" + type +
                           R"(Value"},"any":{"value":{},"@t":{},)" + type + R"(Any"}})";
  test::Extendable message;
  const auto read = detail::read_protobuf_json(as_bytes(text), message, limits());
  CHECK(read.code() == status_code::invalid_argument);
}

TEST_CASE("the type of an Any may come behind its members") {
  const WellKnown m =
      read<WellKnown>(R"({"any":{"bools":[true],"lists":[{"@type":1}],"@type":)"
                      R"("type.googleapis.com/polywire.test.Lists","int32s":[1]}})");
  Lists lists;
  REQUIRE(m.any().UnpackTo(&lists));
  CHECK(lists.bools_size() == 1);
  CHECK(lists.lists_size() == 1);
  CHECK(lists.int32s_size() == 1);
  // Byte for byte as protobuf packs it.
  google::protobuf::Any packed;
  packed.PackFrom(lists);
  CHECK(m.any().value() == packed.value());
}

TEST_CASE("an Any without a type that is known here is refused") {
  CHECK(refusal<WellKnown>(R"({"any":{"a":1}})") ==
        R"(reading JSON: any has no "@type" that is a string)");
  CHECK(!refusal<WellKnown>(R"({"any":{"@type":5}})").empty());
  CHECK(refusal<WellKnown>(R"({"any":{"@type":"type.googleapis.com/no.Such"}})") ==
        R"(reading JSON: any has the unknown "@type" type.googleapis.com/no.Such)");
  CHECK(!refusal<WellKnown>(R"({"any":{"@type":"google.protobuf.Duration"}})").empty());
  CHECK(contains(refusal<WellKnown>(
                     R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration","x":1}})"),
                 "any has a member x, but a google.protobuf.Duration has only"));
  CHECK(contains(refusal<WellKnown>(
                     R"({"any":{"@type":"type.googleapis.com/polywire.test.Lists","bools":[1]}})"),
                 "any.bools[0] is a number"));
  CHECK(contains(refusal<WellKnown>(R"({"any":{"x":[1,}})"), "JSON, byte"));
}

TEST_CASE("an Any with bytes that anyone may have made is written, or refused") {
  const auto write = [](const std::string& type, std::string_view value) {
    WellKnown m;
    m.mutable_any()->set_type_url("type.googleapis.com/" + type);
    m.mutable_any()->set_value(std::string(value));
    buffer out;
    const status done = detail::write_protobuf_json(m, out);
    return done ? std::string(as_text(out.view())) : done.message();
  };
  // Its fields in another order, and one of them twice.
  CHECK(contains(write("google.protobuf.Duration", "\x10\x05\x08\x01\x08\x02"),
                 R"("value":"2.000000005s")"));
  CHECK(contains(write("google.protobuf.Duration", "\xff"), "an Any holds 1 bytes that are no"));
  CHECK(contains(write("google.protobuf.StringValue", "\x0a\x01\xff"), "bytes that are no"));
  CHECK(contains(write("no.Such", "a"), "the type type.googleapis.com/no.Such of an Any is not"));
  CHECK(contains(write("no.Such", ""), R"({"@type":"type.googleapis.com/no.Such"})"));
}

TEST_CASE("a value of no kind is not written") {
  WellKnown m;
  m.mutable_value();
  m.add_values();
  (*m.mutable_values_by_name())["k"];
  m.mutable_took();
  CHECK(written(m) == R"({"took":"0s"})");
  m.add_values()->set_number_value(1);
  m.add_values();
  m.add_values()->set_number_value(2);
  CHECK(written(m) == R"({"took":"0s","values":[1,2]})");
  buffer out;
  CHECK(contains(detail::write_protobuf_json(google::protobuf::Value(), out).message(),
                 "without a kind"));
}

TEST_CASE("what the utility cannot write is refused, and nothing is left of it") {
  WellKnown m;
  m.mutable_at()->set_nanos(-1);
  buffer out;
  out.append("kept");
  CHECK(contains(detail::write_protobuf_json(m, out).message(), "google.protobuf.Timestamp"));
  CHECK(as_text(out.view()) == "kept");
}

TEST_CASE("groups and extendable messages survive") {
  stays<test::Grouped>(R"({"pair":{"first":1,"second":{"pair":{}}},"pairs":[{},{"first":2}]})");
  stays<Proto2>(R"({"nested":{"extendable":{"text":"a"}}})");
}

TEST_CASE("unknown fields of any wire type are not written") {
  AllKinds m;
  auto& unknown = *m.GetReflection()->MutableUnknownFields(&m);
  unknown.AddVarint(1000, 1);
  unknown.AddFixed32(1001, 1);
  unknown.AddFixed64(1002, 1);
  unknown.AddLengthDelimited(1003, "abc");
  auto& group = *unknown.AddGroup(1004);
  group.AddGroup(1)->AddVarint(2, 3);
  unknown.AddLengthDelimited(3, "not a varint, as number 3 is");
  m.set_maybe(1);
  CHECK(written(m) == R"({"maybe":1})");
}

TEST_CASE("a string of proto2 that is not UTF-8 is not written") {
  Proto2 m;
  m.set_text("a\xff");
  buffer out;
  CHECK(contains(detail::write_protobuf_json(m, out).message(), "not UTF-8"));
  CHECK(out.empty());
}

TEST_CASE("the depth of types that are left to the utility counts as well") {
  const auto nested = [](std::size_t levels) {
    return R"({"list":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  limits narrow;
  narrow.max_json_depth = 5;
  CHECK(read<WellKnown>(nested(4), narrow).has_list());
  CHECK(contains(refusal<WellKnown>(nested(5), narrow), "nested deeper than 5"));
  CHECK(again<WellKnown>(nested(30)) == nested(30));
}

TEST_CASE("what is read from JSON is as deep as it may be in the binary form") {
  std::string text = "{}";
  for (int i = 1; i < 101; ++i) text = R"({"next":)" + text + "}";
  limits wide;
  wide.max_json_depth = 150;
  CHECK(contains(refusal<test::Chain>(R"({"next":)" + text + "}", wide), "deeper than 100"));
  CHECK(read<test::Chain>(text, wide).has_next());
  wide.max_protobuf_depth = 101;
  CHECK(read<test::Chain>(R"({"next":)" + text + "}", wide).has_next());
  // A google.protobuf.ListValue has two levels for each one of its JSON.
  CHECK(contains(
      refusal<WellKnown>(R"({"list":)" + std::string(60, '[') + std::string(60, ']') + "}"),
      "deeper than 100"));
}

TEST_CASE("many threads may meet a type for the first time together") {
  std::vector<std::thread> threads;
  std::vector<std::string> results(4);
  for (std::string& result : results) {
    threads.emplace_back([&result] {
      test::Common m;
      m.mutable_inner()->set_label("x");
      buffer out;
      if (detail::write_protobuf_json(m, out)) result = as_text(out.view());
    });
  }
  for (std::thread& each : threads) each.join();
  for (const std::string& result : results) CHECK(result == R"({"inner":{"label":"x"}})");
}
