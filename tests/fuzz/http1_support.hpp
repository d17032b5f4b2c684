// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/body_writer.hpp"
#include "unit/wire/http1/transcript.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http1_fuzz {

namespace h1 = polywire::wire::http1;
using http1_tests::role;

inline void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

/// However a stream is cut, it means the same; with limits that short inputs can reach, too.
inline void splits_agree(role side, std::string_view stream) {
  h1::message_limits small;
  small.max_start_line = 40;
  small.max_fields_size = 60;
  small.max_fields = 3;
  small.max_body = 12;
  small.max_chunk_extensions = 8;
  small.max_trailers_size = 20;
  for (const h1::message_limits& bounds : {h1::message_limits(), small}) {
    http1_tests::transcript whole = http1_tests::read_all(side, stream, bounds);
    whole.close();
    if (whole.failed()) {
      const bool known = whole.status() >= 400 && !h1::reason_of(whole.status()).empty();
      require(known && !whole.problem().empty(), "an error without a status or a text");
      require(whole.problem().size() < 400, "the text of an error is not bounded");
    }
    // Of the many ways to cut, one that follows from the bytes: every way gets its turn.
    std::size_t sum = 0;
    for (const char c : stream) sum += static_cast<unsigned char>(c);
    auto cut =
        http1_tests::read_in_pieces(side, stream, sum % (stream.size() + 1), 1 + sum % 13, bounds);
    cut.close();
    require(cut.str() == whole.str(), "a stream in pieces means something else than whole");
  }
}

/// One message, owned.
class message {
 public:
  std::vector<std::pair<std::string, std::string>> fields;  // without those of framing
  std::string body;
  std::vector<std::pair<std::string, std::string>> trailers;
  bool chunked = false;
  bool keep_alive = false;

  friend bool operator==(const message&, const message&) = default;
};

inline bool is_framing(std::string_view name) {
  return h1::detail::same_ignoring_case(name, "content-length") ||
         h1::detail::same_ignoring_case(name, "transfer-encoding");
}

/// Reads what follows a head to its end; false when that does not come.
inline bool read_rest(const h1::message_head& head, polywire::bytes_view& in, message& out) {
  for (const h1::field& f : head.fields) {
    if (!is_framing(f.name)) out.fields.emplace_back(f.name, f.value);
  }
  out.chunked = head.body == h1::body_framing::chunked;
  out.keep_alive = head.keep_alive;
  h1::body_reader reader(head, {});
  for (;;) {
    const h1::body_part part = reader.read(in);
    in = in.subspan(part.size);
    if (part.event == h1::body_event::data) {
      require(!part.data.empty(), "data without bytes");
      out.body += polywire::as_text(part.data);
      continue;
    }
    if (part.event == h1::body_event::need_more && reader.close() != h1::body_event::end) {
      return false;
    }
    for (const h1::field& f : reader.trailers()) out.trailers.emplace_back(f.name, f.value);
    return part.event != h1::body_event::error;
  }
}

/// The start line is written already.
inline void write_rest(h1::head_writer& head, const message& m, bool has_body) {
  polywire::buffer& out = head.out();
  for (const auto& [name, value] : m.fields) {
    require(head.field(name, value).ok(), "a field that was read cannot be written");
  }
  if (!has_body) return head.finish();
  if (!m.chunked) {
    h1::body_writer body(head, m.fields.size());
    out.append(m.body);
    require(body.finish() == m.body.size(), "a body has the wrong size");
    return;
  }
  head.finish_chunked();
  for (std::size_t at = 0; at < m.body.size(); at += 5) {
    h1::chunk_writer chunk(out);
    out.append(std::string_view(m.body).substr(at, 5));
    chunk.finish();
  }
  if (m.trailers.empty()) return h1::finish_chunks(out);
  h1::trailer_writer trailers(out);
  for (const auto& [name, value] : m.trailers) {
    require(trailers.field(name, value).ok(), "a trailer that was read cannot be written");
  }
  trailers.finish();
}

}  // namespace http1_fuzz
