// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/descriptor.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/// What tests of faults need from the system.
namespace faults {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

/// Waits for something that nobody tells of. The time is reached only when the test fails.
template <class Condition>
bool eventually(Condition holds, steady::duration most = 20s) {
  const auto end = steady::now() + most;
  while (!holds()) {
    if (steady::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

inline void check_system(int returned, const char* what) {
  if (returned < 0) throw std::system_error(errno, std::generic_category(), what);
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    (void)entry;
    ++count;
  }
  return count - 1;  // the one that is read
}

/// Bytes of this process, or of another one, that are in memory.
inline std::size_t resident(const std::string& process = "self") {
  std::size_t all = 0, in_memory = 0;
  std::ifstream("/proc/" + process + "/statm") >> all >> in_memory;
  return in_memory * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// Time that the processor has spent on this process.
inline std::chrono::microseconds processor_time() {
  rusage used{};
  check_system(::getrusage(RUSAGE_SELF, &used), "getrusage");
  const auto time = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return time(used.ru_utime) + time(used.ru_stime);
}

/// How many descriptors this process may have, in this scope.
class descriptor_limit {
 public:
  explicit descriptor_limit(rlim_t most) {
    check_system(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
    rlimit now = before_;
    now.rlim_cur = most;
    check_system(::setrlimit(RLIMIT_NOFILE, &now), "setrlimit");
  }
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;
  ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// This program again, in one of the parts of roles.cpp. It is killed when the test leaves it.
class child {
 public:
  child(const std::string& role, const std::string& url) {
    int out[2];
    int in[2];
    check_system(::pipe2(out, O_CLOEXEC), "pipe");
    output_ = polywire::testing::descriptor(out[0]);
    const polywire::testing::descriptor write(out[1]);
    check_system(::pipe2(in, O_CLOEXEC), "pipe");
    const polywire::testing::descriptor read(in[0]);
    input_ = polywire::testing::descriptor(in[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, read.get(), STDIN_FILENO);
    ::setenv("POLYWIRE_FAULTS_URL", url.c_str(), 1);
    std::string program = "/proc/self/exe";
    std::string name = "role: " + role;
    char* const arguments[] = {program.data(), name.data(), nullptr};
    const int failed =
        ::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::system_error(failed, std::generic_category(), "posix_spawn");
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() { kill(); }

  /// What stands behind the word on the line that begins with it; says so when it does not come.
  std::string said(std::string_view word) {
    const auto end = steady::now() + 20s;
    for (;;) {
      for (std::size_t from = 0, to; (to = said_.find('\n', from)) != std::string::npos;
           from = to + 1) {
        const auto line = std::string_view(said_).substr(from, to - from);
        if (line.starts_with(word)) return std::string(line.substr(word.size()));
      }
      pollfd entry{output_.get(), POLLIN, 0};
      char bytes[1000];
      ::poll(&entry, 1, 100);
      const auto n = (entry.revents & (POLLIN | POLLHUP)) != 0
                         ? ::read(output_.get(), bytes, sizeof bytes)
                         : ssize_t{-1};
      if (n > 0) said_.append(bytes, static_cast<std::size_t>(n));
      if (n == 0 || steady::now() > end) {
        throw std::runtime_error("the child did not say \"" + std::string(word) + "\", but:\n" +
                                 said_);
      }
    }
  }
  void signal(int number) const { check_system(::kill(process_, number), "kill"); }
  void kill() noexcept {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(std::exchange(process_, 0), nullptr, 0);
  }

 private:
  pid_t process_ = 0;
  polywire::testing::descriptor output_;
  polywire::testing::descriptor input_;  // its end tells the child that the test is gone
  std::string said_;
};

}  // namespace faults
