// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/protobuf_json.hpp"

#include "all_kinds.pb.h"
#include "json_kinds.pb.h"
#include "json_proto2.pb.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <nlohmann/json.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace polywire;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

status read_by_utility(std::string_view text, Message& message) try {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto done =
      google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &message, options);
  if (done.ok()) return {};
  return status::invalid_argument(std::string(done.message().data(), done.message().size()));
} catch (const std::exception&) {
  return status::internal("the utility has failed");
}

/// Makes JSON that is nearly right for a message type, of bytes that the fuzzer chooses.
class maker {
 public:
  explicit maker(std::string_view choices) : choices_(choices) {}

  std::string message(const Descriptor& type, int levels = 4) {
    const std::string name = type.full_name();
    if (name == "google.protobuf.Timestamp") return time();
    if (name == "google.protobuf.Duration") return duration();
    if (name == "google.protobuf.FieldMask") return mask();
    if (name == "google.protobuf.Struct") return structure(levels);
    if (name == "google.protobuf.ListValue") return list(levels);
    if (name == "google.protobuf.Value") return any_value(levels);
    if (name == "google.protobuf.Any") return any(levels);
    if (name.starts_with("google.protobuf.") && name.ends_with("Value")) {
      return single(*type.field(0), levels);
    }
    std::string text = "{";
    for (unsigned left = choose(5); left > 0 && type.field_count() > 0; --left) {
      const FieldDescriptor& field =
          *type.field(static_cast<int>(choose(static_cast<unsigned>(type.field_count()))));
      if (text.size() > 1) text += ',';
      text += nlohmann::json(choose(4) == 0 ? field.name() : field.json_name()).dump() + ':';
      text += value_of(field, levels);
    }
    return text + "}";
  }

 private:
  unsigned choose(unsigned n) {
    if (choices_.empty()) return 0;
    const auto chosen = static_cast<unsigned char>(choices_.front());
    choices_.remove_prefix(1);
    return chosen % n;
  }

  std::string value_of(const FieldDescriptor& field, int levels) {
    if (choose(12) == 0) return odd();
    if (!field.is_repeated()) return single(field, levels);
    std::string text;
    for (unsigned left = choose(4); left > 0; --left) {
      if (!text.empty()) text += ',';
      if (field.is_map()) {
        text += key(*field.message_type()->field(0)) + ':' +
                single(*field.message_type()->field(1), levels);
      } else {
        text += single(field, levels);
      }
    }
    return field.is_map() ? '{' + text + '}' : '[' + text + ']';
  }

  std::string key(const FieldDescriptor& field) {
    const std::string text =
        field.type() == FieldDescriptor::TYPE_BOOL     ? (choose(2) == 0 ? "true" : "false")
        : field.type() == FieldDescriptor::TYPE_STRING ? std::to_string(choose(200)) + "k"
                                                       : integer();
    return '"' + text + '"';
  }

