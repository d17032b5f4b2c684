// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "hub_world.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace hub_model_test {

// Random histories, compared with a model that keeps everything and counts slowly.
using namespace hub_test;
using pw::overflow;

namespace {

constexpr std::size_t kept_events = 12;
constexpr std::size_t kept_bytes = 60;
const std::vector<std::string> names{"o.a", "o.b", "p.a"};

class record {
 public:
  std::string topic;
  std::size_t size;
};

class model {
 public:
  std::vector<record> all;  // offset 1 is the first

  void add(std::string topic, std::size_t size) { all.push_back({std::move(topic), size}); }
  std::uint64_t last() const { return all.size(); }
  const record& at(std::uint64_t offset) const { return all[offset - 1]; }

  // The offsets of a topic or pattern above `after`.
  std::vector<std::uint64_t> matching(const std::string& pattern, std::uint64_t after) const {
    std::vector<std::uint64_t> found;
    for (std::uint64_t o = after + 1; o <= last(); ++o) {
      if (pw::topic_matches(pattern, at(o).topic)) found.push_back(o);
    }
    return found;
  }
  // The newest of these that fit; at least one.
  std::size_t fit(const std::vector<std::uint64_t>& offsets, std::size_t events,
                  std::size_t bytes) const {
    std::size_t n = 0;
    std::size_t sum = 0;
    for (auto o = offsets.rbegin(); o != offsets.rend() && n < events; ++o, ++n) {
      sum += at(*o).size;
      if (sum > bytes && n > 0) break;
    }
    return n;
  }
  // Whether the topic of this event still keeps it.
  bool keeps(std::uint64_t offset) const {
    const auto later = matching(at(offset).topic, 0);
    const std::size_t n = fit(later, kept_events, kept_bytes);
    return std::find(later.end() - static_cast<std::ptrdiff_t>(n), later.end(), offset) !=
           later.end();
  }
};

class follower {
 public:
  std::string pattern;
  overflow policy;
  pw::lag_limit most;
  std::uint64_t begun;              // what came later counts as lag
  std::uint64_t seen;               // everything up to here was taken or told lost
  std::deque<std::uint64_t> queue;  // drop_newest and block
  std::size_t exempt = 0;
  std::vector<std::uint64_t> backlog;
  bool ended = false;
  reader real;

  // Of a pattern: losses told and known to the model, and the topics that had some.
  std::uint64_t told = 0;
  std::uint64_t missed = 0;
  std::set<std::string> lossy;
  bool heard = false;

  bool wildcard() const { return pw::has_wildcard(pattern); }
  bool queued() const { return policy == overflow::drop_newest || policy == overflow::block; }
  bool promised(std::uint64_t offset) const {
    return offset > begun || std::find(backlog.begin(), backlog.end(), offset) != backlog.end();
  }
  bool has_room(const model& m, std::size_t size) const {
    if (queue.size() == exempt) return true;
    std::size_t bytes = size;
    for (std::size_t i = exempt; i < queue.size(); ++i) bytes += m.at(queue[i]).size;
    return queue.size() - exempt < std::min(most.events, kept_events) &&
           bytes <= std::min(most.bytes, kept_bytes);
  }
};

class play {
 public:
  explicit play(unsigned seed) : random_(seed) {
    w_.offer("o.*", pw::keep(kept_events, kept_bytes).allow_block());
    w_.offer("p.a", pw::keep(kept_events, kept_bytes).allow_block());
  }

  void step() {
    switch (below(10)) {
      case 0: return subscribe();
      case 1: return leave();
      case 2: return drain();
      case 3:
      case 4:
      case 5: return take();
      default: return publish();
    }
  }
  void finish() {
    drain();
    for (auto& each : all_) {
      while (!each->ended && take_one(*each)) {
      }
      // What drop_newest lost at the end is told with the next event, which has not come.
      if (each->ended || each->policy == overflow::drop_newest) continue;
      CHECK(m_.matching(each->pattern, each->seen).empty());
    }
    CHECK(w_.hub.stats().published == m_.last());
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }

