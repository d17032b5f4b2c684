// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/route.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc {

/// What a verb and a path lead to.
class route_match {
 public:
  /// Null: the path is nobody's, or not with this verb.
  const route* found = nullptr;
  /// The verbs that the path knows, as the Allow field lists them; empty: nobody's path.
  std::string allow;
};

/// The segments of a path behind its first '/'.
class path_segments {
 public:
  explicit path_segments(std::string_view path) noexcept : rest_(path.substr(1)) {}

  bool at_end() const noexcept { return at_end_; }
  /// All that is left.
  std::string_view rest() const noexcept { return rest_; }
  /// Takes the next one. Not at the end.
  std::string_view next() noexcept {
    const std::size_t slash = rest_.find('/');
    const std::string_view segment = rest_.substr(0, slash);
    at_end_ = slash == std::string_view::npos;
    rest_ = at_end_ ? std::string_view() : rest_.substr(slash + 1);
    return segment;
  }

 private:
  std::string_view rest_;
  bool at_end_ = false;
};

/// Finds routes by verb and path, in steps that are bounded by the length of the path and by the
/// number of templates. At each segment a literal goes before a variable, and that before `**`;
/// where the better one leads nowhere the other is tried.
class route_table {
 public:
  /// Keeps a pointer.
  void add(const route& r) {
    using enum route_segment::kind;
    std::size_t at = 0;
    for (const route_segment& s : r.path()) {
      if (s.what == rest) return nodes_[at].rests.push_back(&r);
      std::size_t next = nodes_[at].variable;
      if (s.what == literal) {
        const auto known = nodes_[at].literals.find(s.text);
        next = known == nodes_[at].literals.end() ? 0 : known->second;
      }
      if (next == 0) {
        next = nodes_.size();
        s.what == literal ? nodes_[at].literals[s.text] = next : nodes_[at].variable = next;
        nodes_.emplace_back();
      }
      at = next;
    }
    nodes_[at].ends.push_back(&r);
  }

  /// `path`: decoded, begins with '/'.
  route_match find(std::string_view verb, std::string_view path) const {
    route_match match;
    if (nodes_.size() == 1 && nodes_[0].ends.empty() && nodes_[0].rests.empty()) return match;
    std::vector<visit> open{{0, path_segments(path), false}};
    if (path == "/") open.back().rest.next();  // no segments at all
    while (!open.empty() && match.found == nullptr) {
      visit v = open.back();
      open.pop_back();
      const node& n = nodes_[v.at];
      if (v.takes_rest) {
        choose(n.rests, verb, match);
      } else if (v.rest.at_end()) {
        choose(n.ends, verb, match);
      } else {
        // The last one that is put down is looked at first.
        if (!n.rests.empty() && !v.rest.rest().empty()) open.push_back({v.at, v.rest, true});
        const std::string_view segment = v.rest.next();
        if (n.variable != 0 && !segment.empty()) open.push_back({n.variable, v.rest, false});
        const auto literal = n.literals.find(segment);
        if (literal != n.literals.end()) open.push_back({literal->second, v.rest, false});
      }
    }
    if (!match.allow.empty()) match.allow.append(", OPTIONS");
    return match;
  }

 private:
  class node {
   public:
    std::map<std::string, std::size_t, std::less<>> literals;
    std::size_t variable = 0;  // the root is nobody's child
    std::vector<const route*> ends;
    std::vector<const route*> rests;
  };
  class visit {
   public:
    std::size_t at;
    path_segments rest;
    bool takes_rest;
  };

  static void choose(const std::vector<const route*>& routes, std::string_view verb,
                     route_match& match) {
    for (const route* r : routes) {
      const bool has_head = r->verb() == "GET" && r->type() == call_type::unary;
      if (r->verb() == verb || (has_head && verb == "HEAD")) {
        match.found = r;
        return;
      }
      allow(r->verb(), match.allow);
      if (has_head) allow("HEAD", match.allow);
    }
  }
  static void allow(std::string_view verb, std::string& list) {
    if ((", " + list + ",").find(", " + std::string(verb) + ",") != std::string::npos) return;
    list.append(list.empty() ? "" : ", ").append(verb);
  }

  std::vector<node> nodes_ = std::vector<node>(1);
};

}  // namespace polywire::inline v1::rpc
