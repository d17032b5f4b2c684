// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// Runs a libFuzzer target where there is no libFuzzer: the kept inputs first, then mutations of
// them. Run number n of a seed is always the same input. An input that crashes, hangs, or is
// reported by a sanitizer is saved, and can be given back as an argument.
//
//     fuzz_<name> [--corpus dir] [--seconds n] [--seed n] [--crash file] [input...]

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
// GCC's UBSan is a library of its own, which knows no death callback of ASan: it aborts instead.
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

namespace {

using input = std::vector<std::uint8_t>;

constexpr std::size_t max_input = std::size_t{64} << 10;
constexpr unsigned hang_seconds = 20;

std::string crash_file = "crash";  // NOLINT: read by signal handlers, hence global
const input* current = nullptr;    // NOLINT

/// Only what a signal handler may call.
void save_current() {
  if (current == nullptr) return;
  const int file = ::open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  std::size_t done = 0;
  while (done < current->size()) {
    const ssize_t n = ::write(file, current->data() + done, current->size() - done);
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  ::close(file);
  current = nullptr;
  constexpr std::string_view note = "\nthe input that did it was saved as ";
  if (::write(2, note.data(), note.size()) < 0 ||
      ::write(2, crash_file.data(), crash_file.size()) < 0 || ::write(2, "\n", 1) < 0) {
    return;
  }
}

void on_signal(int number) {
  save_current();
  std::signal(number, SIG_DFL);
  ::raise(number);
}

void watch_for_death() {
  std::signal(SIGABRT, on_signal);
  std::signal(SIGALRM, on_signal);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(save_current);
  } else {
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, on_signal);
  }
}

void run(const input& bytes) {
  current = &bytes;
  // A copy of exactly that size, so that the address sanitizer sees one byte too far.
  const auto exact = std::make_unique<std::uint8_t[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
  LLVMFuzzerTestOneInput(exact.get(), bytes.size());
  current = nullptr;
}

/// splitmix64
class random_source {
 public:
  explicit random_source(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(next()); }

 private:
  std::uint64_t state_;
};

/// Bytes at which length fields, varints and text change their meaning.
constexpr std::array<std::uint8_t, 16> edges = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xfe, 0x40, 0x3f,
                                                0x08, 0x0a, 0x12, 0x10, 0x20, 0x0d, 0x22, 0x7b};

void mutate_once(input& bytes, const std::vector<input>& corpus, random_source& random) {
  const std::size_t at = bytes.empty() ? 0 : random.below(bytes.size());
  const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  const std::size_t length =
      bytes.empty() ? 0 : 1 + random.below(std::min<std::size_t>(bytes.size() - at, 64));
  const auto place_end = place + static_cast<std::ptrdiff_t>(length);
  switch (random.below(8)) {
    case 0:
      if (!bytes.empty()) *place ^= static_cast<std::uint8_t>(1U << random.below(8));
      break;
    case 1:
      if (!bytes.empty()) *place = random.byte();
      break;
    case 2:
      if (!bytes.empty()) *place = edges[random.below(edges.size())];
      break;
    case 3: bytes.insert(place, 1 + random.below(8), edges[random.below(edges.size())]); break;
    case 4: bytes.erase(place, place_end); break;
    case 5: {  // a piece again
      const input piece(place, place_end);
      bytes.insert(bytes.end() - static_cast<std::ptrdiff_t>(random.below(bytes.size() + 1)),
                   piece.begin(), piece.end());
      break;
    }
    case 6: {  // a piece of another input
      const input& other = corpus[random.below(corpus.size())];
      if (other.empty()) break;
      const auto from = other.begin() + static_cast<std::ptrdiff_t>(random.below(other.size()));
      bytes.insert(place, from, other.end());
      break;
    }
    default: bytes.resize(at); break;
  }
  if (bytes.size() > max_input) bytes.resize(max_input);
}

input read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << "cannot read " << path << '\n';
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

int main(int argc, char** argv) {
  std::string corpus_folder;
  std::uint64_t seed = 1;
  long seconds = 0;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const bool option = name.starts_with("--");
    if (!option) {
      files.emplace_back(name);
      continue;
    }
    const std::string value = i + 1 < argc ? argv[++i] : "";
    if (name == "--corpus")
      corpus_folder = value;
    else if (name == "--seconds")
      seconds = std::strtol(value.c_str(), nullptr, 10);
    else if (name == "--seed")
      seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--crash")
      crash_file = value;
    else {
      std::cerr << "unknown option " << name << '\n';
      return 2;
    }
  }
  if (std::filesystem::is_directory(corpus_folder)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus_folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());  // the order of a folder is no order

  watch_for_death();
  std::vector<input> corpus{input{}};
  for (const auto& file : files) corpus.push_back(read_file(file));
  std::cout << "seed " << seed << ", " << files.size() << " kept inputs, " << seconds
            << " s of mutations" << std::endl;
  for (const auto& bytes : corpus) {
    ::alarm(hang_seconds);
    run(bytes);
  }

  std::uint64_t runs = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (; std::chrono::steady_clock::now() < end; ++runs) {
    if (runs % 64 == 0) ::alarm(hang_seconds);
    random_source random(seed * 0x2545f4914f6cdd1dU + runs);
    input bytes = corpus[random.below(corpus.size())];
    for (std::size_t n = 1 + random.below(8); n > 0; --n) mutate_once(bytes, corpus, random);
    run(bytes);
  }
  ::alarm(0);
  std::cout << runs << " mutations, none failed" << std::endl;
}
