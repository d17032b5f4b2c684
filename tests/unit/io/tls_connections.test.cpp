// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Clients and servers over tls://: rows 24 to 27 of the faults that must be survived.

#include "polywire/client.hpp"
#include "polywire/server.hpp"
#include "polywire/tcp.hpp"
#include "polywire/tls.hpp"

#include "polywire/testing/manual_clock.hpp"
#include "polywire/testing/scripted_peer.hpp"
#include "polywire/wire/frame/encode.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tls_connections_test {

namespace {

namespace pw = polywire;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pw::outcome;
using pw::status_code;
using pw::text;
using pw::tls_options;

inline constexpr pw::unary<text, text> echo{"test.v1.Test/Echo"};

test::authority& ca() {
  static test::authority one;
  return one;
}
const test::identity& server_identity() {
  static const test::identity one = ca().issue(test::wish("server"));
  return one;
}
tls_options serving(const test::identity& as = server_identity()) {
  return tls_options().cert(as.cert).key(as.key);
}

/// A server that answers, counts, and remembers what it logged.
class running {
 public:
  explicit running(const tls_options& tls, const std::string& url = "tls://127.0.0.1:0",
                   pw::clock& time = pw::clock::steady())
      : server_(pw::server_options().tls(tls).clock(time).log(
            [this](pw::log_level, std::string_view message) {
              const std::lock_guard lock(mutex_);
              said_.emplace_back(message);
            })) {
    server_.handle(echo, [this](const text& request, pw::server_context& context) {
      ++handled;
      const pw::peer_certificate* caller = context.peer_certificate();
      if (caller == nullptr) return request;
      return text(caller->common_name() + (caller->is_verified() ? " verified " : " ") +
                  caller->names().front());
    });
    endpoint_ = server_.listen(url).value();
    thread_ = std::thread([this] { server_.run(); });
  }
  ~running() {
    server_.stop();
    thread_.join();
  }

  std::string url(const std::string& scheme = "tls", const std::string& host = "127.0.0.1") const {
    return scheme + "://" + host + ":" + std::to_string(port());
  }
  std::uint16_t port() const { return endpoint_.port(); }
  pw::server& get() { return server_; }
  bool said(const std::string& part) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(said_.begin(), said_.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }
  /// Waits for it: the server says it on its own thread.
  bool will_say(const std::string& part) const {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!said(part)) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  std::atomic<int> handled = 0;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> said_;
  pw::server server_;
  pw::endpoint endpoint_;
  std::thread thread_;
};

pw::result<text> call(const std::string& url, const tls_options& tls) {
  pw::client user(url, pw::client_options().tls(tls));
  return user.call(echo, text("hello"), pw::timeout(20s));
}
tls_options trusting() { return tls_options().ca(ca().ca()); }

/// A foreign client that does what ours would not.
class foreign_client {
 public:
  foreign_client() : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  }
  SSL_CTX* context() { return context_.get(); }
  bool connect(std::uint16_t port) {
    bio_.reset(BIO_new_ssl_connect(context_.get()), BIO_free_all);
    BIO_set_conn_hostname(bio_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
    BIO_get_ssl(bio_.get(), &ssl_);
    return BIO_do_connect(bio_.get()) == 1 && BIO_do_handshake(bio_.get()) == 1;
  }
  SSL* ssl() { return ssl_; }

 private:
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<BIO> bio_;
  SSL* ssl_ = nullptr;
};

/// TLS over a scripted peer's connection, for one client that makes two calls at once.
class foreign_server {
 public:
  explicit foreign_server(const test::identity& as)
      : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    SSL_CTX_use_certificate_file(context_.get(), as.cert.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(context_.get(), as.key.c_str(), SSL_FILETYPE_PEM);
  }
  void serve(pw::testing::scripted_peer& peer) {
    const std::shared_ptr<SSL> ssl(SSL_new(context_.get()), SSL_free);
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    SSL_set_accept_state(ssl.get());
    const auto send = [&] {
      std::string bytes(BIO_ctrl_pending(out), '\0');
      if (bytes.empty()) return;
      BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
      peer.send(bytes);
    };
    char got[4096];
    while (SSL_read(ssl.get(), got, sizeof got) <= 0) {
      send();
      const std::string next = peer.receive(1);
      BIO_write(in, next.data(), 1);
    }
    pw::buffer answer;
    answer.append(pw::wire::frame::preface);
    pw::wire::frame::frame f;
    f.has_hello = true;
    pw::wire::frame::encode(answer, f);
    f = {};
    f.call = 1;
    f.flags = pw::wire::frame::flag_end;
    f.has_payload = true;
    f.payload = pw::as_bytes("an answer");
    pw::wire::frame::encode(answer, f);
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    send();
    peer.shutdown_write();
    (void)peer.closed_by_peer();
  }

