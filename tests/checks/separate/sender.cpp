// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "greeter.hpp"

#include <polywire/client.hpp>
#include <polywire/http.hpp>
#include <polywire/inproc.hpp>
#include <polywire/tcp.hpp>

#include <algorithm>

std::string visit(std::string_view url) {
  polywire::client greeter{url};
  auto events = greeter.subscribe(greetings);
  if (!events) return "subscribe: " + events.status().to_string();
  const auto answer = greeter.call(greet, Greeting{"Ada"});
  if (!answer) return "call: " + answer.status().to_string();
  if (answer->text != "Hello Ada") return "wrong answer: " + answer->text;
  const auto event = events.read();
  if (!event || event->message().text != "Hello Ada") return "wrong event";
  if (url.starts_with("http:")) return {};  // no streams both ways
  auto talk = greeter.open(chat);
  if (auto written = talk.write(Greeting{"Bob"}); !written) return written.to_string();
  const auto heard = talk.read();
  if (!heard || heard->text != "Hello Bob") return "wrong echo";
  if (auto finished = talk.finish_writes(); !finished) return finished.to_string();
  if (talk.read()) return "no end";
  return talk.status().ok() ? std::string() : "chat: " + talk.status().to_string();
}
