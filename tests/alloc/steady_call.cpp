// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// A steady unary call allocates nothing beyond the user's own messages. Client and server share one
// io_context over tcp on 127.0.0.1; after a warm-up every `operator new` is counted.
//
// To be built without sanitizers, which turn recycling off.
#include "polywire/client.hpp"
#include "polywire/server.hpp"
#include "polywire/tcp.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* counted(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto to = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(to, (size + to - 1) / to * to)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, std::align_val_t to) { return counted(size, to); }
void* operator new[](std::size_t size, std::align_val_t to) { return counted(size, to); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

// Short enough for the small-string buffer: the messages themselves allocate nothing.
constexpr polywire::unary<polywire::text, polywire::text> echo{"alloc.v1.Steady/Echo"};

/// One call after the other, each begun in the completion of the one before.
class caller {
 public:
  explicit caller(polywire::client& user) : user_(user) {}

  void begin(int calls) {
    left_ = calls;
    next();
  }
  bool done() const { return left_ == 0; }
  int failed() const { return failed_; }

 private:
  void next() {
    user_.async_call(echo, request_, options_, [this](polywire::result<polywire::text> answer) {
      if (!answer || answer->str() != request_.str()) ++failed_;
      if (--left_ > 0) next();
    });
  }

  polywire::client& user_;
  polywire::text request_{"short"};
  polywire::call_options options_ = polywire::timeout(std::chrono::seconds(20));
  int left_ = 0;
  int failed_ = 0;
};

int run(std::string_view url) {
  asio::io_context context(1);
  polywire::server service(context.get_executor());
  service.handle(echo, [](const polywire::text& request) { return request; });
  auto bound = service.listen(url);
  if (!bound) return std::fprintf(stderr, "%s\n", bound.status().to_string().c_str()), 1;
  polywire::client user(context.get_executor(), bound->url());
  caller calls(user);
  auto make = [&](int count) {
    calls.begin(count);
    context.restart();
    while (!calls.done() && context.run_one_for(std::chrono::seconds(20)) > 0) {
    }
  };
  make(1000);  // connects, and fills what is recycled
  constexpr int steady = 1000;
  const std::size_t before = allocations;
  make(steady);
  const std::size_t counted_now = allocations - before;
  std::printf("%.*s: %zu allocations in %d calls\n", static_cast<int>(url.substr(0, 3).size()),
              url.data(), counted_now, steady);
  if (!calls.done() || calls.failed() > 0) {
    return std::fprintf(stderr, "%d calls failed\n", calls.failed()), 1;
  }
  return counted_now == 0 ? 0 : 1;
}

}  // namespace

int main() { return run("tcp://127.0.0.1:0"); }
