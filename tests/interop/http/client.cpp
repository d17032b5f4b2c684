// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../../../examples/users/counting_stream.hpp"
#include "api.hpp"

#include <polywire/client.hpp>
#include <polywire/gzip.hpp>
#include <polywire/http.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// Our client against servers and proxies of others. See `main` for what it can be told to do.

namespace pb = interop::pb;
namespace values = interop::values;
namespace notes = interop::notes;
using interop::Note;
using polywire::status_code;
using namespace std::chrono_literals;

namespace {

int passed = 0;
int failed = 0;

void expect(bool good, const std::string& what) {
  good ? ++passed : ++failed;
  if (!good) std::cout << "FAILED   " << what << std::endl;
}
void expect(const polywire::status& how, status_code code, const std::string& what) {
  expect(how.code() == code, what + ": " + how.to_string());
}
int end_of_checks(const std::string& url) {
  std::cout << url << ": " << passed << " checks passed, " << failed << " failed" << std::endl;
  return passed > 0 && failed == 0 ? 0 : 1;
}

polywire::call_options soon() { return polywire::timeout(60s); }

pb::Struct text_struct(const std::string& text) {
  pb::Struct made;
  (*made.mutable_fields())["text"].set_string_value(text);
  return made;
}
pb::Int32Value number(int value) {
  pb::Int32Value made;
  made.set_value(value);
  return made;
}
pb::StringValue string(std::string value) {
  pb::StringValue made;
  made.set_value(std::move(value));
  return made;
}

/// Metadata there and back.
class metadata_probe {
 public:
  polywire::call_options options() {
    return soon()
        .metadata("x-initial-a", "first")
        .metadata("x-initial-b-bin", bytes_)
        .metadata("x-trailing-a", "last")
        .metadata("x-trailing-b-bin", bytes_)
        .capture(info_);
  }
  void check(const std::string& what) const {
    expect(info_.initial.get("x-initial-a") == "first", what + ": initial metadata");
    expect(info_.initial.get("x-initial-b-bin") == bytes_, what + ": binary initial metadata");
    expect(info_.trailing.get("x-trailing-a") == "last", what + ": trailing metadata");
    expect(info_.trailing.get("x-trailing-b-bin") == bytes_, what + ": binary trailing metadata");
  }

