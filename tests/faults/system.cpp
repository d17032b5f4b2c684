// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// A system that refuses, interrupts and misleads: rows 18 to 22 and 36 of tests/faults/README.md.
#include "faults/text_service.hpp"

#include "polywire/http.hpp"
#include "polywire/io/tcp_transport.hpp"
#include "polywire/io/unix_transport.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/fault_proxy.hpp"
#include "polywire/testing/scripted_peer.hpp"
#include "polywire/tls.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"

#include <asio/thread_pool.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

namespace system_test {

using namespace faults;
using pw::testing::descriptor;
using namespace std::chrono_literals;

namespace {

constexpr pw::server_streaming<text, text> flood{"faults.v1.Peer/Flood"};
constexpr pw::client_streaming<text, text> drink{"faults.v1.Peer/Drink"};

std::string socket_path() {
  return (std::filesystem::temp_directory_path() / ("faults-" + std::to_string(::getpid())))
      .string();
}

/// A socket that is connected when descriptors have run out already.
class late_socket {
 public:
  late_socket(const std::string& unix_path, std::uint16_t port)
      : unix_path_(unix_path), port_(port) {
    fd_ =
        descriptor(::socket(unix_path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    faults::check_system(fd_.get(), "socket");
  }
  void connect() const {
    if (unix_path_.empty()) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port_);
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      faults::check_system(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to),
                           "connect");
    } else {
      sockaddr_un to{};
      to.sun_family = AF_UNIX;
      unix_path_.copy(to.sun_path, sizeof to.sun_path - 1);
      faults::check_system(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&to), sizeof to),
                           "connect");
    }
  }
  bool hears_within(std::chrono::milliseconds time) const {
    pollfd entry{fd_.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&entry, 1, static_cast<int>(time.count())) == 1 &&
           ::recv(fd_.get(), &byte, 1, 0) == 1;
  }

 private:
  descriptor fd_;
  std::string unix_path_;
  std::uint16_t port_;
};

}  // namespace