 private:
  std::shared_ptr<SSL_CTX> context_;
};

bool still_serves(running& service) {
  const auto back = call(service.url(), trusting());
  return back && back->str() == "hello";
}

}  // namespace

TEST_CASE("a call over TLS works by name and by address, with files from options or the URL") {
  running service(serving());
  CHECK(call(service.url(), trusting()));
  CHECK(call(service.url("tls", "localhost"), trusting()));
  CHECK(call(service.url() + "?ca=" + ca().ca(), {}));
  CHECK(call(service.url() + "?verify=false", {}));
  CHECK(call(service.url(), trusting().server_name("localhost")));
  CHECK(service.handled == 5);
  pw::client user(service.url(), pw::client_options().tls(trusting()));
  const std::string large(1'000'000, 'x');
  const auto back = user.call(echo, text(large));
  REQUIRE(back);
  CHECK(back->str() == large);
}

TEST_CASE("row 24: a client refuses a server that is not who it should be, with its own reason") {
  test::authority stranger("strange CA");
  struct row {
    test::identity shown;
    tls_options client;
    std::string host;
    std::vector<std::string> words;
  };
  const test::identity named = ca().issue(test::wish("named", "DNS:other.example,DNS:*.example"));
  const test::identity revoked = ca().issue(test::wish("revoked"));
  const std::vector<row> rows{
      {ca().issue(test::wish("old").valid(-48h, -24h)),
       trusting(),
       "127.0.0.1",
       {"expired", "(old)"}},
      {ca().issue(test::wish("young").valid(24h, 48h)), trusting(), "127.0.0.1", {"not valid yet"}},
      {named, trusting(), "localhost", {"DNS:other.example", "not for localhost"}},
      {named, trusting().server_name("a.b.example"), "localhost", {"not for a.b.example"}},
      {ca().issue(test::wish("127.0.0.1", "DNS:localhost,IP:127.0.0.2")),
       trusting(),
       "127.0.0.1",
       {"IP:127.0.0.2", "not for 127.0.0.1"}},
      {ca().issue(test::wish("localhost", "DNS:127.0.0.1")),
       trusting(),
       "127.0.0.1",
       {"not for 127.0.0.1"}},
      {ca().issue_self_signed(test::wish("self")), trusting(), "127.0.0.1", {"signed by itself"}},
      {stranger.issue(test::wish("server")), trusting(), "127.0.0.1", {"unknown CA", "strange CA"}},
      {server_identity(), {}, "127.0.0.1", {"unknown CA", "test CA"}},
      {revoked, trusting().crl(ca().revoke(&revoked)), "127.0.0.1", {"revoked"}},
  };
  for (const row& r : rows) {
    running service(serving(r.shown));
    const auto back = call(service.url("tls", r.host), r.client);
    CAPTURE(back.status().to_string());
    REQUIRE_FALSE(back);
    CHECK(back.status().code() == status_code::unavailable);
    CHECK(back.status().reached() == outcome::not_sent);
    for (const std::string& word : r.words) {
      CHECK_THAT(back.status().message(), ContainsSubstring(word));
    }
    CHECK(service.will_say("the TLS handshake with 127.0.0.1:"));
    CHECK(service.handled == 0);
    CHECK(service.get().stats().bytes_received == 0);  // of what TLS protects
  }
  running good(serving());
  CHECK(call(good.url(), trusting().crl(ca().revoke(&revoked))));
}