 private:
  const std::string bytes_{"\0\xff\n ", 4};
  polywire::call_info info_;
};

void expect_asked(const polywire::status& how, int code, const std::string& what) {
  expect(how, static_cast<status_code>(code), what);
  expect(how.message() == "as asked", what + ": '" + how.message() + "'");
  pb::StringValue detail;
  const bool there = how.details().size() == 1 &&
                     how.details()[0].type_name() == "google.protobuf.StringValue" &&
                     detail.ParseFromString(std::string(how.details()[0].value().str()));
  expect(there && detail.value() == "a detail", what + ": its detail");
}

void unary(polywire::client& peer) {
  pb::Struct mixed = text_struct("gr\u00fc\u00df dich \U0001f600 \"\\\n\u2028");
  (*mixed.mutable_fields())["number"].set_number_value(-1.5e300);
  (*mixed.mutable_fields())["nothing"].set_null_value(pb::NULL_VALUE);
  (*mixed.mutable_fields())["list"].mutable_list_value()->add_values()->set_bool_value(true);
  metadata_probe probe;
  const auto echoed = peer.call(values::echo, mixed, probe.options());
  expect(echoed.status(), status_code::ok, "Echo");
  expect(
      echoed && echoed->SerializeAsString().size() == mixed.SerializeAsString().size() &&
          echoed->fields().at("text").string_value() == mixed.fields().at("text").string_value() &&
          echoed->fields().at("number").number_value() == -1.5e300,
      "Echo sends back what it gets");
  probe.check("Echo");
  const auto got = peer.call(values::get, mixed, soon());
  expect(got.status(), status_code::ok, "Get");
  const auto empty = peer.call(values::echo, pb::Struct(), soon());
  expect(empty && empty->fields().empty(), "Echo of nothing: " + empty.status().to_string());

  expect(peer.call(values::unknown, pb::Empty(), soon()).status(), status_code::unimplemented,
         "Unknown");
}

void errors(polywire::client& peer) {
  for (int code = 1; code <= 16; ++code) {
    metadata_probe probe;
    const auto how = peer.call(values::fail, number(code), probe.options()).status();
    expect_asked(how, code, "Fail " + std::to_string(code));
    probe.check("Fail " + std::to_string(code));
  }
}

void streams(polywire::client& peer) {
  for (const int size : {0, 3, 1'000, -1, -300}) {
    const std::string what = "Count " + std::to_string(size);
    metadata_probe probe;
    auto numbers = peer.open(values::count, number(size), probe.options());
    int last = 0;
    bool in_order = true;
    for (const auto& next : numbers) in_order = next.value() == ++last && in_order;
    expect(in_order && last == std::abs(size), what + ": the last is " + std::to_string(last));
    if (size < 0) {
      expect_asked(numbers.status(), 10, what);
    } else {
      expect(numbers.status(), status_code::ok, what);
    }
    probe.check(what);
  }
  for (const int parts : {0, 1, 500}) {
    const std::string what = "Join " + std::to_string(parts);
    metadata_probe probe;
    auto joined = peer.open(values::join, probe.options());
    std::string all;
    for (int i = 0; i < parts; ++i) {
      const std::string part = std::to_string(i) + std::string(1'000, 'x');
      if (auto sent = joined.write(string(part)); !sent) break;
      all += part;
    }
    const auto end = joined.finish();
    expect(end.status(), status_code::ok, what);
    expect(end && end->value() == all, what + ": all that was sent");
    probe.check(what);
  }
  auto talk = peer.open(values::talk, soon());
  talk.read();
  expect(talk.status().reached() == polywire::outcome::not_sent, "Talk is refused here");
}

/// What the peer says of those who wait there.
int told(polywire::client& peer, const char* which) {
  const auto counted = peer.call(values::waiting, pb::Empty(), soon());
  if (!counted || !counted->fields().contains(which)) return -1;
  return static_cast<int>(counted->fields().at(which).number_value());
}
void expect_told(polywire::client& peer, const char* which, int count, const std::string& what) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  int last = told(peer, which);
  while (last != count && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(10ms);
    last = told(peer, which);
  }
  expect(last == count, what + ": " + which + " are " + std::to_string(last));
}

/// Nothing that a client has given up goes on in the server. `bounded`: how long those calls may
/// take whose end the server is told by nothing else.
void endings(polywire::client& peer, const polywire::call_options& bounded) {
  int gone = told(peer, "gone");
  const auto late = peer.call(values::wait, pb::Empty(), polywire::timeout(200ms));
  expect(late.status(), status_code::deadline_exceeded, "Wait for 200 ms");
  expect_told(peer, "gone", ++gone, "Wait for 200 ms");

  std::stop_source stop;
  std::jthread stopping([&] {
    expect_told(peer, "here", 1, "Wait");
    stop.request_stop();
  });
  auto options = bounded;
  const auto cancelled =
      peer.call(values::wait, pb::Empty(), std::move(options.stop_on(stop.get_token())));
  expect(cancelled.status(), status_code::cancelled, "Wait, cancelled");
  stopping.join();
  expect_told(peer, "gone", ++gone, "Wait, cancelled");

  {
    auto ticks = peer.open(values::tick, pb::Empty());
    expect(ticks.read().has_value(), "Tick, the first");
    expect_told(peer, "here", 1, "Tick");
  }
  expect_told(peer, "gone", ++gone, "Tick, dropped");
  auto ticks = peer.open(values::tick, pb::Empty(), polywire::timeout(500ms));
  while (ticks.read()) {
  }
  expect(ticks.status(), status_code::deadline_exceeded, "Tick for 500 ms");
  expect_told(peer, "gone", ++gone, "Tick for 500 ms");
}

/// The peer has to compress its answer.
void big(const std::string& url) {
  const auto counted = std::make_shared<wire_bytes>();
  polywire::client peer{url,
                        polywire::client_options().stream_hook(counting_stream::hook(counted))};
  const auto text = text_struct(std::string((std::size_t{4} << 20) - 64, 'a'));
  const auto echoed = peer.call(values::echo, text, soon());
  expect(echoed.status(), status_code::ok, "Echo of 4 MiB");
  expect(echoed && echoed->fields().at("text").string_value().size() == (4U << 20U) - 64,
         "Echo of 4 MiB: all of it");
  const std::uint64_t received = counted->received;
  expect(received < 1'000'000, "Echo of 4 MiB: received " + std::to_string(received) + " bytes");
}

/// Every method, as JSON and binary, compressed and not. The peer serves values.proto.
int calls(const std::string& url, const polywire::call_options& bounded) {
  for (const char* how : {"format=proto", "format=json", "format=proto&compression=gzip",
                          "format=json&compression=gzip", "format=json&get=true",
                          "format=proto&get=true&compression=gzip"}) {
    polywire::client peer{url + "?" + how};
    const int before = failed;
    unary(peer);
    errors(peer);
    streams(peer);
    if (failed > before) std::cout << "... with " << how << std::endl;
  }
  polywire::client peer{url};
  endings(peer, bounded);
  big(url);
  return end_of_checks(url);
}

namespace odd_methods {
using stream = polywire::server_streaming<int, int>;
inline constexpr stream whole{"odd.v1.Odd/Whole"};
inline constexpr stream dribbled{"odd.v1.Odd/Dribbled"};
inline constexpr stream no_end{"odd.v1.Odd/NoEnd"};
inline constexpr stream cut_envelope{"odd.v1.Odd/CutEnvelope"};
inline constexpr stream cut_stream{"odd.v1.Odd/CutStream"};
inline constexpr stream bad_end{"odd.v1.Odd/BadEnd"};
inline constexpr stream after_end{"odd.v1.Odd/AfterEnd"};
inline constexpr stream huge_envelope{"odd.v1.Odd/HugeEnvelope"};
inline constexpr stream as_unary{"odd.v1.Odd/StreamAsUnary"};
inline constexpr stream page502{"odd.v1.Odd/Page502"};
}  // namespace odd_methods

void odd_streams(polywire::client& peer) {
  const struct {
    const odd_methods::stream& method;
    status_code code;
    int messages = 1;
  } answers[] = {
      {odd_methods::whole, status_code::ok},
      {odd_methods::dribbled, status_code::ok},
      {odd_methods::no_end, status_code::internal},
      {odd_methods::cut_envelope, status_code::internal},
      {odd_methods::cut_stream, status_code::unavailable},
      {odd_methods::bad_end, status_code::internal},
      {odd_methods::after_end, status_code::internal},
      {odd_methods::huge_envelope, status_code::resource_exhausted},
      {odd_methods::as_unary, status_code::unknown, 0},
      {odd_methods::page502, status_code::unavailable, 0},
  };
  for (const auto& answer : answers) {
    const std::string what(answer.method.name());
    auto got = peer.open(answer.method, 1, soon());
    int messages = 0;
    while (got.read()) ++messages;
    expect(got.status(), answer.code, what);
    expect(messages == answer.messages, what + ": messages are " + std::to_string(messages));
  }
}

/// Against node/odd.mjs: what our client makes of answers that are none.
int odd(const std::string& url) {
  using polywire::outcome;
  constexpr status_code ok = status_code::ok;
  const struct {
    const char* name;
    status_code code;
    outcome reached = outcome::processed;
  } answers[] = {
      {"Page200", status_code::unknown},
      {"Page400", status_code::internal},
      {"Page401", status_code::unauthenticated},
      {"Page403", status_code::permission_denied},
      {"Page404", status_code::unimplemented},
      {"Page413", status_code::unknown},
      {"Page429", status_code::unavailable, outcome::maybe_processed},
      {"Page500", status_code::unknown},
      {"Page502", status_code::unavailable, outcome::maybe_processed},
      {"Page503", status_code::unavailable, outcome::maybe_processed},
      {"Page504", status_code::unavailable, outcome::maybe_processed},
      {"Redirect", status_code::unknown},
      {"NoContent", status_code::unknown},
      {"Coded", status_code::not_found},
      {"BadCode", status_code::unimplemented},
      {"HalfJson", status_code::unavailable},
      {"Hints", ok},
      {"Old", ok},
      {"Garbage", status_code::internal, outcome::maybe_processed},
      {"Nothing", status_code::unavailable, outcome::maybe_processed},
      {"Reset", status_code::unavailable, outcome::maybe_processed},
      {"Short", status_code::unavailable, outcome::maybe_processed},
      {"HalfChunk", status_code::unavailable, outcome::maybe_processed},
      {"TwoLengths", status_code::internal, outcome::maybe_processed},
      {"Brotli", status_code::internal},
      {"NoGzip", status_code::internal},
      {"Bomb", status_code::resource_exhausted},
      {"Endless", status_code::resource_exhausted},
      {"LongHead", status_code::internal, outcome::maybe_processed},
      {"Upgrade", status_code::internal, outcome::maybe_processed},
  };
  polywire::client peer{url};
  const polywire::payload request(polywire::format::json, std::string_view("{}"));
  for (const auto& answer : answers) {
    const auto got = peer.call_raw(std::string("odd.v1.Odd/") + answer.name, request, soon());
    expect(got.status(), answer.code, answer.name);
    expect(got.status().reached() == answer.reached,
           std::string(answer.name) + ": " + std::string(to_string(got.status().reached())));
  }
  odd_streams(peer);
  return end_of_checks(url);
}

/// Topics, through whatever is between us and our server.
int topics(const std::string& url) {
  polywire::client reading{url};
  polywire::client writing{url};
  auto events = reading.subscribe(notes::news, polywire::from_now().timeout(60s));
  expect(static_cast<bool>(events), "subscribing");
  for (int i = 1; i <= 200; ++i) {
    const auto how = writing.publish(notes::news, Note{i, "new"});
    if (!how) expect(how, status_code::ok, "publishing " + std::to_string(i));
    // One by one: an event that a proxy held back would never come.
    const auto event = events.read();
    expect(event && event->message().number == i && event->lost_before().none(),
           "event " + std::to_string(i));
    if (!event) break;
  }
  return end_of_checks(url);
}

/// Prints what is published, until its text is "end".
int watch(const std::string& url) {
  polywire::limits often;
  often.reconnect_min = 50ms;
  often.reconnect_max = 200ms;
  polywire::client peer{url, polywire::client_options().limits(often)};
  auto events = peer.subscribe(notes::news, polywire::from_now().wait_for_ready().timeout(30s));
  std::cout << (events ? "subscribed" : "refused") << std::endl;
  for (const auto& event : events) {
    std::cout << event.message().number << " " << event.message().text << " "
              << (event.lost_before().how() == polywire::loss::kind::unknown ? "restarted" : "on")
              << std::endl;
    if (event.message().text == "end") return 0;
  }
  std::cout << "ended: " << events.status().to_string() << std::endl;
  return 1;
}

/// One call of any method, and how it ended.
int once(const std::string& url, const std::string& method, std::size_t size) {
  polywire::client peer{url};
  const auto request = polywire::payload(
      polywire::format::json, std::string_view("{\"text\":\"" + std::string(size, 'a') + "\"}"));
  const auto answer = peer.call_raw(method, request, soon());
  std::cout << (answer ? "ok" : answer.status().to_string()) << " ["
            << to_string(answer.status().reached()) << "]" << std::endl;
  return 0;
}

int usage() {
  std::cerr
      << "interop_http_client calls|proxied|odd|topics|watch <url> | once <url> <method> <bytes>\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> told(argv + 1, argv + argc);
  if (told.size() < 2) return usage();
  if (told[0] == "calls") return calls(told[1], {});
  // nginx ends its connection to our server in order, behind which a unary call goes on.
  if (told[0] == "proxied") return calls(told[1], polywire::timeout(5s));
  if (told[0] == "odd") return odd(told[1]);
  if (told[0] == "topics") return topics(told[1]);
  if (told[0] == "watch") return watch(told[1]);
  if (told[0] == "once" && told.size() == 4) return once(told[1], told[2], std::stoul(told[3]));
  return usage();
}