  std::string single(const FieldDescriptor& field, int levels) {
    if (choose(20) == 0) return odd();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_DOUBLE:
      case FieldDescriptor::CPPTYPE_FLOAT: return number();
      case FieldDescriptor::CPPTYPE_BOOL: return choose(2) == 0 ? "true" : "false";
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto& type = *field.enum_type();
        const unsigned n = choose(static_cast<unsigned>(type.value_count()) + 2);
        if (static_cast<int>(n) >= type.value_count())
          return n % 2 == 0 ? "\"NO_NAME\"" : integer();
        const auto& value = *type.value(static_cast<int>(n));
        return choose(3) == 0 ? std::to_string(value.number())
                              : nlohmann::json(value.name()).dump();
      }
      case FieldDescriptor::CPPTYPE_STRING:
        return field.type() == FieldDescriptor::TYPE_BYTES ? pick(blobs) : pick(strings);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (choose(8) == 0) return pick(well_known);
        return levels == 0 ? "{}" : message(*field.message_type(), levels - 1);
      default: return choose(3) == 0 ? '"' + integer() + '"' : integer();
    }
  }

  std::string digits(unsigned count, unsigned below) {
    std::string text = std::to_string(choose(below));
    return std::string(count > text.size() ? count - text.size() : 0, '0') + text;
  }
  std::string fraction() {
    if (choose(2) == 0) return "";
    std::string text = ".";
    for (unsigned left = choose(12); left > 0; --left) text += static_cast<char>('0' + choose(10));
    return text;
  }
  std::string time() {
    const unsigned century = choose(8);
    std::string text = century == 0   ? "0001"
                       : century == 1 ? "9999"
                                      : digits(2, 101) + digits(2, 100);
    text += '-' + digits(2, 14) + '-' + digits(2, 33) + 'T' + digits(2, 25) + ':' + digits(2, 61) +
            ':' + digits(2, 61) + fraction();
    const unsigned zone = choose(4);
    return '"' + text +
           (zone > 1 ? "Z" : (zone == 0 ? '+' : '-') + digits(2, 25) + ':' + digits(2, 61)) + '"';
  }
  std::string duration() {
    std::string text = choose(2) == 0 ? "" : "-";
    text += choose(4) == 0 ? pick(seconds) : std::to_string(choose(256));
    return '"' + text + fraction() + (choose(16) == 0 ? "" : "s") + '"';
  }
  std::string mask() {
    constexpr std::string_view from = "abXYab.cZ,b_1*,(";
    std::string text;
    for (unsigned left = choose(14); left > 0; --left) text += from[choose(16)];
    return '"' + text + '"';
  }
  std::string any_value(int levels) {
    switch (choose(levels == 0 ? 5 : 9)) {
      case 0: return "null";
      case 1: return choose(2) == 0 ? "true" : "false";
      case 2: return number();
      case 3: return pick(strings);
      case 4: return integer();
      case 5: return pick(well_known);
      case 6: return structure(levels);
      default: return list(levels);
    }
  }
  std::string any(int levels) {
    static const std::array types = {google::protobuf::Timestamp::descriptor(),
                                     google::protobuf::Duration::descriptor(),
                                     google::protobuf::Value::descriptor(),
                                     google::protobuf::Struct::descriptor(),
                                     google::protobuf::StringValue::descriptor(),
                                     google::protobuf::Any::descriptor(),
                                     test::Optionals::descriptor(),
                                     test::WellKnown::descriptor()};
    if (levels == 0 || choose(8) == 0) return "{}";
    const std::size_t which = choose(types.size());
    const std::string type = "\"@type\":\"type.googleapis.com/" + types[which]->full_name() + '"';
    std::string content = message(*types[which], levels - 1);
    if (which < 6) content = "{\"value\":" + content + '}';
    if (content == "{}") return '{' + type + '}';
    if (choose(2) == 0) return '{' + type + ',' + content.substr(1);
    content.back() = ',';
    return content + type + '}';
  }
  std::string structure(int levels) {
    std::string text;
    for (unsigned left = choose(4); left > 0; --left) {
      if (!text.empty()) text += ',';
      text += '"' + std::to_string(choose(20)) + "k\":" + any_value(levels - 1);
    }
    return '{' + text + '}';
  }
  std::string list(int levels) {
    std::string text;
    for (unsigned left = choose(4); left > 0; --left) {
      if (!text.empty()) text += ',';
      text += any_value(levels - 1);
    }
    return '[' + text + ']';
  }

  std::string integer() {
    return choose(3) == 0 ? pick(integers) : std::to_string(static_cast<int>(choose(256)) - 50);
  }
  std::string number() {
    if (choose(2) == 0) return pick(numbers);
    std::string text = integer();
    if (choose(2) == 0) text += '.' + std::to_string(choose(256)) + std::to_string(choose(256));
    if (choose(2) == 0) text += (choose(2) == 0 ? "e-" : "E") + std::to_string(choose(50));
    return text;
  }
  std::string odd() {
    switch (choose(6)) {
      case 0: return "null";
      case 1: return pick(strings);
      case 2: return number();
      case 3: return "[" + pick(well_known) + "]";
      case 4: return "{\"unknown\":" + pick(well_known) + "}";
      default: return pick(well_known);
    }
  }
  template <std::size_t n>
  std::string pick(const std::array<const char*, n>& from) {
    return from[choose(n)];
  }

  static constexpr std::array integers = {"0",
                                          "-1",
                                          "2147483647",
                                          "2147483648",
                                          "-2147483648",
                                          "-2147483649",
                                          "4294967295",
                                          "4294967296",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "-9223372036854775808",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "-9223372036854775809",
                                          "9007199254740993"};
  static constexpr std::array seconds = {"315576000000",
                                         "315576000001",
                                         "315575999999",
                                         "00",
                                         "18446744073709551615",
                                         "9223372036854775808",
                                         "",
                                         "+1",
                                         "1e2"};
  static constexpr std::array numbers = {"0.1",
                                         "1e2",
                                         "1.0",
                                         "3.4028235e38",
                                         "3.4028236e38",
                                         "1.7976931348623157e308",
                                         "1e400",
                                         "1e-400",
                                         "5e-324",
                                         "1.5e300",
                                         "\"NaN\"",
                                         "\"Infinity\"",
                                         "\"-Infinity\"",
                                         "\"0.3\"",
                                         "1.17549435e-38",
                                         "16777217",
                                         "0.30000000000000004",
                                         "-0.0",
                                         "1e18",
                                         "9.223372036854775807e18",
                                         "4294967295.0",
                                         "2147483647.5"};
  static constexpr std::array strings = {
      "\"\"",
      "\"a\"",
      "\"x\\\"y\\\\\"",
      "\"\\u00e4\\ud83d\\ude00\"",
      "\"<b>&\\u007f\"",
      "\"gr\xc3\xbc\xc3\x9f\"",
      "\"\\u2028\\u0085\"",
      "\"\\b\\f\\n\\r\\t\\u0001\"",
      "\"true\"",
      "\"1\"",
      "\"1e2\"",
      "\" 1\"",
      "\"0x1\"",
      "\"LIGHT\"",
      "\"ein l\xc3\xa4ngerer Text, der mehr als acht Zeichen hat\""};
  static constexpr std::array blobs = {"\"\"",    "\"QQ==\"", "\"QQ\"",   "\"QUI=\"",  "\"QUJD\"",
                                       "\"-_8\"", "\"+/8=\"", "\"-_\"",   "\"-/\"",    "\"QQ=\"",
                                       "\"Q\"",   "\"Q===\"", "\"QR==\"", "\"QU I=\"", "\"=\""};
  static constexpr std::array well_known = {
      "{}",
      "null",
      "\"2020-02-29T12:34:56.789Z\"",
      "\"1.5s\"",
      "\"a,bC\"",
      "\"-0.5s\"",
      "[1,\"a\",null]",
      "{\"a\":[{}],\"b\":null}",
      "true",
      "12",
      "\"x\"",
      "[]",
      "{\"value\":1}",
      R"({"@type":"type.googleapis.com/google.protobuf.Duration","value":"2s"})",
      R"({"@type":"type.googleapis.com/polywire.test.Chain","value":2})",
      "\"1969-12-31T23:59:59+01:30\""};

  std::string_view choices_;
};

