// SPDX-License-Identifier: GPL-2.0
#include "tune/view.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <fmt/core.h>

#include "base/parse.h"
#include "base/text.h"
#include "model/sysctls.h"

namespace tcptrace::tune {
namespace {

// A share of less is one of a handful of connections.
constexpr std::uint64_t kFewestSegments = 10'000;

// "Tcp.RetransSegs": "RetransSegs", as nstat and the kernel's own table call it.
std::string_view short_name(std::string_view counter) {
  return counter.substr(counter.find('.') + 1);
}

}  // namespace

std::string triple_text(const Triple& triple) {
  return fmt::format("{} {} {}", triple[0], triple[1], triple[2]);
}

std::string_view View::text(std::string_view sysctl) const {
  return model::sysctl_text(netns().sysctls, sysctl);
}

std::optional<std::uint64_t> View::number(std::string_view sysctl) const {
  return model::sysctl_number(netns().sysctls, sysctl);
}

std::optional<Triple> View::triple(std::string_view sysctl) const {
  return model::sysctl_numbers<3>(netns().sysctls, sysctl);
}

std::uint64_t View::counter(std::string_view name) const {
  return model::counter_value(netns().counters, name);
}

void View::add_counter(std::vector<std::string>& evidence, std::string_view name) const {
  if (const std::uint64_t value = counter(name); value != 0) {
    evidence.push_back(fmt::format("{} {} {}", short_name(name), grouped(value), since()));
  }
}

std::string View::since() const {
  return netns().host ? fmt::format("since boot ({})", human_duration(host().boot_time))
                      : "since this network namespace is there";
}

// Tcp.OutSegs leaves out what is sent again: RFC 4022, tcpOutSegs.
std::uint64_t View::segments_sent() const {
  return counter("Tcp.OutSegs") + counter("Tcp.RetransSegs");
}

std::optional<double> View::retransmitted() const {
  const std::uint64_t sent = segments_sent();
  if (sent < kFewestSegments) {
    return std::nullopt;
  }
  return static_cast<double>(counter("Tcp.RetransSegs")) / static_cast<double>(sent);
}

std::string View::retransmitted_text() const {
  return fmt::format("RetransSegs {:.1f} % of {} segments sent {}",
                     100 * retransmitted().value_or(0), grouped(segments_sent()), since());
}

std::uint64_t View::sockets_in(model::TcpState state) const {
  if (census() == nullptr) {
    return 0;
  }
  const auto found =
      std::ranges::find(census()->namespaces, netns().inode, &model::NetnsCensus::netns);
  return found == census()->namespaces.end() ? 0 : found->states[static_cast<std::size_t>(state)];
}

bool View::kernel_at_least(unsigned major, unsigned minor) const {
  const std::string_view release = host().kernel;
  unsigned of_major = 0;
  unsigned of_minor = 0;
  const char* const end = release.data() + release.size();
  const auto [dot, failure] = std::from_chars(release.data(), end, of_major);
  if (failure != std::errc() || dot == end || *dot != '.') {
    return false;
  }
  if (std::from_chars(dot + 1, end, of_minor).ec != std::errc()) {
    return false;
  }
  return of_major > major || (of_major == major && of_minor >= minor);
}

std::optional<double> View::conntrack_use() const {
  const auto& conntrack = netns().conntrack;
  if (!conntrack || conntrack->limit == 0 || conntrack->count == 0) {
    return std::nullopt;
  }
  return static_cast<double>(conntrack->count) / static_cast<double>(conntrack->limit);
}

std::string View::conntrack_text() const {
  const auto& conntrack = netns().conntrack;
  if (!conntrack) {
    return {};
  }
  // The limit is not shown in every namespace.
  return conntrack->limit == 0
             ? counted(conntrack->count, "tracked connection")
             : fmt::format("{} of {} tracked connections ({:.0f} %)", grouped(conntrack->count),
                           grouped(conntrack->limit), 100 * conntrack_use().value_or(0));
}

std::vector<std::string> View::memory_pressure() const {
  std::vector<std::string> evidence;
  add_counter(evidence, "TcpExt.TCPMemoryPressures");
  const auto limits = triple("net.ipv4.tcp_mem");
  if (limits && netns().sockstat && netns().sockstat->memory_pages >= (*limits)[1]) {
    evidence.push_back(fmt::format("TCP holds {} pages now, tcp_mem sets in at {}",
                                   grouped(netns().sockstat->memory_pages), grouped((*limits)[1])));
  }
  // By itself it may be too many orphans: tcp_check_oom().
  if (!evidence.empty()) {
    add_counter(evidence, "TcpExt.TCPAbortOnMemory");
  }
  return evidence;
}

}  // namespace tcptrace::tune