TEST_CASE("row 25: with client_ca a client without a good certificate reaches no handler") {
  test::authority stranger("strange CA");
  const test::identity good = ca().issue(test::wish("ada", "URI:spiffe://example/ada"));
  const test::identity old = ca().issue(test::wish("old").valid(-48h, -24h));
  const test::identity strange = stranger.issue(test::wish("ada"));
  const test::identity revoked = ca().issue(test::wish("gone"));
  running service(serving().client_ca(ca().ca()).crl(ca().revoke(&revoked)));
  const auto with = [](const test::identity& own) {
    return trusting().cert(own.cert).key(own.key);
  };
  struct row {
    tls_options client;
    std::string told;
    std::string logged;
  };
  const std::vector<row> rows{
      {trusting(), "wants a client certificate", "the client has no certificate"},
      {with(old), "finds our certificate expired", "the client's certificate (old) has expired"},
      {with(strange), "does not know the CA of our certificate", "unknown CA (strange CA)"},
      {with(revoked), "finds our certificate revoked", "(gone) was revoked"},
  };
  for (const row& r : rows) {
    const auto back = call(service.url(), r.client);
    CAPTURE(back.status().to_string());
    REQUIRE_FALSE(back);
    CHECK(back.status().code() == status_code::unavailable);
    CHECK(back.status().reached() == outcome::not_sent);
    CHECK_THAT(back.status().message(), ContainsSubstring(r.told));
    CHECK(service.will_say(r.logged));
  }
  CHECK(service.handled == 0);
  const auto back = call(service.url(), with(good));
  REQUIRE(back);
  CHECK(back->str() == "ada verified URI:spiffe://example/ada");
}

TEST_CASE(
    "with verify_client=optional a client may come without a certificate, not with a bad one") {
  test::authority stranger;
  const test::identity strange = stranger.issue(test::wish("ada"));
  const test::identity good = ca().issue(test::wish("ada"));
  running service(serving().client_ca(ca().ca()), "tls://127.0.0.1:0?verify_client=optional");
  const auto nobody = call(service.url(), trusting());
  REQUIRE(nobody);
  CHECK(nobody->str() == "hello");
  const auto somebody = call(service.url(), trusting().cert(good.cert).key(good.key));
  REQUIRE(somebody);
  CHECK(somebody->str() == "ada verified DNS:localhost");
  CHECK_FALSE(call(service.url(), trusting().cert(strange.cert).key(strange.key)));
}

