// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"

#include <atomic>
#include <optional>
#include <span>
#include <string>

/// Section "Unary": what the messages may be.
namespace polywire::inline v1::testing::conformance::unary_values {

template <class M>
void every_kind_of_value(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) {
    s.handle(api::mirror, [](const typename M::values& request) { return request; });
  });
  client user(service.url(), quiet_client());
  for (const auto& [what, value] : M::samples()) {
    auto back = user.call(api::mirror, value, timeout(patience));
    check(M::same(value_of(back, what), value), what + ": came back different");
  }
}

template <class M>
void values_without_encoding(const environment& env) {
  using api = contracts<M>;
  std::atomic<int> handled = 0;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::mirror, [&](const typename M::values& request) { return ++handled, request; });
    s.handle(api::echo, echoes<M>);
  });
  client user(service.url(), quiet_client());
  int sent = 0;
  for (const auto& [what, value] : M::unencodable()) {
    auto back = user.call(api::mirror, value, timeout(patience));
    if (env.can().carries_bytes()) {
      check_status(back.status(), status_code::invalid_argument, outcome::not_sent, what);
    } else {
      check_ok(back.status(), what);  // the object itself was handed over
      ++sent;
    }
  }
  check_equal(handled.load(), sent, "calls that reached the handler");
  check_ok(user.call(api::echo, M::make(1, "still here"), timeout(patience)).status(),
           "the call after the refused ones");
}

template <class M>
void replies_without_encoding(const environment& env) {
  using api = contracts<M>;
  if (!env.can().carries_bytes()) return values_without_encoding<M>(env);
  std::optional<typename M::values> bad;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::mirror, [&](const typename M::values&) { return *bad; });
    s.handle(api::echo, echoes<M>);
  });
  client user(service.url(), quiet_client());
  const typename M::values request;
  for (const auto& [what, value] : M::unencodable()) {
    bad = value;
    auto back = user.call(api::mirror, request, timeout(patience));
    check_status(back.status(), status_code::internal, outcome::processed, what);
    check_ok(user.call(api::echo, M::make(1, "still here"), timeout(patience)).status(),
             "the call after it");
  }
}

template <class M>
void a_mebibyte(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  client user(service.url(), quiet_client());
  std::string text(std::size_t{1} << 20, 'a');
  for (std::size_t i = 0; i < text.size(); i += 997) text[i] = static_cast<char>('b' + i % 20);
  const auto request = M::make(42, text);
  for (int i = 0; i < 3; ++i) {  // later ones must find all credit given back
    auto back = user.call(api::echo, request, timeout(patience));
    check(M::text(value_of(back, "a message of 1 MiB")) == text, "1 MiB came back different");
    check_equal(M::number(*back), 42, "the number beside it");
  }
}

/// A note whose encoding has exactly this size.
template <class M>
typename M::note note_of_size(std::size_t size) {
  using coder = codec<typename M::note>;
  auto encoded_size = [](std::size_t length) {
    buffer out;
    const auto value = M::make(1, std::string(length, 'x'));
    check_ok(coder::encode(value, coder::preferred, out), "encoding");
    return out.size();
  };
  std::size_t length = size;
  while (encoded_size(length) > size) --length;
  check_equal(encoded_size(length), size, "the size of the message made for the test");
  return M::make(1, std::string(length, 'x'));
}

template <class M>
void the_limit_of_requests(const environment& env) {
  using api = contracts<M>;
  constexpr std::size_t most = 20'000;
  limits bounds;
  bounds.max_message = most;
  std::atomic<int> handled = 0;
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, [&](const typename M::note&) { return ++handled, M::make(2, "ok"); });
      },
      quiet_server(bounds));
  client user(service.url(), quiet_client());
  for (int round = 0; round < 2; ++round) {
    handled = 0;
    check_ok(user.call(api::echo, note_of_size<M>(most - 1), timeout(patience)).status(),
             "a request one byte below the limit");
    check_ok(user.call(api::echo, note_of_size<M>(most), timeout(patience)).status(),
             "a request of exactly the limit");
    auto over = user.call(api::echo, note_of_size<M>(most + 1), timeout(patience));
    if (env.can().carries_bytes()) {
      check_code(over.status(), status_code::resource_exhausted, "one byte over the limit");
      check(over.status().reached() == outcome::not_sent ||
                over.status().reached() == outcome::rejected,
            "the caller must be told that no handler saw it");
      check_equal(handled.load(), 2, "requests that reached the handler");
    } else {
      check_ok(over.status(), "an object, which has no size in bytes");
    }
  }
  check_ok(user.call(api::echo, M::make(1, "small"), timeout(patience)).status(),
           "the call after the one that was too large");
}

template <class M>
void the_limit_of_replies(const environment& env) {
  using api = contracts<M>;
  constexpr std::size_t most = 20'000;
  limits bounds;
  bounds.max_message = most;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [](const typename M::note& request) {
      return note_of_size<M>(static_cast<std::size_t>(M::number(request)));
    });
  });
  client user(service.url(), quiet_client(bounds));
  for (int round = 0; round < 2; ++round) {
    check_ok(user.call(api::echo, M::make(most - 1, ""), timeout(patience)).status(),
             "a reply one byte below the limit");
    check_ok(user.call(api::echo, M::make(most, ""), timeout(patience)).status(),
             "a reply of exactly the limit");
    auto over = user.call(api::echo, M::make(most + 1, ""), timeout(patience));
    if (env.can().carries_bytes()) {
      check_status(over.status(), status_code::resource_exhausted, outcome::processed,
                   "a reply one byte over the limit");
    } else {
      check_ok(over.status(), "an object, which has no size in bytes");
    }
  }
  check_ok(user.call(api::echo, M::make(100, ""), timeout(patience)).status(),
           "the call after the one that was too large");
}