TEST_CASE(
    "row 18: without descriptors a server waits quietly, and serves as soon as there are some") {
  for (const bool local : {false, true}) {
    INFO((local ? "unix" : "tcp"));
    const std::string path = local ? socket_path() : "";
    const arrivals<std::string> logged;
    auto options = quiet_server();
    options.log([&](pw::log_level, std::string_view line) { logged.put(std::string(line)); });
    running_server service(local ? "unix:" + path : "tcp://127.0.0.1:0", echoes, options);
    pw::client user(service.url(), quiet_client());
    REQUIRE(user.call(echo, "x", soon));
    std::vector<late_socket> sockets;
    for (int i = 0; i < 20; ++i) sockets.emplace_back(path, service.endpoint().port());
    {
      std::vector<descriptor> holes;
      const faults::descriptor_limit none(static_cast<rlim_t>(faults::open_descriptors()));
      for (;;) {
        descriptor filler(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (filler.get() < 0) break;
        holes.push_back(std::move(filler));
      }
      for (const late_socket& socket : sockets) socket.connect();
      CHECK(logged.next("a line in the log").find("accepting connections fails") !=
            std::string::npos);
      const auto begin = steady::now();
      const auto used = faults::processor_time();
      while (steady::now() - begin < 1s) (void)logged.next_within(1s);
      const auto burnt = faults::processor_time() - used;
      CHECK(burnt < (steady::now() - begin) / 20);
      CHECK(logged.total() < 20);
      CHECK(user.call(echo, "still", soon));  // who is connected is served
      CHECK_FALSE(sockets.front().hears_within(0ms));
    }
    CHECK(sockets.front().hears_within(1500ms));
    for (std::size_t i = 1; i < sockets.size(); ++i) CHECK(sockets[i].hears_within(5s));
    pw::client late(service.url(), quiet_client());
    CHECK(late.call(echo, "x", soon));
  }
}

namespace {

class default_sigpipe {
 public:
  default_sigpipe() : before_(std::signal(SIGPIPE, SIG_DFL)) {}
  ~default_sigpipe() { std::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};

}  // namespace

TEST_CASE("row 19: writing to who is gone is an error, and no SIGPIPE") {
  const default_sigpipe deadly;
  asio::io_context context(1);
  for (const bool local : {false, true}) {
    const pw::io::transport& transport =
        local ? static_cast<const pw::io::transport&>(pw::io::the_unix_transport)
              : pw::io::the_tcp_transport;
    const std::string path = socket_path();
    auto peer = pw::testing::scripted_peer::listen();
    const descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (local) {
      sockaddr_un at{};
      at.sun_family = AF_UNIX;
      path.copy(at.sun_path, sizeof at.sun_path - 1);
      faults::check_system(::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof at),
                           "bind");
      faults::check_system(::listen(listener.get(), 1), "listen");
    }
    const auto target =
        pw::url::parse(local ? "unix:" + path : "tcp://127.0.0.1:" + std::to_string(peer.port()));
    std::unique_ptr<pw::io::byte_stream> stream;
    const auto connecting = transport.connect(
        context.get_executor(), *target, 0,
        [&](pw::result<std::unique_ptr<pw::io::byte_stream>> made) { stream = std::move(*made); });
    context.restart();
    context.run();
    REQUIRE(stream);
    if (local) {
      const descriptor accepted(::accept(listener.get(), nullptr, nullptr));  // and closes it
      std::filesystem::remove(path);
    } else {
      peer.accept();
      peer.close();
    }
    const std::string bytes = "anything";
    const pw::bytes_view view(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size());
    pw::io::error_code error;
    CHECK(eventually([&] {
      (void)stream->write_some({&view, 1}, error);
      return error && error != asio::error::would_block;
    }));
    CHECK((error == asio::error::broken_pipe || error == asio::error::connection_reset));
    (void)stream->write_some({&view, 1}, error);
    CHECK(error == asio::error::broken_pipe);
  }
}

TEST_CASE("row 19: peers that go while both sides write kill nobody, over tcp, tls and http") {
  const default_sigpipe deadly;
  test::authority ca;
  const test::identity own = ca.issue(test::wish("localhost"));
  for (const std::string scheme : {"tcp", "tls", "http"}) {
    INFO(scheme);
    const arrivals<bool> flooding;
    auto options = quiet_server();
    running_server service(
        scheme + "://127.0.0.1:0",
        [&](pw::server& s) {
          echoes(s);
          s.handle(flood, [&](const text&, pw::writer<text>& out) -> asio::awaitable<pw::status> {
            const text block(std::string(30'000, 'x'));
            flooding.put(true);
            for (;;) {
              auto sent = co_await out.async_write(block, asio::use_awaitable);
              if (!sent) co_return sent;
            }
          });
          s.handle(drink, [](pw::reader<text>& in) -> asio::awaitable<text> {
            while (co_await in.async_read()) {
            }
            co_return text("end");
          });
        },
        options.tls(pw::tls_options().cert(own.cert).key(own.key)));
    asio::thread_pool network(1);
    pw::testing::fault_proxy proxy(network.get_executor(), service.endpoint().port());
    auto client_options = quiet_client();
    client_options.tls(pw::tls_options().ca(ca.ca()));
    for (int round = 0; round < 10; ++round) {
      pw::client user(scheme + "://127.0.0.1:" + std::to_string(proxy.port()), client_options);
      auto down = user.open(flood, "go", soon);
      auto up = user.open(drink, soon);
      flooding.next("the flood");
      REQUIRE(down.read());
      const text block(std::string(30'000, 'x'));
      for (int i = 0; i < 20; ++i) {
        if (i == 10) proxy.reset_all();
        (void)up.write(block);
      }
      while (down.read()) {
      }
      CHECK(down.status().code() == status_code::unavailable);
    }
    pw::client user(service.url(), client_options);
    CHECK(user.call(echo, "alive", soon));
  }
}

namespace {

std::atomic<int> interruptions = 0;

/// SIGALRM every millisecond, on every thread but the one that makes this.
class interrupting {
 public:
  interrupting() {
    interruptions = 0;
    struct sigaction action{};
    action.sa_handler = [](int) { ++interruptions; };  // without SA_RESTART
    faults::check_system(::sigaction(SIGALRM, &action, &before_), "sigaction");
    ::sigemptyset(&alarm_);
    ::sigaddset(&alarm_, SIGALRM);
    ::pthread_sigmask(SIG_BLOCK, &alarm_, nullptr);
    set(1000);
  }
  ~interrupting() {
    set(0);
    ::signal(SIGALRM, SIG_IGN);  // takes away one that waits
    ::pthread_sigmask(SIG_UNBLOCK, &alarm_, nullptr);
    ::sigaction(SIGALRM, &before_, nullptr);
  }

 private:
  static void set(suseconds_t every) {
    const itimerval timer{{0, every}, {0, every}};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }
  struct sigaction before_{};
  sigset_t alarm_{};
};

/// All stream sockets of this process send through buffers of a kibibyte.
void shrink_send_buffers() {
  for (int fd = 3; fd < 1000; ++fd) {
    const int kibibyte = 1024;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kibibyte, sizeof kibibyte);
  }
}

}  // namespace

TEST_CASE("row 20: interruptions every millisecond and tiny socket buffers change no result") {
  test::authority ca;
  const test::identity own = ca.issue(test::wish("localhost"));
  for (const std::string url :
       {"tcp://127.0.0.1:0", "tls://127.0.0.1:0", "unix:", "http://127.0.0.1:0"}) {
    INFO(url);
    auto options = quiet_server();
    running_server service(url == "unix:" ? url + socket_path() : url, echoes,
                           options.tls(pw::tls_options().cert(own.cert).key(own.key)));
    auto client_options = quiet_client();
    pw::client user(service.url(), client_options.tls(pw::tls_options().ca(ca.ca())));
    REQUIRE(user.call(echo, "connected", soon));
    shrink_send_buffers();
    const interrupting storm;
    const arrivals<pw::result<text>> answers;
    std::size_t sent = 0;
    // At least so much work, and for at least so many interruptions.
    CHECK(eventually([&] {
      for (std::size_t i = 0; i < 20; ++i, ++sent) {
        user.async_call(echo, std::string(1 + sent * 7919 % 60'000, static_cast<char>('a' + i)),
                        soon, answers.sink());
      }
      answers.wait_for(sent, "the answers");
      return sent >= 100 && interruptions > 200;
    }));
    std::size_t right = 0;
    for (std::size_t i = 0; i < sent; ++i) {
      const auto answer = answers.next("an answer");
      if (answer && !answer->str().empty() &&
          answer->str() == std::string(answer->str().size(), answer->str()[0])) {
        ++right;
      }
    }
    CHECK(right == sent);
    const text large(std::string(1'000'000, 'x'));
    auto back = user.call(echo, large, soon);
    REQUIRE(back);
    CHECK(back->str() == large.str());
  }
}

namespace {

/// What a name server says about the name "service.faults".
class name_server {
 public:
  static name_server& instance() {
    static name_server only;
    return only;
  }
  void fail(int error) { set(error, {}); }
  void point_to(std::vector<std::string> addresses) { set(0, std::move(addresses)); }
  void say_nothing(const gate* until) {
    const std::lock_guard lock(mutex_);
    until_ = until;
  }

  int answer(const char* service, addrinfo** found) {
    const gate* until = nullptr;
    std::vector<std::string> addresses;
    {
      const std::lock_guard lock(mutex_);
      ++asked_;
      if (error_ != 0) return error_;
      until = until_;
      addresses = addresses_;
    }
    if (until != nullptr) {
      until->wait_blocking();
      return EAI_AGAIN;
    }
    addrinfo** last = found;
    for (const std::string& address : addresses) {
      addrinfo hints{};
      hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
      hints.ai_socktype = SOCK_STREAM;
      if (const int error = real()(address.c_str(), service, &hints, last)) return error;
      last = &(*last)->ai_next;
    }
    return 0;
  }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static function real() {
    static const auto found = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return found;
  }

 private:
  void set(int error, std::vector<std::string> addresses) {
    const std::lock_guard lock(mutex_);
    error_ = error;
    addresses_ = std::move(addresses);
    until_ = nullptr;
  }
  std::mutex mutex_;
  int error_ = 0;
  int asked_ = 0;
  std::vector<std::string> addresses_;
  const gate* until_ = nullptr;
};

}  // namespace

TEST_CASE("row 21: a name that cannot be resolved is unavailable, with the reason") {
  name_server& names = name_server::instance();
  for (const int error : {EAI_NONAME, EAI_AGAIN, EAI_FAIL}) {
    names.fail(error);
    pw::client user("tcp://service.faults:7000", quiet_client());
    const auto how = user.call(echo, "x", soon).status();
    INFO(how.to_string());
    CHECK(how.code() == status_code::unavailable);
    CHECK(how.reached() == outcome::not_sent);
    CHECK(how.message().find("service.faults:7000") != std::string::npos);
    CHECK(how.message().size() > std::string("cannot connect to service.faults:7000: ").size());
  }
}

TEST_CASE("row 21: a name server that says nothing costs the time to connect, and no more") {
  gate door;
  const opens_at_exit opens(door);
  name_server::instance().point_to({});
  name_server::instance().say_nothing(&door);
  pw::limits bounds;
  bounds.connect_timeout = 50ms;
  pw::client user("tcp://service.faults:7000", quiet_client(bounds));
  const auto begin = steady::now();
  const auto how = user.call(echo, "x", soon).status();
  CHECK(steady::now() - begin < 5s);
  CHECK(how.code() == status_code::unavailable);
  CHECK(how.reached() == outcome::not_sent);
  CHECK(how.message().find("limits::connect_timeout") != std::string::npos);
  door.open();
  name_server::instance().fail(EAI_NONAME);
}

TEST_CASE(
    "row 21: the next address is tried when the first is dead, and names are asked for anew") {
  name_server& names = name_server::instance();
  auto first = std::make_unique<running_server>("tcp://127.0.0.1:0", echoes);
  const std::string port = std::to_string(first->endpoint().port());
  names.point_to({"127.0.0.2", "127.0.0.1"});  // the first one refuses
  pw::client user("tcp://service.faults:" + port, quiet_client());
  pw::call_info info;
  auto how = soon;
  how.capture(info);
  REQUIRE(user.call(echo, "x", how));
  CHECK(info.peer == "127.0.0.1:" + port);
  const int asked = names.asked();
  REQUIRE(user.call(echo, "x", how));
  CHECK(names.asked() == asked);

  first.reset();
  const running_server second("tcp://127.0.0.3:" + port, echoes);  // it has moved
  names.point_to({"127.0.0.3"});
  REQUIRE(user.call(echo, "x", how));
  CHECK(info.peer == "127.0.0.3:" + port);
  CHECK(names.asked() > asked);
}

TEST_CASE("row 22: addresses that cannot be listened on are errors, and the server goes on") {
  pw::server server(quiet_server());
  echoes(server);
  const auto refused = [&](const std::string& url) {
    const auto how = server.listen(url).status();
    INFO(url << ": " << how.to_string());
    CHECK(how.message().size() > 10);
    return how.code();
  };
  const auto first = server.listen("tcp://127.0.0.1:0");
  REQUIRE(first);
  CHECK(first->port() != 0);
  name_server::instance().fail(EAI_NONAME);
  for (const std::string scheme : {"tcp", "http"}) {
    CHECK(refused(scheme + first->url().substr(3)) == status_code::unavailable);
    CHECK(refused(scheme + "://192.0.2.1:7000") == status_code::invalid_argument);
    CHECK(refused(scheme + "://127.0.0.1:70000") == status_code::invalid_argument);
    CHECK(refused(scheme + "://127.0.0.256.1:7000") == status_code::invalid_argument);
    CHECK(refused(scheme + "://127.0.0.1:7000,127.0.0.1:7001") == status_code::invalid_argument);
    CHECK(refused(scheme + "://service.faults:7000") == status_code::invalid_argument);
  }
  CHECK(refused("unix:/no/such/folder/socket") == status_code::invalid_argument);
  CHECK(refused("unix:/proc/self/socket") != status_code::ok);
  // Root may take any port; somebody else may not.
  if (::geteuid() == 0 && ::seteuid(65534) == 0) {
    const auto how = server.listen("tcp://127.0.0.1:81").status();
    faults::check_system(::seteuid(0), "seteuid");
    CHECK(how.code() == status_code::permission_denied);
  }
  std::thread thread([&] { server.run(); });
  pw::client user(first->url(), quiet_client());
  CHECK(user.call(echo, "x", soon));
  server.stop();
  thread.join();
}

namespace {
std::atomic<std::int64_t> jump = 0;  // seconds by which the wall clock is wrong
}

TEST_CASE("row 36: a wall clock that jumps by an hour ends nothing and delays nothing") {
  const gate door;
  const opens_at_exit opens(door);
  running_server service("tcp://127.0.0.1:0", [&](pw::server& s) {
    echoes(s);
    s.handle(hold, [&](const text& request) -> asio::awaitable<text> {
      co_await door.wait();
      co_return request;
    });
  });
  pw::client user(service.url(), quiet_client());
  const arrivals<pw::result<text>> held;
  user.async_call(hold, "held", pw::timeout(10min), held.sink());
  REQUIRE(user.call(echo, "x", soon));
  const auto today = std::chrono::system_clock::now();
  for (const std::int64_t seconds : {3600, -3600}) {
    jump = seconds;
    const auto wrong = std::chrono::system_clock::now() - today - std::chrono::seconds(seconds);
    REQUIRE(std::chrono::abs(wrong) < 1min);  // it did jump
    CHECK(user.call(echo, "x", soon));
    const auto begin = steady::now();
    CHECK(user.call(hold, "late", pw::timeout(50ms)).status().code() ==
          status_code::deadline_exceeded);
    CHECK(steady::now() - begin < 10s);
    CHECK(held.total() == 0);
  }
  jump = 0;
  door.open();
  CHECK(held.next("the answer").value().str() == "held");
}

}  // namespace system_test

// In front of the system's: programs' own definitions go first.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (host != nullptr && std::string_view(host) == "service.faults") {
    return system_test::name_server::instance().answer(service, found);
  }
  return system_test::name_server::real()(host, service, hints, found);
}

extern "C" int clock_gettime(clockid_t which, timespec* now) noexcept {
  const auto failed = static_cast<int>(::syscall(SYS_clock_gettime, which, now));
  if (failed == 0 && which == CLOCK_REALTIME) now->tv_sec += system_test::jump.load();
  return failed;
}