/// The same for messages that have the same content, maps included.
std::string content_of(const Message& message) {
  std::string text;
  google::protobuf::io::StringOutputStream to(&text);
  google::protobuf::io::CodedOutputStream out(&to);
  out.SetSerializationDeterministic(true);
  if (!message.SerializePartialToCodedStream(&out)) std::abort();
  out.Trim();
  return text;
}

/// Calls `change` for `message` and all messages in it, those in its Anys included. What such an
/// Any holds is then as protobuf writes it.
template <class Change>
void change_all(Message& message, const Change& change) {
  if (message.GetDescriptor() == google::protobuf::Any::descriptor()) {
    auto& any = static_cast<google::protobuf::Any&>(message);
    const std::string& url = any.type_url();
    const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
        url.substr(url.find('/') + 1));
    if (type == nullptr) return;
    const std::unique_ptr<Message> content(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
    if (!content->ParsePartialFromString(any.value())) content->Clear();
    change_all(*content, change);
    any.set_value(content_of(*content));
    return;
  }
  change(message);
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      change_all(*reflection.MutableMessage(&message, field), change);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      change_all(*reflection.MutableRepeatedMessage(&message, field, i), change);
    }
  }
}

void canonicalize(Message& message) {
  change_all(message, [](Message&) {});
}

