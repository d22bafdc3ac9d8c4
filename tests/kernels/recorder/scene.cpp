// SPDX-License-Identifier: GPL-2.0
#include "scene.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string_view>
#include <thread>
#include <utility>

#include "stress/sockets.h"

namespace tcptrace::recorder {
namespace {

using stress::Channel;
using stress::Child;
using stress::Endpoint;
using stress::require;

constexpr std::uint16_t kApiPort = 8080;
constexpr std::uint16_t kDeferredPort = 8081;
constexpr std::uint16_t kStuckPort = 8082;
constexpr std::uint16_t kClosedPort = 8083;
constexpr std::uint16_t kMappedPort = 8084;
constexpr std::uint16_t kUpstreamPort = 8085;
// Whose connections nobody closes. Of no others: a client that came to have the port of one whose
// FIN_WAIT2 is over would be answered by its CLOSE_WAIT, and reset it.
constexpr std::uint16_t kLeftPort = 8086;
constexpr int kBacklog = 128;

// What neither a terminal nor a page nor JSON may take at its word: 15 bytes, not all of them
// UTF-8.
constexpr std::string_view kHostileComm = "\x1b[31m\"<&>\xff\n'\\ a";

constexpr std::string_view kReady = "ready";

// How much of each, for each address.
struct Amounts {
  int left_open = 2;  // in CLOSE_WAIT
  int waiting = 2;    // connections to the listener that does not accept
  int stuck_backlog = kBacklog;
  int refused = 3;
  int aborted = 2;  // by close() with SO_LINGER 0
  int unread = 2;   // closed with data unread
};
constexpr Amounts kTrouble{.left_open = 12,
                           .waiting = 20,
                           .stuck_backlog = 4,
                           .refused = 150,
                           .aborted = 120,
                           .unread = 120};
constexpr int kEstablished = 3;
constexpr int kTimeWait = 5;
constexpr int kSynRecv = 2;
constexpr int kDeferSeconds = 30;
constexpr std::size_t kUnread = 1000;

constexpr std::string_view kFewPorts = "9000 9027";
constexpr int kPortsTaken = 23;  // towards one peer; the rest is in TIME_WAIT

UniqueFd listen_on(const Endpoint& at, int backlog) {
  UniqueFd listener = stress::tcp_socket(at);
  stress::bind_to(listener.get(), at);
  require(::listen(listener.get(), backlog) == 0, "cannot listen");
  return listener;
}

struct Connection {
  UniqueFd client;
  UniqueFd server;
};

Connection connection_to(const Endpoint& to, const UniqueFd& listener) {
  Connection made{.client = stress::tcp_socket(to), .server = {}};
  stress::connect_to(made.client.get(), to);
  made.server = stress::accept_from(listener.get());
  return made;
}

// An address, and the listener there that does accept.
struct Place {
  Endpoint at;
  UniqueFd listener;
};

Connection connection_to(const Place& place) { return connection_to(place.at, place.listener); }

// All but the listener that does not accept.
class Api {
 public:
  explicit Api(const SceneOptions& options)
      : options_(options), amounts_(options.trouble ? kTrouble : Amounts{}) {
    for (const std::string& address : options.addresses) {
      const Endpoint api{address, kApiPort};
      places_.push_back({.at = api, .listener = listen_on(api, kBacklog)});
    }
  }

  void play() {
    for (const Place& place : places_) {
      leave_open(place);
      wait_in_vain(place);
    }
    std::this_thread::sleep_for(options_.age);
    // Some of this lasts for a minute only.
    for (const Place& place : places_) {
      end_badly(place);
      be_in_use(place);
      end_well(place);
      be_deferred(place);
      if (options_.few_ports) {
        take_ports({place.at.address, kUpstreamPort});
      }
    }
    if (places_.size() > 1) {
      listeners_.push_back(listen_on({"::", kMappedPort}, kBacklog));
      keep(connection_to({"127.0.0.1", kMappedPort}, listeners_.back()));
    }
  }

 private:
  void keep(Connection both) {
    kept_.push_back(std::move(both.client));
    kept_.push_back(std::move(both.server));
  }
  void leave_open(const Place& place);
  void wait_in_vain(const Place& place);
  void end_badly(const Place& place) const;
  void be_in_use(const Place& place);
  void end_well(const Place& place) const;
  void be_deferred(const Place& place);
  void take_ports(const Endpoint& upstream);

