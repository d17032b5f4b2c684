#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The polywire authors
# SPDX-License-Identifier: MIT
#
# certificates.sh <folder>: a CA, a certificate for a server on this machine, and one for a client.
set -euo pipefail
mkdir -p "$1"
cd "$1"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
  -subj "/CN=my CA" -keyout ca.key -out ca.pem

issue() {  # issue <file> <common name> <alternative names>
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj "/CN=$2" -addext "subjectAltName=$3" -keyout "$1.key" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -copy_extensions copy -days 90 \
    -CA ca.pem -CAkey ca.key -CAcreateserial -out "$1.pem"
}
issue server "users" "DNS:localhost,IP:127.0.0.1"
issue client "Ada" "URI:spiffe://example/ada"