bool same_content(Message& a, Message& b) {
  canonicalize(a);
  canonicalize(b);
  if (content_of(a) == content_of(b)) return true;
  // Where several capitals follow each other, the utility has fewer underscores in a mask's path.
  const auto simplify = [](Message& message) {
    if (message.GetDescriptor() != google::protobuf::FieldMask::descriptor()) return;
    auto& paths = *static_cast<google::protobuf::FieldMask&>(message).mutable_paths();
    for (std::string& path : paths) std::erase(path, '_');
  };
  change_all(a, simplify);
  change_all(b, simplify);
  return content_of(a) == content_of(b);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

[[noreturn]] void differ(const char* what, std::string_view text, const status& ours,
                         const status& theirs) {
  std::fprintf(stderr, "%s\n  %.*s\n  ours:   %s\n  theirs: %s\n", what,
               static_cast<int>(text.size()), text.data(), ours.to_string().c_str(),
               theirs.to_string().c_str());
  std::abort();
}

/// `text` with 0 for every digit, and one for all those of a fraction.
std::string shape_of(std::string_view text) {
  std::string shape;
  bool in_fraction = false;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (is_digit && in_fraction && shape.back() == '0') continue;
    in_fraction = c == '.' || (is_digit && in_fraction);
    shape += is_digit ? '0' : c;
  }
  return shape;
}

/// Whether the utility is right to take what we refused with the words that this is no time.
bool is_time(std::string_view why) {
  const std::size_t first = why.find(" is \"") + 5;
  const std::string_view text = why.substr(first, why.find('"', first) - first);
  const std::string shape = shape_of(text);
  if (contains(why, "where a time like")) {
    if (text.starts_with("0001-01-01") || text.starts_with("9999-12-31")) return false;
    return shape.starts_with("0000-00-00T00:00:00") &&
           contains(" Z .0Z +00:00 -00:00 .0+00:00 .0-00:00 ", " " + shape.substr(19) + " ");
  }
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos && text.size() - point > 11) return false;
  const std::size_t digits = shape.find_first_not_of("-0");
  return digits < 18 && !shape.starts_with("--") &&
         (shape.substr(digits) == "s" || shape.substr(digits) == ".0s");
}

/// What protobuf's utility takes beyond the mapping, and we refuse; see protobuf_json.hpp.
bool is_laxness(std::string_view text, std::string_view why) {
  if (contains(why, "where a time like") || contains(why, "where a duration like")) {
    return !contains(why, " is \"") || !is_time(why);
  }
  if (contains(why, "where paths of fields like")) {
    // An error shows the beginning of what is too long.
    const std::string_view mask = contains(why, "...") ? text : why;
    return !contains(why, " is \"") || mask.find_first_of("()[]\\") != std::string_view::npos;
  }
  if (contains(why, "is nested too deep for a ")) return true;  // what an Any holds
  // The fields of a type that has a form of its own.
  if (contains(why, " is an object where ")) return true;
  // It rounds what is just below the least of 64 bits.
  if (contains(why, " is -922337203685477")) return true;
  if (why.starts_with("JSON, byte")) return !nlohmann::json::accept(text);
  return contains(why, "where an array is expected") || contains(why, "is an array where") ||
         contains(why, "is null where") || contains(why, "has a key twice") ||
         contains(why, "is a string where true or false is") ||
         contains(why, "Cannot start root message with ListValue") ||
         contains(why, "Root element must be a message") || contains(why, " is \"");
}

