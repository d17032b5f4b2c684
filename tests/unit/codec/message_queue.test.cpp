// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/message_queue.hpp"

#include "polywire/codec/json.hpp"

#include "support/catch.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>

using namespace polywire;

namespace {

/// Knows how many of it there are.
class counted_word {
 public:
  counted_word() = default;
  explicit counted_word(std::string what) : word(std::move(what)) {}

  std::string word;
  std::shared_ptr<int> alive = count;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(counted_word, word)

  inline static const std::shared_ptr<int> count = std::make_shared<int>(0);
  static long living() { return count.use_count() - 1; }
};

incoming message(std::string_view text, std::size_t cost = 0) {
  return {format::text, as_bytes(text), cost};
}
void push_object(message_queue& into, const std::string& word) {
  owned_message object = outgoing(counted_word(word), format::json).take();
  into.push(incoming(object, format::json, 1));
  CHECK(!object);
}
std::string text_of(message_queue& from) {
  std::string text;
  from.take([&](const incoming& first) { text = as_text(first.encoded()); });
  return text;
}

}  // namespace

TEST_CASE("messages wait in order, with their format and cost") {
  message_queue waiting;
  CHECK(waiting.empty());
  waiting.push(message("one", 10));
  waiting.push(incoming(format::json, as_bytes("2"), 20));
  waiting.push(message(""));
  CHECK(waiting.size() == 3);
  CHECK(waiting.bytes() == 4);
  waiting.take([](const incoming& first) {
    CHECK(as_text(first.encoded()) == "one");
    CHECK(first.encoding() == format::text);
    CHECK(first.cost() == 10);
    CHECK(first.event() == nullptr);
  });
  waiting.take([](const incoming& second) {
    CHECK(as_text(second.encoded()) == "2");
    CHECK(second.encoding() == format::json);
    CHECK(second.cost() == 20);
  });
  CHECK(waiting.bytes() == 0);
  CHECK(text_of(waiting).empty());
  CHECK(waiting.empty());
}

TEST_CASE("an event waits with what belongs to it, whatever becomes of the original") {
  message_queue waiting;
  {
    std::string topic = "news.v1.sports";
    std::string key = "football";
    std::string text = "goal";
    event_head head;
    head.offset = 7;
    head.epoch = 3;
    head.lost_before = loss(2, loss::kind::at_least);
    head.topic = topic;
    head.key = key;
    incoming event = message(text);
    waiting.push(event.with(&head));
    topic.assign(topic.size(), '?');
    key.assign(key.size(), '?');
    text.assign(text.size(), '?');
  }
  waiting.push(message("no event"));
  waiting.take([](const incoming& first) {
    CHECK(as_text(first.encoded()) == "goal");
    REQUIRE(first.event() != nullptr);
    CHECK(first.event()->offset == 7);
    CHECK(first.event()->epoch == 3);
    CHECK(first.event()->lost_before == loss(2, loss::kind::at_least));
    CHECK(first.event()->topic == "news.v1.sports");
    CHECK(first.event()->key == "football");
  });
  CHECK(text_of(waiting) == "no event");
}

TEST_CASE("objects wait as objects, and are destroyed once whether they are read or not") {
  {
    message_queue waiting;
    push_object(waiting, "read");
    push_object(waiting, "dropped");
    waiting.push(message("between"));
    push_object(waiting, "left");
    CHECK(counted_word::living() == 3);
    CHECK(waiting.bytes() == 7);
    std::optional<counted_word> read;
    waiting.take([&](const incoming& first) {
      CHECK(first.is_object());
      CHECK(first.read(read, limits()));
    });
    CHECK(read->word == "read");
    read.reset();
    CHECK(counted_word::living() == 2);
    waiting.take([](const incoming&) {});
    CHECK(counted_word::living() == 1);
    CHECK(text_of(waiting) == "between");
  }
  CHECK(counted_word::living() == 0);
}

TEST_CASE("an object whose reader throws is gone too") {
  message_queue waiting;
  push_object(waiting, "bad");
  waiting.push(message("next"));
  CHECK_THROWS(waiting.take([](const incoming&) { throw std::runtime_error("no"); }));
  CHECK(counted_word::living() == 0);
  CHECK(text_of(waiting) == "next");
}

TEST_CASE("what waits is forgiven its cost, what comes later is not") {
  message_queue waiting;
  waiting.push(message("a", 5));
  waiting.push(message("b", 6));
  waiting.forgive();
  waiting.push(message("c", 7));
  for (const std::size_t cost : {0U, 0U, 7U}) {
    waiting.take([&](const incoming& next) { CHECK(next.cost() == cost); });
  }
  waiting.push(message("d", 8));
  waiting.take([](const incoming& next) { CHECK(next.cost() == 8); });
}

TEST_CASE("a cleared queue is empty and goes on") {
  message_queue waiting;
  push_object(waiting, "x");
  waiting.push(message("y"));
  waiting.forgive();
  waiting.clear();
  CHECK(waiting.empty());
  CHECK(waiting.bytes() == 0);
  CHECK(counted_word::living() == 0);
  waiting.push(message("z", 9));
  waiting.take([](const incoming& next) { CHECK(next.cost() == 9); });
}

TEST_CASE("a queue of messages does what a queue does in ten thousand random steps") {
  std::mt19937 random(11);
  message_queue waiting;
  std::deque<std::string> model;
  for (int step = 0; step < 10'000; ++step) {
    if (random() % 2 == 0 || model.empty()) {
      model.emplace_back(random() % 300, static_cast<char>('a' + random() % 26));
      if (random() % 4 == 0) {
        push_object(waiting, model.back());
      } else {
        event_head head;
        head.topic = model.back();
        incoming each = message(model.back());
        waiting.push(random() % 2 == 0 ? each : each.with(&head));
      }
    } else {
      waiting.take([&](const incoming& first) {
        std::optional<counted_word> object;
        if (first.is_object()) CHECK(first.read(object, limits()));
        const bool same =
            object ? object->word == model.front() : as_text(first.encoded()) == model.front();
        CHECK(same);
        if (first.event() != nullptr) CHECK(first.event()->topic == model.front());
      });
      model.pop_front();
    }
    if (waiting.size() != model.size()) FAIL("in step " << step);
  }
}
