// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/tls.hpp>

#include "../tests/support/certificates.hpp"

namespace benchmarks {

/// A key and certificates. To be made before there are two processes, which share the files.
class tls_files {
 public:
  static const tls_files& instance() {
    static const tls_files all;
    return all;
  }
  polywire::tls_options server() const {
    return polywire::tls_options().cert(server_.cert).key(server_.key);
  }
  polywire::tls_options client() const { return polywire::tls_options().ca(ca_.ca()); }

 private:
  tls_files() : server_(ca_.issue(test::wish("server"))) {}

  test::authority ca_;
  test::identity server_;
};

}  // namespace benchmarks