  const SceneOptions& options_;
  const Amounts amounts_;
  std::vector<Place> places_;
  std::vector<UniqueFd> listeners_;
  std::vector<UniqueFd> kept_;
};

void Api::leave_open(const Place& place) {
  const Endpoint at{place.at.address, kLeftPort};
  listeners_.push_back(listen_on(at, kBacklog));
  for (int i = 0; i < amounts_.left_open; ++i) {
    Connection left = connection_to(at, listeners_.back());
    left.client.reset();
    stress::await_state(left.server.get(), TCP_CLOSE_WAIT);
    kept_.push_back(std::move(left.server));
  }
}

void Api::wait_in_vain(const Place& place) {
  for (int i = 0; i < amounts_.waiting; ++i) {
    const Endpoint stuck{place.at.address, kStuckPort};
    UniqueFd client = stress::tcp_socket(stuck);
    stress::set_blocking(client.get(), false);
    const int error = stress::connect_error(client.get(), stuck);
    require(error == 0 || error == EINPROGRESS, "cannot connect");
    // One more than the backlog finds room: the others come when it is full.
    if (i <= amounts_.stuck_backlog) {
      stress::await_state(client.get(), TCP_ESTABLISHED);
    }
    kept_.push_back(std::move(client));
  }
}

void Api::end_badly(const Place& place) const {
  const Endpoint closed{place.at.address, kClosedPort};
  for (int i = 0; i < amounts_.refused; ++i) {
    require(stress::connect_error(stress::tcp_socket(closed).get(), closed) == ECONNREFUSED,
            "somebody listens where nobody should");
  }
  for (int i = 0; i < amounts_.aborted; ++i) {
    Connection aborted = connection_to(place);
    stress::reset_on_close(aborted.client.get());
    aborted.client.reset();
    stress::await_state(aborted.server.get(), TCP_CLOSE);
  }
  for (int i = 0; i < amounts_.unread; ++i) {
    Connection unread = connection_to(place);
    stress::send_bytes(unread.client.get(), 1);
    stress::await_unread(unread.server.get(), 1);
    unread.server.reset();
    stress::await_state(unread.client.get(), TCP_CLOSE);
  }
}

// Idle, and one that has not read what came.
void Api::be_in_use(const Place& place) {
  for (int i = 0; i < kEstablished; ++i) {
    keep(connection_to(place));
  }
  Connection busy = connection_to(place);
  stress::send_bytes(busy.client.get(), kUnread);
  stress::await_unread(busy.server.get(), kUnread);
  keep(std::move(busy));
}

// The client first, which is in TIME_WAIT then.
void Api::end_well(const Place& place) const {
  for (int i = 0; i < kTimeWait; ++i) {
    Connection ended = connection_to(place);
    ended.client.reset();
    stress::await_state(ended.server.get(), TCP_CLOSE_WAIT);
  }
}

// Without data such a connection is not accepted: it stays in SYN_RECV.
void Api::be_deferred(const Place& place) {
  const Endpoint deferred{place.at.address, kDeferredPort};
  listeners_.push_back(listen_on(deferred, kBacklog));
  stress::set_option(listeners_.back().get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, kDeferSeconds);
  for (int i = 0; i < kSynRecv; ++i) {
    kept_.push_back(stress::tcp_socket(deferred));
    stress::connect_to(kept_.back().get(), deferred);
  }
}

void Api::take_ports(const Endpoint& upstream) {
  Place there{.at = upstream, .listener = listen_on(upstream, kBacklog)};
  for (int i = 0; i < kPortsTaken; ++i) {
    keep(connection_to(there));
  }
  end_well(there);
  listeners_.push_back(std::move(there.listener));
}

// Holds what it has until it is killed.
[[noreturn]] void stay(const Channel& channel) {
  channel.say(kReady);
  for (;;) {
    ::pause();
  }
}

void play_api(const SceneOptions& options, const Channel& channel) {
  Api api(options);
  api.play();
  stay(channel);
}

// A server that listens and does not accept.
void play_stuck(const SceneOptions& options, const Channel& channel) {
  const Amounts amounts = options.trouble ? kTrouble : Amounts{};
  std::vector<UniqueFd> listeners(options.addresses.size());
  std::ranges::transform(options.addresses, listeners.begin(), [&](const std::string& address) {
    return listen_on({address, kStuckPort}, amounts.stuck_backlog);
  });
  stay(channel);
}

void set_few_ports() {
  std::ofstream file("/proc/sys/net/ipv4/ip_local_port_range");
  file << kFewPorts;
  require(static_cast<bool>(file.flush()), "cannot set net.ipv4.ip_local_port_range");
}

// Longer than any wait for a word: play_api() says its own when the connections are old enough.
void await_ready(const Child& child, std::chrono::seconds age) {
  std::this_thread::sleep_for(age);
  child.channel().expect(kReady);
}

}  // namespace

Scene::Scene(const SceneOptions& options) {
  if (options.few_ports) {
    set_few_ports();
  }
  actors_.emplace_back("stuck", [&](const Channel& channel) { play_stuck(options, channel); });
  await_ready(actors_.back(), {});
  actors_.emplace_back(kHostileComm, [&](const Channel& channel) { play_api(options, channel); });
  await_ready(actors_.back(), options.age);
}

std::vector<pid_t> Scene::pids() const {
  std::vector<pid_t> pids(actors_.size());
  std::ranges::transform(actors_, pids.begin(), &Child::pid);
  return pids;
}

}  // namespace tcptrace::recorder