  void publish() {
    const std::string& topic = names[below(names.size())];
    const std::size_t size = below(12);
    bool waits = false;
    for (auto& each : all_) {
      if (each->policy == overflow::block && pw::topic_matches(each->pattern, topic)) {
        waits = waits || !each->has_room(m_, size);
      }
    }
    const auto done = w_.post(topic, std::string(size, 'x'));
    REQUIRE(done);
    if (waits) {
      CHECK(done->status().code() == pw::status_code::resource_exhausted);
      return;
    }
    m_.add(topic, size);
    CHECK(done->value() == pw::event_id(7, m_.last()));
    for (auto& each : all_) {
      if (!each->queued() || !pw::topic_matches(each->pattern, topic)) continue;
      if (each->has_room(m_, size)) each->queue.push_back(m_.last());
    }
  }
  void subscribe() {
    if (all_.size() >= 8) return;
    const std::vector<std::string> patterns{"o.a", "o.b", "p.a", "o.*", ">"};
    auto made = std::make_unique<follower>();
    follower& f = *made;
    f.pattern = patterns[below(patterns.size())];
    f.policy = static_cast<overflow>(below(4));
    f.most = pw::lag_limit(1 + below(15), 5 + below(70));
    f.begun = m_.last();
    request how(f.pattern);
    how.when_full(f.policy).most(f.most.events, f.most.bytes);
    const bool early = below(2) == 0;
    if (early) how.from(pw::start_at::earliest());
    REQUIRE(w_.subscribe(f.real, how));
    f.seen = f.real.mine->position().offset();
    const auto ahead = m_.matching(f.pattern, f.seen);
    if (early) {
      for (const auto o : m_.matching(f.pattern, 0)) CHECK((o > f.seen || !m_.keeps(o)));
    } else {
      CHECK(f.seen == m_.last());
    }
    // Of several topics, one may have dropped what lies above another's oldest.
    for (const auto o : ahead) {
      if (m_.keeps(o)) f.backlog.push_back(o);
    }
    if (f.queued()) f.queue.assign(f.backlog.begin(), f.backlog.end());
    f.exempt = f.queue.size();
    all_.push_back(std::move(made));
  }
  void leave() {
    if (all_.empty()) return;
    all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(below(all_.size())));
  }
  void drain() {
    w_.home.drain();
    for (auto& each : all_) announced(*each);
  }
  void announced(follower& f) {
    f.ended = !f.real.mine->ended().ok();
    if (f.ended) CHECK(f.policy == overflow::disconnect);
  }
  void take() {
    if (all_.empty()) return;
    follower& f = *all_[below(all_.size())];
    for (std::size_t n = below(6); n > 0 && !f.ended && take_one(f); --n) {
    }
  }

  // What the model says that a cursor in one topic gets next, and how much it misses before.
  bool cursor_next(follower& f, std::uint64_t& expected, std::uint64_t& gap) {
    auto ahead = m_.matching(f.pattern, f.seen);
    if (ahead.empty()) return false;
    std::size_t first = 0;
    while (!m_.keeps(ahead[first])) ++first;
    std::vector<std::uint64_t> counted;
    for (std::size_t i = first; i < ahead.size(); ++i) {
      if (ahead[i] > f.begun) counted.push_back(ahead[i]);
    }
    const std::size_t fits = counted.empty() ? 0 : m_.fit(counted, f.most.events, f.most.bytes);
    if (fits < counted.size()) first = ahead.size() - fits;
    expected = ahead[first];
    gap = first;
    return true;
  }

  bool take_one(follower& f) {
    rpc::delivery got;
    const std::uint64_t number = f.real.mine->sequence();
    const bool any = f.real.mine->take(got);
    f.real.mine->stalled();  // the model takes nothing in advance
    f.ended = !f.real.mine->ended().ok();
    if (f.queued()) {
      REQUIRE(any == !f.queue.empty());
      if (!any) return false;
      CHECK(got.what->id().offset() == f.queue.front());
      f.queue.pop_front();
      if (f.exempt > 0) --f.exempt;
    } else if (!f.wildcard()) {
      std::uint64_t expected = 0;
      std::uint64_t gap = 0;
      const bool more = cursor_next(f, expected, gap);
      if (f.policy == overflow::disconnect && more && gap > 0) {
        CHECK_FALSE(any);
        CHECK(f.ended);
        return false;
      }
      REQUIRE(any == more);
      if (any) CHECK(got.what->id().offset() == expected);
    }
    if (!any) return false;
    judge(f, got, number);
    return true;
  }
  // What holds for every subscription.
  void judge(follower& f, const rpc::delivery& got, std::uint64_t number) {
    const std::uint64_t offset = got.what->id().offset();
    REQUIRE(offset > f.seen);
    CHECK(got.what->topic() == m_.at(offset).topic);
    CHECK(got.what->size() == m_.at(offset).size);
    const auto ahead = m_.matching(f.pattern, f.seen);
    const auto found = std::find(ahead.begin(), ahead.end(), offset);
    REQUIRE(found != ahead.end());
    std::uint64_t gap = 0;
    for (auto o = ahead.begin(); o != found; ++o) {
      // What was gone before a subscription from the earliest began was not promised.
      if (f.promised(*o)) ++gap;
    }
    const pw::loss& lost = got.lost_before;
    if (f.wildcard()) {
      // A loss is told with the next event of its topic at the latest, and never exaggerated.
      f.told += lost.count();
      f.missed += gap;
      for (auto o = ahead.begin(); o != found; ++o) {
        if (f.promised(*o)) f.lossy.insert(m_.at(*o).topic);
      }
      CHECK(f.told <= f.missed);
      CHECK((lost.none() || lost.how() == pw::loss::kind::at_least));
      if (!lost.none()) f.heard = true;
      if (f.lossy.contains(m_.at(offset).topic)) CHECK(f.heard);
    } else {
      CHECK(lost == pw::loss(gap, pw::loss::kind::exact));
      CHECK(number + gap == m_.matching(f.pattern, 0).size() - ahead.size() + gap + 1);
      CHECK(f.real.mine->sequence() == number + gap + 1);
    }
    if (f.policy == overflow::block || f.policy == overflow::disconnect) CHECK(gap == 0);
    CHECK(f.real.mine->position() == got.what->id());
    f.seen = offset;
  }

  std::mt19937 random_;
  world w_;
  model m_;
  std::vector<std::unique_ptr<follower>> all_;
};

}  // namespace

TEST_CASE("whatever happens, every subscriber gets what the model says and is told what it lost") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    INFO("seed " << seed);
    play one(seed);
    for (int i = 0; i < 250; ++i) one.step();
    one.finish();
  }
}

}  // namespace hub_model_test