template <class M>
void malformed_requests(const environment& env) {
  using api = contracts<M>;
  std::atomic<int> handled = 0;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [&](const typename M::note& request) { return ++handled, request; });
  });
  client user(service.url(), quiet_client());
  for (const payload& bad : M::malformed()) {
    auto back = user.call_raw(api::echo.name(), bad, timeout(patience));
    const std::string shown = "malformed: " + detail::show(bad.str());
    check_code(back.status(), status_code::invalid_argument, shown);
    check(!back.status().message().empty(), shown + ": there must be a reason");
    check_equal(handled.load(), 0, shown + ": handlers that saw it");
  }
  check_ok(user.call(api::echo, M::make(1, "fine"), timeout(patience)).status(),
           "the call after the malformed ones");
}

template <class M>
void malformed_replies(const environment& env) {
  using api = contracts<M>;
  std::vector<payload> replies = M::malformed();
  std::size_t next = 0;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle_any([&](const payload&, server_context&) { return replies[next]; });
  });
  client user(service.url(), quiet_client());
  for (next = 0; next < replies.size(); ++next) {
    auto back = user.call(api::echo, M::make(1, "?"), timeout(patience));
    check_status(back.status(), status_code::internal, outcome::processed,
                 "a reply that is " + detail::show(replies[next].str()));
  }
}

template <class M>
void the_reply_has_the_format_of_the_request(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  client user(service.url(), quiet_client());
  for (const payload& request : M::encodings()) {
    auto back = user.call_raw(api::echo.name(), request, timeout(patience));
    const std::string shown = "a request as " + std::string(to_string(request.encoding()));
    const payload& reply = value_of(back, shown);
    check_equal(reply.encoding(), request.encoding(), shown + ": format of the reply");
    std::optional<note> sent;
    std::optional<note> got;
    const limits bounds;
    check_ok(codec<note>::decode(request.data().view(), request.encoding(), sent, bounds), shown);
    check_ok(codec<note>::decode(reply.data().view(), reply.encoding(), got, bounds), shown);
    check_equal(M::number(*got), M::number(*sent), shown);
    check_equal(M::text(*got), M::text(*sent), shown);
  }
}

template <class M>
void untyped_service(const environment& env) {
  using api = contracts<M>;
  arrivals<std::string> names;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::other, [](const typename M::note&) { return M::make(1, "typed"); });
    s.handle_any([&](const payload& request, server_context& context) -> result<payload> {
      names.put(std::string(context.method()));
      if (context.method() == api::nowhere.name()) return status::not_found("not here");
      return request;
    });
  });
  client user(service.url(), quiet_client());
  auto back = user.call(api::echo, M::make(5, "through a gateway"), timeout(patience));
  check_equal(M::text(value_of(back, "an untyped echo")), "through a gateway", "its text");
  check_equal(names.next("the untyped handler"), api::echo.name(), "the name it saw");
  const payload raw(format::bytes, std::string_view("\0\xff raw", 6));
  auto same = user.call_raw("any.v1.Thing/Do", raw, timeout(patience));
  check(value_of(same, "untyped on both sides") == raw, "the payload came back different");
  check_equal(names.next("the untyped handler"), "any.v1.Thing/Do", "the name it saw");
  check_status(user.call(api::nowhere, M::make(1, ""), timeout(patience)).status(),
               status_code::not_found, outcome::processed, "an error from the untyped handler");
  auto typed = user.call(api::other, M::make(1, ""), timeout(patience));
  check_equal(M::text(value_of(typed, "a typed method beside it")), "typed", "its text");
}

template <class M>
void requests_are_borrowed(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  client user(service.url(), quiet_client());
  auto request = M::make(9, "a text that is too long for any small-string buffer to hold");
  for (int i = 0; i < 2; ++i) {
    check_ok(user.call(api::echo, request, timeout(patience)).status(), "the call");
    check_equal(M::number(request), 9, "the caller's request afterwards");
    check_equal(M::text(request).size(), std::size_t{59}, "the caller's request afterwards");
  }
  auto back = user.call(api::echo, std::move(request), timeout(patience));
  check_equal(M::number(value_of(back, "a request that was moved")), 9, "its number");
}

template <class M>
inline constexpr scenario all[] = {
    {"unary", "every kind of value comes back as it was sent", &every_kind_of_value<M>},
    {"unary", "a request without encoding is not sent", &values_without_encoding<M>},
    {"unary", "a reply without encoding is internal", &replies_without_encoding<M>},
    {"unary", "a message may have a mebibyte", &a_mebibyte<M>},
    {"unary", "a request over the limit is refused and the next one served",
     &the_limit_of_requests<M>},
    {"unary", "a reply over the limit is refused and the next one read", &the_limit_of_replies<M>},
    {"unary", "a malformed request is invalid_argument and the next one served",
     &malformed_requests<M>},
    {"unary", "a malformed reply is internal and processed", &malformed_replies<M>},
    {"unary", "the reply has the format of the request",
     &the_reply_has_the_format_of_the_request<M>},
    {"unary", "an untyped handler sees name and payload of what nobody else handles",
     &untyped_service<M>},
    {"unary", "the caller keeps the request it did not move", &requests_are_borrowed<M>},
};

}  // namespace polywire::inline v1::testing::conformance::unary_values