/// What we take, and the utility does not.
bool is_strictness(std::string_view why) {
  return contains(why, "Number exceeds the range of double") ||
         contains(why, "Cannot start root message with ListValue") ||  // in an Any
         contains(why, "the utility has failed") ||
         contains(why, "for type type.googleapis.com/polywire.test.Shade") ||
         contains(why, "for type type.googleapis.com/google.protobuf.NullValue") ||
         contains(why, "for type TYPE_BYTES") || contains(why, "value \"3.402823") ||
         contains(why, "value \"-3.402823");
}

/// The utility takes a member without a name for one more element of the list around it.
bool has_empty_name(std::string_view text) {
  for (std::size_t at = text.find("\"\""); at != std::string_view::npos;
       at = text.find("\"\"", at + 1)) {
    const std::size_t next = text.find_first_not_of(" \t\r\n", at + 2);
    if (next != std::string_view::npos && text[next] == ':') return true;
  }
  return false;
}

/// Whether null stands for one of these lists. The utility takes it for a list with one null.
bool has_null_for_list(std::string_view text) {
  for (const std::string_view name : {"\"nulls\"", "\"values\""}) {
    for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at)) {
      at = text.find_first_not_of(" \t\r\n:", at + name.size());
      if (at != std::string_view::npos && text.substr(at).starts_with("null")) return true;
    }
  }
  return false;
}

/// Whether an Any may come twice. The utility then gives it the later type, but the former value if
/// the later one is empty.
bool has_any_twice(std::string_view text) { return text.find("\"any\"") != text.rfind("\"any\""); }

template <class T>
void read_both(std::string_view text) {
  const limits bounds;
  const auto in = as_bytes(text);
  T ours;
  T theirs;
  const status our_way = detail::read_protobuf_json(in, ours, bounds);
  if (has_empty_name(text)) return;
  status their_way = check_json(in, bounds.max_json_depth);
  if (their_way) their_way = read_by_utility(text, theirs);
  if (our_way && their_way) {
    // It also loses the sign of -0.
    if (!same_content(ours, theirs) && !has_null_for_list(text) && !has_any_twice(text) &&
        !contains(text, "-0")) {
      differ((ours.DebugString() + "---\n" + theirs.DebugString()).c_str(), text, our_way,
             their_way);
    }
  } else if (our_way && !is_strictness(their_way.message())) {
    differ("only we read", text, our_way, their_way);
  } else if (their_way && !is_laxness(text, our_way.message())) {
    differ("only the utility reads", text, our_way, their_way);
  }
}

/// Lists and maps of google.protobuf.Value in which none has a kind.
void drop_empty_values(nlohmann::json& document) {
  if (!document.is_object()) return;
  for (const char* name : {"values", "valuesByName"}) {
    if (document.contains(name) && document[name].empty()) document.erase(name);
  }
  if (document.contains("nested")) drop_empty_values(document["nested"]);
}

