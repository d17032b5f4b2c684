// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "processes.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

namespace benchmarks {
namespace {

constexpr int patience_ms = 60'000;

/// A child process with a pipe through which it says one value.
class child {
 public:
  using body = std::function<void(const std::function<void(double)>& say)>;

  child(const char* name, unsigned processor, const body& run) : name_(name) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe failed");
    std::fflush(nullptr);
    id_ = ::fork();
    if (id_ == 0) {
      ::close(ends[0]);
      become(processor, run, ends[1]);
    }
    ::close(ends[1]);
    from_ = ends[0];
    if (id_ < 0) {
      ::close(from_);
      throw std::runtime_error("fork failed");
    }
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    ::close(from_);
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }

  double heard() const {
    pollfd waits{from_, POLLIN, 0};
    if (::poll(&waits, 1, patience_ms) == 0) throw std::runtime_error("the " + name_ + " hangs");
    double value = 0;
    if (::read(from_, &value, sizeof value) != sizeof value) {
      throw std::runtime_error("the " + name_ + " failed");
    }
    return value;
  }

 private:
  [[noreturn]] void become(unsigned processor, const body& run, int to) const {
    ::prctl(PR_SET_NAME, name_.c_str());  // for profilers
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin_thread(processor);
    try {
      run([to](double value) {
        if (::write(to, &value, sizeof value) != sizeof value) ::_exit(1);
      });
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s: %s\n", name_.c_str(), e.what());
      ::_exit(1);
    }
    ::_exit(0);
  }

  std::string name_;
  pid_t id_ = -1;
  int from_ = -1;
};

}  // namespace

void pin_thread(unsigned processor) {
  const unsigned count = std::thread::hardware_concurrency();
  if (count < 2) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor % count, &set);
  ::sched_setaffinity(0, sizeof set, &set);  // where it is not allowed, it goes without
}

double run_pair(const std::function<void(const std::function<void(std::uint16_t)>&)>& serve,
                const std::function<double(std::uint16_t port)>& measure) {
  const child server("server", 0,
                     [&](const auto& say) { serve([&](std::uint16_t port) { say(port); }); });
  const auto port = static_cast<std::uint16_t>(server.heard());
  const child client("client", 1, [&](const auto& say) { say(measure(port)); });
  return client.heard();
}

double run_alone(const std::function<double()>& measure) {
  const child process("client", 1, [&](const auto& say) { say(measure()); });
  return process.heard();
}

std::string output_of(const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& word : command) line += "'" + word + "' ";  // ours: no quotes in them
  std::fflush(nullptr);
  FILE* const from = ::popen(line.c_str(), "r");
  if (from == nullptr) throw std::runtime_error("cannot run " + line);
  std::string all;
  for (int c = std::fgetc(from); c != EOF; c = std::fgetc(from)) all += static_cast<char>(c);
  if (::pclose(from) != 0) throw std::runtime_error(line + "failed");
  return all;
}

}  // namespace benchmarks
