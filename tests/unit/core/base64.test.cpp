// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/base64.hpp"

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using polywire::as_bytes;
using polywire::base64_form;
using polywire::decode_base64;
using polywire::to_base64;

namespace {

/// What a text of exactly that size decodes to; "refused" otherwise.
std::string decoded(std::string_view text) {
  const std::vector<char> exact(text.begin(), text.end());
  std::string out = "left over";
  const bool good = decode_base64({exact.data(), exact.size()}, out);
  REQUIRE((good || out.empty()));
  return good ? out : "refused";
}

std::string some_bytes(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 167 + size);
  return out;
}

}  // namespace

TEST_CASE("base64 is written as in RFC 4648 10, with and without padding") {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, text] : vectors) {
    CAPTURE(plain);
    const std::string_view bare = text.substr(0, text.find('='));
    CHECK(to_base64(as_bytes(plain), base64_form::padded) == text);
    CHECK(to_base64(as_bytes(plain), base64_form::unpadded) == bare);
    CHECK(to_base64(as_bytes(plain), base64_form::url_unpadded) == bare);
    CHECK(decoded(text) == plain);
    CHECK(decoded(bare) == plain);
  }
}

TEST_CASE("the two alphabets differ in two characters, and either is read") {
  const std::string_view bytes = "\xfb\xff\xfe";
  CHECK(to_base64(as_bytes(bytes), base64_form::padded) == "+//+");
  CHECK(to_base64(as_bytes(bytes), base64_form::unpadded) == "+//+");
  CHECK(to_base64(as_bytes(bytes), base64_form::url_unpadded) == "-__-");
  CHECK(decoded("+//+") == bytes);
  CHECK(decoded("-__-") == bytes);
}

TEST_CASE("a text with characters of both alphabets is refused") {
  for (const std::string_view text : {"+__+", "+-AA", "AA-/", "/AAAAAAAAA_A", "AAA-AA+", "-A+"}) {
    CAPTURE(text);
    CHECK(decoded(text) == "refused");
  }
}

TEST_CASE("only the 64 characters pass, wherever they stand") {
  constexpr std::string_view standard =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  for (const std::string_view model : {"AAAA", "AAAAAAAA", "AAAAAA", "AAA"}) {
    for (std::size_t at = 0; at < model.size(); ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text(model);
        text[at] = static_cast<char>(c);
        const bool ends = at + 1 == text.size();
        if (ends && (c == '=' || text.size() % 4 != 0)) continue;  // padding, or unused bits
        CAPTURE(model, at, c);
        const bool known = standard.find(static_cast<char>(c)) != std::string_view::npos;
        CHECK((decoded(text) != "refused") == known);
      }
    }
  }
}

TEST_CASE("padding is complete, at the end, or absent") {
  for (const std::string_view text : {"=",      "==",       "===",      "====",     "A",
                                      "A=",     "A==",      "A===",     "AA=",      "AAA==",
                                      "AAA===", "AAAA=",    "AAAA==",   "AAAA====", "A=AA",
                                      "AA=A",   "AA==AAAA", "AA==AA==", "AAAAA",    "AAA=AAA="}) {
    CAPTURE(text);
    CHECK(decoded(text) == "refused");
  }
}

TEST_CASE("bits that stand for no byte must be zero") {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < letters.size(); ++i) {
    CAPTURE(letters[i]);
    const std::string two = {'A', letters[i]};
    const std::string three = {'A', 'A', letters[i]};
    CHECK((decoded(two) != "refused") == (i % 16 == 0));
    CHECK((decoded(two + "==") != "refused") == (i % 16 == 0));
    CHECK((decoded(three) != "refused") == (i % 4 == 0));
    CHECK((decoded(three + "=") != "refused") == (i % 4 == 0));
  }
}

TEST_CASE("bytes of every length come back, from every form") {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string bytes = some_bytes(size);
    for (const auto form :
         {base64_form::padded, base64_form::unpadded, base64_form::url_unpadded}) {
      const std::string text = to_base64(as_bytes(bytes), form);
      CAPTURE(size, text);
      CHECK(text.size() == polywire::base64_size(size, form));
      CHECK(polywire::base64_decoded_room(text.size()) >= size);
      CHECK(decoded(text) == bytes);
    }
    const auto bare = polywire::base64_size(size, base64_form::unpadded);
    CHECK(polywire::base64_decoded_room(bare) == size);
  }
}

TEST_CASE("a text may be decoded onto itself") {
  const std::string bytes = some_bytes(100);
  std::string text = to_base64(as_bytes(bytes), base64_form::padded);
  const auto size = decode_base64(text, reinterpret_cast<std::byte*>(text.data()));
  REQUIRE(size == bytes.size());
  CHECK(std::string_view(text).substr(0, *size) == bytes);
}

TEST_CASE("base64 is appended behind what a buffer holds, and so is what it stands for") {
  polywire::buffer out;
  out.append("x: ");
  polywire::append_base64(as_bytes("fo"), out);
  polywire::append_base64({}, out);
  polywire::append_base64(as_bytes("f"), out, base64_form::unpadded);
  CHECK(polywire::as_text(out.view()) == "x: Zm8=Zg");
  CHECK(polywire::append_from_base64("Zm9vYg", out));
  CHECK(polywire::as_text(out.view()) == "x: Zm8=Zgfoob");
  CHECK_FALSE(polywire::append_from_base64("Zm9vYg=", out));
  CHECK(polywire::as_text(out.view()) == "x: Zm8=Zgfoob");
}
