// SPDX-License-Identifier: GPL-2.0
#include "stress/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/unique_fd.h"
#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

using model::ProbeConnect;
using model::ProbeOutcome;
using model::ProbePhase;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// An address, with or without a zone: no name server is asked.
bool is_numeric(const std::string& host) {
  in6_addr parsed{};
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
         ::inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &parsed) == 1;
}

// getaddrinfo() cannot be interrupted: whoever waits for it can leave it behind, with all it needs.
struct Resolution {
  model::Target target;
  std::optional<model::Family> family;
  UniqueFd done{::eventfd(0, EFD_CLOEXEC)};
  Result<std::vector<SocketAddress>> addresses;
};

std::shared_ptr<Resolution> start_resolution(const model::ProbeConfig& config) {
  auto job = std::make_shared<Resolution>();
  job->target = config.target;
  job->family = config.family;
  std::thread([job] {
    job->addresses = resolve(job->target, job->family);
    ::eventfd_write(job->done.get(), 1);
  }).detach();
  return job;
}

void note_tcp_info(int fd, ProbeConnect& result) {
  const auto info = read_tcp_info(fd);
  if (!info) {
    return;
  }
  result.syn_retransmits = info->tcpi_total_retrans;
  // Without timestamps the answer to a retransmitted SYN is no sample (RFC 6298, Karn).
  if (info->tcpi_rtt != 0 && result.outcome == ProbeOutcome::kConnected) {
    result.rtt = microseconds(info->tcpi_rtt);
  }
}

void fail(ProbeConnect& result, std::uint32_t err) {
  result.err = err;
  result.outcome = model::probe_outcome_of(err);
}

}  // namespace

Prober::Wait Prober::await(int fd, short events, Clock::time_point deadline) const {
  std::array<pollfd, 2> ready{{{.fd = fd, .events = events, .revents = 0},
                               {.fd = interrupt_fd_, .events = POLLIN, .revents = 0}}};
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
    const int wait =
        static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
    ::poll(ready.data(), ready.size(), wait);
    if (ready[0].revents != 0) {
      return Wait::kReady;
    }
    if (ready[1].revents != 0) {
      return Wait::kInterrupted;
    }
    if (Clock::now() >= deadline) {
      return Wait::kTimedOut;
    }
  }
}

Result<std::optional<model::ProbeAttempt>> Prober::resolve() {
  model::ProbeAttempt attempt;
  attempt.last.phase = ProbePhase::kResolve;
  if (!addresses_.empty() && !config_.resolve_each) {
    return attempt;
  }
  if (is_numeric(config_.target.host)) {
    auto known = stress::resolve(config_.target, config_.family);
    if (!known) {
      return std::unexpected(known.error());
    }
    addresses_ = std::move(*known);
    return attempt;
  }
  const auto start = Clock::now();
  const auto job = start_resolution(config_);
  if (await(job->done.get(), POLLIN, Clock::time_point::max()) == Wait::kInterrupted) {
    return std::nullopt;
  }
  attempt.resolve = Clock::now() - start;
  if (job->addresses) {
    addresses_ = std::move(*job->addresses);
    return attempt;
  }
  if (addresses_.empty() && job->addresses.error().status == ExitStatus::kUsage) {
    return std::unexpected(job->addresses.error());
  }
  addresses_.clear();
  attempt.last.outcome = ProbeOutcome::kNotResolved;
  attempt.resolve_error = job->addresses.error().what;
  return attempt;
}

bool Prober::connect(model::ProbeAttempt& attempt, std::optional<std::size_t> address) {
  if (address) {
    return connect_one(addresses_[*address], attempt.last);
  }
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    if (i != 0) {
      attempt.fallen.push_back(std::exchange(attempt.last, {}));
    }
    if (!connect_one(addresses_[i], attempt.last)) {
      return false;
    }
    if (attempt.last.phase != ProbePhase::kConnect) {
      break;  // connected, whatever came then
    }
  }
  return true;
}

bool Prober::connect_one(const SocketAddress& address, ProbeConnect& result) const {
  result.address = host_text(address);
  result.port = address.port();
  result.phase = ProbePhase::kConnect;
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    fail(result, static_cast<std::uint32_t>(errno));
    return true;
  }
  const auto start = Clock::now();
  auto err = ::connect(fd.get(), address.get(), address.size) == 0
                 ? 0U
                 : static_cast<std::uint32_t>(errno);
  auto waited = Wait::kReady;
  if (err == EINPROGRESS) {
    waited = await(fd.get(), POLLOUT, start + config_.timeout);
    err = static_cast<std::uint32_t>(pending_error(fd.get()));
  }
  result.connect = Clock::now() - start;
  if (waited == Wait::kInterrupted) {
    return false;
  }
  fail(result, err);
  if (waited == Wait::kTimedOut && err == 0) {
    result.outcome = ProbeOutcome::kTimedOut;
  }
  note_tcp_info(fd.get(), result);
  if (result.outcome != ProbeOutcome::kConnected) {
    return true;
  }
  result.phase = ProbePhase::kDone;
  return !config_.first_byte || await_first_byte(fd.get(), result);
}

bool Prober::await_first_byte(int fd, ProbeConnect& result) const {
  result.phase = ProbePhase::kFirstByte;
  const auto start = Clock::now();
  if (!config_.request.empty() &&
      ::send(fd, config_.request.data(), config_.request.size(), MSG_NOSIGNAL) < 0) {
    fail(result, static_cast<std::uint32_t>(errno));
    return true;
  }
  const Wait waited = await(fd, POLLIN, start + config_.timeout);
  if (waited != Wait::kReady) {
    result.outcome = ProbeOutcome::kTimedOut;
    return waited == Wait::kTimedOut;
  }
  const auto end = Clock::now();
  char byte = 0;
  const ssize_t size = ::recv(fd, &byte, 1, 0);
  if (size < 0) {
    fail(result, static_cast<std::uint32_t>(errno));
  } else if (size == 0) {
    result.outcome = ProbeOutcome::kClosed;
  } else {
    result.first_byte = end - start;
    result.phase = ProbePhase::kDone;
  }
  return true;
}

}  // namespace tcptrace::stress
