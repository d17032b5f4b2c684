// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "conformance/backends.hpp"

#include "polywire/testing/conformance/service.hpp"
#include "polywire/tls.hpp"

#include "support/certificates.hpp"

namespace backends {

/// Certificates for whoever speaks TLS.
inline void use_test_certificates() {
  static test::authority ca;
  static const test::identity server = ca.issue(test::wish("server"));
  conformance::suite_tls().cert(server.cert).key(server.key).ca(ca.ca());
}

struct tls : conformance::environment {
  tls() : environment("tls", [] { return std::string("tls://127.0.0.1:0"); }) {
    use_test_certificates();
  }
};
struct https : conformance::environment {
  https() : environment("https", [] { return std::string("https://127.0.0.1:0"); }, http::able()) {
    use_test_certificates();
  }
};

/// For messages of one kind: TLS does not see what it carries.
using all_and_tls = std::tuple<inproc, tcp, unix_socket, tls, http, https>;

}  // namespace backends
