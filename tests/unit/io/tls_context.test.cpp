// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/io/tls_context.hpp"

#include "polywire/io/tls_engine.hpp"
#include "polywire/io/tls_transport.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/streams.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace tls_context_test {

namespace {

namespace pw = polywire;
namespace io = pw::io;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

test::authority& ca() {
  static test::authority one;
  return one;
}

io::transport_settings serving(const test::identity& as) {
  io::transport_settings settings;
  settings.listens = true;
  settings.tls.cert(as.cert).key(as.key);
  return settings;
}

pw::status problem_of(const pw::tls_options& tls, bool listens) {
  io::transport_settings settings;
  settings.listens = listens;
  settings.tls = tls;
  return io::tls_context::make(settings, "here").status();
}

std::string shown_name(const io::tls_context::ssl_ptr& ssl) {
  return io::common_name_of(X509_get_subject_name(SSL_get_certificate(ssl.get())));
}

}  // namespace

TEST_CASE("what is wrong with a file of TLS names its key, and never the file") {
  const test::identity good = ca().issue(test::wish("good"));
  const test::identity other = ca().issue(test::wish("other"));
  const std::string missing = ca().path("secret-name.pem");
  const std::string nonsense = ca().write_text("nonsense.pem", "secret-content\n");
  const std::string damaged = ca().write_text(
      "damaged.pem", "-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n");
  const std::string locked = ca().write_text(
      "locked.key",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");
  struct row {
    pw::tls_options tls;
    bool listens;
    const char* key;
    const char* why;
  };
  const std::vector<row> rows{
      {pw::tls_options(), true, "'cert'", "a server needs a certificate"},
      {pw::tls_options().cert(missing), true, "'cert'", "No such file"},
      {pw::tls_options().cert(ca().path("")), true, "'cert'", "Is a directory"},
      {pw::tls_options().cert(nonsense), true, "'cert'", "no certificate in PEM form"},
      {pw::tls_options().cert(damaged), true, "'cert'", "no certificate in PEM form"},
      {pw::tls_options().cert(good.cert), true, "'key'", "no private key in PEM form"},
      {pw::tls_options().cert(good.cert).key(missing), true, "'key'", "No such file"},
      {pw::tls_options().cert(good.cert).key(other.key), true, "'key'", "does not belong"},
      {pw::tls_options().cert(good.cert).key(locked), true, "'key'", "is encrypted"},
      {pw::tls_options().cert(good.cert).key(other.key), false, "'key'", "does not belong"},
      {pw::tls_options().ca(missing), false, "'ca'", "No such file"},
      {pw::tls_options().ca(good.key), false, "'ca'", "no certificate in PEM form"},
      {pw::tls_options().crl(good.cert), false, "'crl'", "no revocation list"},
      {pw::tls_options().cert(good.cert).key(good.key).client_ca(nonsense), true, "'client_ca'",
       "no certificate in PEM form"},
  };
  for (const row& r : rows) {
    const pw::status why = problem_of(r.tls, r.listens);
    CAPTURE(r.key, r.why, why.to_string());
    CHECK(why.code() == pw::status_code::invalid_argument);
    CHECK_THAT(why.message(), ContainsSubstring(r.key));
    CHECK_THAT(why.message(), ContainsSubstring(r.why));
    CHECK(why.message().find("secret") == std::string::npos);
    CHECK(why.message().find("polywire-") == std::string::npos);
  }
}

TEST_CASE("a chain whose second certificate is damaged is refused") {
  const test::identity good = ca().issue(test::wish("good"));
  std::ofstream(good.cert, std::ios::app)
      << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  CHECK_THAT(problem_of(pw::tls_options().cert(good.cert).key(good.key), true).message(),
             ContainsSubstring("'cert': a certificate in the file is damaged"));
}

TEST_CASE("certificate and key may share a file") {
  const test::identity good = ca().issue(test::wish("good"));
  std::ifstream key(good.key);
  std::ofstream(good.cert, std::ios::app) << key.rdbuf();
  io::transport_settings settings;
  settings.listens = true;
  settings.tls.cert(good.cert);
  CHECK(io::tls_context::make(settings, "here"));
}

TEST_CASE("keys of the URL go before the options") {
  pw::tls_options options;
  options.cert("a").key("b").ca("c").server_name("d").client_ca("e").crl("f");
  const auto changed = options.with(test::parse(
      "tls://x:1?ca=C%20C&server_name=D&verify=false&client_ca=E&verify_client=optional&crl=F"));
  REQUIRE(changed);
  CHECK(changed->get_cert() == "a");
  CHECK(changed->get_key() == "b");
  CHECK(changed->get_ca() == "C C");
  CHECK(changed->get_server_name() == "D");
  CHECK(changed->get_client_ca() == "E");
  CHECK(changed->get_crl() == "F");
  CHECK_FALSE(changed->verifies());
  CHECK_FALSE(changed->requires_client());
  const auto own = options.with(test::parse("tls://x:1?cert=mine.pem"));
  REQUIRE(own);
  CHECK(own->get_key() == "mine.pem");  // not another certificate's
}

TEST_CASE("bad values of TLS keys are refused and not shown") {
  for (const char* query : {"verify=secret", "verify_client=secret", "verify_client=required",
                            "ca=", "cert=", "server_name="}) {
    const auto read = pw::tls_options().with(test::parse(std::string("tls://x:1?") + query));
    CAPTURE(query, read.status().to_string());
    CHECK(read.status().code() == pw::status_code::invalid_argument);
    CHECK_THAT(
        read.status().message(),
        ContainsSubstring("'" + std::string(query).substr(0, std::string(query).find('=')) + "'"));
    CHECK(read.status().message().find("secret") == std::string::npos);
  }
}

TEST_CASE("tls needs a port, and its settings are asked for when it listens") {
  const io::transport& tls = *io::transport::find("tls");
  CHECK_FALSE(tls.check(test::parse("tls://localhost")));
  CHECK(tls.check(test::parse("tls://localhost:1")));
  io::transport_settings settings;
  settings.listens = true;
  CHECK(tls.configure(test::parse("tls://localhost:1"), settings).status().code() ==
        pw::status_code::invalid_argument);
  asio::io_context context;
  CHECK(tls.listen(context.get_executor(), test::parse("tls://localhost:1")).status().code() ==
        pw::status_code::invalid_argument);
}

TEST_CASE("a renewed certificate is used from the next connection on, looked for once a second") {
  const test::identity files = ca().issue(test::wish("first"));
  std::vector<std::string> said;
  auto settings = serving(files);
  settings.log = [&](pw::log_level, std::string_view message) { said.emplace_back(message); };
  const auto context = io::tls_context::make(settings, "here").value();
  const pw::time_point start = pw::clock::steady().now();
  CHECK(shown_name(context->begin(start)) == "first");
  ca().renew(files, test::wish("second"));
  CHECK(shown_name(context->begin(start + 999ms)) == "first");
  CHECK(shown_name(context->begin(start + 1s)) == "second");
  CHECK(said.size() == 1);
  CHECK(shown_name(context->begin(start + 5s)) == "second");
  CHECK(said.size() == 1);
}

TEST_CASE("broken new files are logged once, and the old ones stay") {
  const test::identity files = ca().issue(test::wish("first"));
  const test::identity next = ca().issue(test::wish("second"));
  std::vector<std::string> said;
  auto settings = serving(files);
  settings.log = [&](pw::log_level level, std::string_view message) {
    said.push_back(std::string(to_string(level)) + ": " + std::string(message));
  };
  const auto context = io::tls_context::make(settings, "here").value();
  pw::time_point now = pw::clock::steady().now();
  (void)context->begin(now);
  std::filesystem::rename(next.cert, files.cert);  // the key does not fit yet
  CHECK(shown_name(context->begin(now += 1s)) == "first");
  REQUIRE(said.size() == 1);
  CHECK_THAT(said[0], ContainsSubstring("error: ") && ContainsSubstring("does not belong"));
  CHECK(shown_name(context->begin(now += 1s)) == "first");
  CHECK(said.size() == 1);
  std::filesystem::rename(next.key, files.key);
  CHECK(shown_name(context->begin(now += 1s)) == "second");
  std::filesystem::remove(files.cert);
  CHECK(shown_name(context->begin(now += 1s)) == "second");
  CHECK(said.size() == 3);
}

TEST_CASE("connections that were made before a renewal go on") {
  const test::identity files = ca().issue(test::wish("first"));
  const auto context = io::tls_context::make(serving(files), "here").value();
  const pw::time_point now = pw::clock::steady().now();
  const auto old = context->begin(now);
  ca().renew(files, test::wish("second"));
  const auto fresh = context->begin(now + 2s);
  CHECK(shown_name(old) == "first");
  CHECK(shown_name(fresh) == "second");
}

}  // namespace tls_context_test
