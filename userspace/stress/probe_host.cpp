// SPDX-License-Identifier: GPL-2.0
// What a host does by itself when nobody answers a SYN or a question to a name server.
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>

#include <fstream>

#include "base/unique_fd.h"
#include "stress/probe.h"
#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

using std::chrono::nanoseconds;

// TCP_TIMEOUT_INIT: a socket that has never measured anything has it.
nanoseconds initial_rto() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto info = read_tcp_info(fd.get());
  return info ? nanoseconds(std::chrono::microseconds(info->tcpi_rto)) : nanoseconds{};
}

// "tcp: make the first N SYN RTO backoffs linear", v6.5.
std::uint32_t syn_linear_timeouts() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_syn_linear_timeouts");
  std::uint32_t count = 0;
  file >> count;
  return file ? count : 0;
}

nanoseconds resolver_timeout() {
  struct __res_state state {};
  if (::res_ninit(&state) != 0) {
    return {};
  }
  const std::chrono::seconds timeout(state.retrans);
  ::res_nclose(&state);
  return timeout;
}

}  // namespace

model::ProbeHost read_probe_host() {
  return {.initial_rto = initial_rto(),
          .syn_linear_timeouts = syn_linear_timeouts(),
          .resolver_timeout = resolver_timeout()};
}

}  // namespace tcptrace::stress
