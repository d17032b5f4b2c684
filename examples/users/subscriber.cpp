// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "user_api.hpp"

#include <polywire/polywire.hpp>

#include <fstream>
#include <iostream>
#include <optional>
#include <string>

/// The id at the beginning of the journal's last line.
std::optional<polywire::event_id> last_in(const std::string& journal) {
  std::ifstream file(journal);
  std::string last;
  for (std::string line; std::getline(file, line);) last = line;
  return polywire::event_id::parse(last.substr(0, last.find(' ')));
}

/// Writes down every user that is created: users_subscriber <url> <journal> <last user>
///
/// Killed and started again, it goes on behind the last line of its journal: nothing is missing and
/// nothing comes twice, because one write puts an event and its id there, or neither.
int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: users_subscriber <url> <journal> <last user>\n";
    return 2;
  }
  const auto last = last_in(argv[2]);
  std::cout << "going on after " << (last ? last->to_string() : "nothing") << std::endl;
  polywire::client users{argv[1]};
  auto events =
      users.subscribe(user_events, last ? polywire::from_after(*last) : polywire::from_earliest());
  std::ofstream journal(argv[2], std::ios::app);
  for (const auto& event : events) {
    const User& user = event.message().user;
    if (!event.lost_before().none()) {
      std::cout << "lost " << event.lost_before().count() << " events" << std::endl;
    }
    journal << event.id().to_string() + " user " + user.id + ": " + user.name + "\n" << std::flush;
    std::cout << event.message().what << " user " << user.id << std::endl;
    if (user.id == argv[3]) return journal ? 0 : 1;
  }
  std::cerr << "the subscription ended: " << events.status().to_string() << "\n";
  return 1;
}