TEST_CASE("row 26: versions below TLS 1.2 are refused") {
  running service(serving());
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    foreign_client old;
    SSL_CTX_set_min_proto_version(old.context(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(old.context(), version);
    SSL_CTX_set_cipher_list(old.context(), "ALL:@SECLEVEL=0");
    CHECK_FALSE(old.connect(service.port()));
  }
  CHECK(service.will_say("no version of TLS from 1.2 on"));
  CHECK(still_serves(service));
}

TEST_CASE("row 26: ciphers that hide nothing, or too little, are refused") {
  running service(serving());
  for (const char* ciphers : {"eNULL:@SECLEVEL=0", "aNULL:@SECLEVEL=0", "AES128-SHA:@SECLEVEL=0",
                              "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"}) {
    foreign_client weak;
    SSL_CTX_set_max_proto_version(weak.context(), TLS1_2_VERSION);
    REQUIRE(SSL_CTX_set_cipher_list(weak.context(), ciphers) == 1);
    CHECK_FALSE(weak.connect(service.port()));
  }
  CHECK(still_serves(service));
}

TEST_CASE("row 26: another protocol (ALPN) is refused, none is accepted") {
  running service(serving());
  foreign_client http;
  SSL_CTX_set_alpn_protos(http.context(), reinterpret_cast<const unsigned char*>("\x02h2"), 3);
  CHECK_FALSE(http.connect(service.port()));
  CHECK(service.will_say("does not speak 'polywire' over TLS (ALPN)"));
  foreign_client plain;
  CHECK(plain.connect(service.port()));
  foreign_client several;
  SSL_CTX_set_alpn_protos(several.context(),
                          reinterpret_cast<const unsigned char*>("\x02h2\x08polywire"), 12);
  REQUIRE(several.connect(service.port()));
  const unsigned char* chosen = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(several.ssl(), &chosen, &size);
  CHECK(std::string(reinterpret_cast<const char*>(chosen), size) == "polywire");
}

TEST_CASE("row 26: TLS 1.2 works, and does not negotiate anew") {
  running service(serving());
  foreign_client twelve;
  SSL_CTX_set_max_proto_version(twelve.context(), TLS1_2_VERSION);
  REQUIRE(twelve.connect(service.port()));
  char preface[4] = {};
  REQUIRE(SSL_read(twelve.ssl(), preface, 4) == 4);  // the server greets
  CHECK(std::string(preface, 4) == "\xf0PW\x01");
  CHECK((SSL_renegotiate(twelve.ssl()) != 1 || SSL_do_handshake(twelve.ssl()) != 1));
  CHECK(still_serves(service));
}

TEST_CASE("row 26: plaintext at a TLS port and TLS at a plain port are readable errors") {
  running encrypted(serving());
  running plain({}, "tcp://127.0.0.1:0");
  const auto to_encrypted = call(encrypted.url("tcp"), {});
  CHECK(to_encrypted.status().code() == status_code::unavailable);
  CHECK_THAT(to_encrypted.status().message(), ContainsSubstring("the peer speaks TLS"));
  CHECK(encrypted.will_say("the peer does not speak TLS"));
  const auto to_plain = call(plain.url(), trusting());
  CHECK(to_plain.status().code() == status_code::unavailable);
  CHECK(to_plain.status().reached() == outcome::not_sent);
  CHECK_THAT(to_plain.status().message(), ContainsSubstring("does not speak TLS"));
  for (const std::string& garbage :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        std::string("\x16\x03\x01\xff\xff\x01", 6), std::string(50'000, '\xaa')}) {
    auto peer = pw::testing::scripted_peer::connect(encrypted.port());
    peer.send(garbage);
    if (garbage[0] != '\x16') CHECK(peer.closed_by_peer());
  }
  CHECK(encrypted.handled + plain.handled == 0);
  CHECK(still_serves(encrypted));
  CHECK(call(plain.url("tcp"), {}));
}

TEST_CASE("row 27: a whole answer is good although the connection is cut off behind it") {
  // A server that says the greeting and one answer, and then FIN without close_notify.
  auto listening = pw::testing::scripted_peer::listen();
  foreign_server rude(server_identity());
  asio::io_context context(1);
  pw::client user(context.get_executor(), "tls://127.0.0.1:" + std::to_string(listening.port()),
                  pw::client_options().tls(trusting()));
  std::vector<pw::result<text>> ended;
  const text request("x");
  for (int i = 0; i < 2; ++i) {
    user.async_call(echo, request, [&](pw::result<text> r) { ended.push_back(std::move(r)); });
  }
  std::thread peer([&] {
    listening.accept();
    rude.serve(listening);
  });
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (ended.size() < 2 && std::chrono::steady_clock::now() < end) context.run_one_for(100ms);
  peer.join();
  REQUIRE(ended.size() == 2);
  REQUIRE(ended[0]);
  CHECK(ended[0]->str() == "an answer");
  CHECK(ended[1].status().code() == status_code::unavailable);
  CHECK(ended[1].status().reached() == outcome::maybe_processed);
  CHECK_THAT(ended[1].status().message(), ContainsSubstring("without close_notify"));
}

TEST_CASE("a handshake that does not go on ends with its time, which a trickle does not extend") {
  pw::testing::manual_clock time;
  running service(serving(), "tls://127.0.0.1:0", time);
  auto silent = pw::testing::scripted_peer::connect(service.port());
  auto slow = pw::testing::scripted_peer::connect(service.port());
  slow.send("\x16");
  const std::string begin("\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 10);
  std::size_t sent = 0;
  const pw::limits bounds;
  for (pw::duration passed{}; passed <= bounds.handshake_timeout; passed += 2s) {
    if (sent < 4) slow.send(begin.substr(sent++, 1));
    time.advance(2s);
  }
  bool gone = false;
  for (int i = 0; i < 100 && !gone; ++i) {  // its thread may have taken them in later
    time.advance(2s);
    gone = silent.closed_by_peer(50ms) && slow.closed_by_peer(50ms);
  }
  CHECK(gone);
}

TEST_CASE("a server that never answers the handshake is given up in time") {
  pw::testing::manual_clock time;
  auto silent = pw::testing::scripted_peer::listen();
  asio::io_context context(1);
  pw::client user(context.get_executor(), "tls://127.0.0.1:" + std::to_string(silent.port()),
                  pw::client_options().tls(trusting()).clock(time));
  std::optional<pw::result<text>> ended;
  const text request("x");
  user.async_call(echo, request, [&](pw::result<text> r) { ended = std::move(r); });
  context.run_for(50ms);
  silent.accept();
  (void)silent.receive(5);  // the beginning of its handshake
  context.restart();
  context.poll();
  CHECK_FALSE(ended);
  time.advance(pw::limits().connect_timeout);
  context.restart();
  context.run_for(50ms);
  REQUIRE(ended);
  CHECK(ended->status().code() == status_code::unavailable);
  CHECK(ended->status().reached() == outcome::not_sent);
  CHECK_THAT(ended->status().message(), ContainsSubstring("connect_timeout"));
  CHECK(silent.closed_by_peer());
}

TEST_CASE("a server stops although handshakes are under way") {
  const auto begin = std::chrono::steady_clock::now();
  {
    running service(serving());
    auto silent = pw::testing::scripted_peer::connect(service.port());
    CHECK(still_serves(service));
  }
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("a certificate that is renewed while the server runs is shown to the next client") {
  const test::identity files = ca().issue(test::wish("server", "DNS:first.example"));
  running service(serving(files));
  pw::client old(service.url(), pw::client_options().tls(trusting().server_name("first.example")));
  REQUIRE(old.call(echo, text("x"), pw::timeout(20s)));
  ca().renew(files, test::wish("server", "DNS:second.example"));
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!call(service.url(), trusting().server_name("second.example"))) {
    REQUIRE(std::chrono::steady_clock::now() < end);
  }
  CHECK(service.said("have changed and are used"));
  CHECK(old.call(echo, text("x"), pw::timeout(20s)));  // its connection goes on
}

TEST_CASE(
    "mistakes in the settings of TLS are told when the client is made or the server listens") {
  pw::server server;
  CHECK_THAT(server.listen("tls://127.0.0.1:0").status().message(), ContainsSubstring("'cert'"));
  CHECK_THAT(server.listen("tls://127.0.0.1:0?cert=/nowhere").status().message(),
             ContainsSubstring("'cert'"));
  CHECK_THAT(server.listen("tcp://127.0.0.1:0?cert=/nowhere").status().message(),
             ContainsSubstring("unknown key 'cert'"));
  CHECK_THAT(pw::client::make("tls://127.0.0.1:1?ca=/nowhere").status().message(),
             ContainsSubstring("'ca'"));
  CHECK_THAT(pw::client::make("tls://127.0.0.1:1?verify=maybe").status().message(),
             ContainsSubstring("'verify'"));
  CHECK_THAT(pw::client::make("tls://127.0.0.1:1?crt=x").status().message(),
             ContainsSubstring("unknown key 'crt'; did you mean"));
  CHECK(pw::client::make("tls://127.0.0.1").status().code() == status_code::invalid_argument);
}

TEST_CASE("a client that verifies nothing says so in the log") {
  std::vector<std::string> said;
  const auto made = pw::client::make(
      "tls://127.0.0.1:1?verify=false",
      pw::client_options().log([&](pw::log_level level, std::string_view message) {
        said.push_back(std::string(to_string(level)) + ": " + std::string(message));
      }));
  REQUIRE(made);
  REQUIRE(said.size() == 1);
  CHECK_THAT(said[0], ContainsSubstring("warning: ") && ContainsSubstring("verify=false"));
}

}  // namespace tls_connections_test