template <class T>
void write_both(T& message) {
  // The utility writes those of closed enums, and so some fields twice.
  if constexpr (std::same_as<T, test::Proto2>) message.DiscardUnknownFields();
  canonicalize(message);
  buffer out;
  const status our_way = detail::write_protobuf_json(message, out);
  if (!our_way && !out.empty()) std::abort();
  const std::string_view ours = as_text(out.view());
  std::string theirs;
  status their_way = detail::write_by_utility(message, theirs);
  if (their_way) their_way = check_json(as_bytes(theirs), max_written_json_depth);
  if (their_way && theirs.empty()) their_way = status::internal("a value of no kind");
  if (our_way.ok() != their_way.ok()) {
    if (contains(our_way.message(), "not UTF-8")) return;  // the utility drops such bytes
    if (contains(their_way.message(), "FieldMask, unexpected field")) return;  // an unknown one
    if (contains(their_way.message(), "Max recursion depth reached")) return;  // of messages
    // It writes nonsense for this.
    if (contains(our_way.message(), "Duration of ") &&
        contains(our_way.message(), "with one sign") && contains(our_way.message(), "and -")) {
      return;
    }
    // It cannot read this as the same again, or only because of its own extensions of masks.
    if (contains(our_way.message(), "no form in JSON")) {
      T changed;
      const status read = read_by_utility(theirs, changed);
      if (!read || content_of(changed) != content_of(message) || contains(theirs, "\\\"") ||
          theirs.find_first_of("()[]") != std::string::npos) {
        return;
      }
    }
    differ("only one writes", ours.empty() ? theirs : ours, our_way, their_way);
  }
  if (!our_way) return;
  T again;
  const status read = detail::read_protobuf_json(out.view(), again, limits());
  if (!read) differ("not read again", ours, read, {});
  if (ours == theirs) return;
  // The utility escapes more characters beyond ASCII, and leaves lists of what it cannot write.
  nlohmann::json our_document = nlohmann::json::parse(ours);
  nlohmann::json their_document = nlohmann::json::parse(theirs);
  if constexpr (std::same_as<T, test::WellKnown> || std::same_as<T, test::OwnForms>) {
    drop_empty_values(our_document);
    drop_empty_values(their_document);
  }
  if (our_document == their_document) return;
  // It writes more digits than it takes for floats that are nearly zero, and loses underscores at
  // the start of a mask's path.
  T same;
  const bool tiny = contains(ours, "e-38") || contains(ours, "e-39") || contains(ours, "e-4");
  const bool masks = contains(ours, "ask") || std::same_as<T, google::protobuf::FieldMask>;
  if (!(tiny || masks) || !detail::read_protobuf_json(as_bytes(theirs), same, limits()) ||
      !same_content(same, again)) {
    differ(theirs.c_str(), ours, our_way, their_way);
  }
}

template <class T>
void check_written(std::string_view wire) {
  T message;
  if (message.ParsePartialFromArray(wire.data(), static_cast<int>(wire.size()))) {
    write_both(message);
  }
}

template <class T>
void check(unsigned how, std::string_view data) {
  T message;
  switch (how % 3) {
    case 0: return read_both<T>(data);
    case 1: {
      const std::string text = maker(data).message(*T::descriptor());
      read_both<T>(text);
      if (detail::read_protobuf_json(as_bytes(text), message, limits())) write_both(message);
      return;
    }
    default: return check_written<T>(data);
  }
}

/// Types with a JSON form of their own as the whole message.
void check_root(unsigned how, std::string_view data) {
  switch (how / 3 % 4) {
    case 0: return check<google::protobuf::Timestamp>(how, data);
    case 1: return check<google::protobuf::Duration>(how, data);
    case 2: return check<google::protobuf::FieldMask>(how, data);
    default: return check<google::protobuf::Value>(how, data);
  }
}

}  // namespace

/// Our JSON codec of generated messages and protobuf's utility agree: on what they read, and on
/// what they write. The first byte chooses a message type and what the rest is: JSON text, choices
/// for making such text, or a message in the binary format.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const unsigned how = data[0] / 8U;
  switch (data[0] % 8U) {
    case 0: check<test::AllKinds>(how, rest); break;
    case 1: check<test::Lists>(how, rest); break;
    case 2: check<test::Maps>(how, rest); break;
    case 3: check<test::Optionals>(how, rest); break;
    case 4: check<test::Names>(how, rest); break;
    case 5: check<test::WellKnown>(how, rest); break;
    case 6: check<test::Proto2>(how, rest); break;
    default:
      if (how >= 24) return check_written<test::Grouped>(rest), 0;  // it cannot read groups
      if (how >= 12) return check_root(how, rest), 0;
      check<test::OwnForms>(how, rest);
  }
  return 0;
}
