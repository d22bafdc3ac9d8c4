// SPDX-License-Identifier: GPL-2.0
// The queues of listening sockets.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "tune/rule.h"
#include "tune/rule_words.h"

namespace tcptrace::tune {
namespace {

using model::ListenerCount;
using model::TuneProfile;

constexpr std::string_view kSomaxconn = "net.core.somaxconn";
constexpr std::string_view kMaxSynBacklog = "net.ipv4.tcp_max_syn_backlog";
constexpr std::string_view kSyncookies = "net.ipv4.tcp_syncookies";
constexpr std::string_view kAbortOnOverflow = "net.ipv4.tcp_abort_on_overflow";

constexpr std::uint64_t kDefaultSomaxconn = 4096;  // since v5.4
constexpr std::uint64_t kMostSomaxconn = 65535;
constexpr std::uint64_t kMostSynBacklog = 65536;

// The one with the fullest queue of those that satisfy `wanted`; null: none.
template <typename Wanted>
const ListenerCount* listener(const View& view, const Wanted& wanted) {
  if (view.census() == nullptr) {
    return nullptr;
  }
  const auto& all = view.census()->listeners;
  const auto found = std::ranges::find_if(all, [&](const ListenerCount& one) {
    return one.netns == view.netns().inode && wanted(one);
  });
  return found == all.end() ? nullptr : &*found;
}

std::string listener_text(const ListenerCount& one) {
  return one.process.pid == 0
             ? fmt::format(":{}", one.port)
             : fmt::format(":{} ({})", one.port, terminal_safe(one.process.comm_view()));
}

// The counter is of all the time since boot: beyond the default only a queue that is full now asks
// for more.
bool limits(const ListenerCount& one, std::uint64_t somaxconn) {
  return one.limit == somaxconn &&
         (somaxconn < kDefaultSomaxconn || one.backlog * 5 >= somaxconn * 4);
}

Opinion judge_somaxconn(const View& view) {
  const auto current = view.number(kSomaxconn);
  if (!current) {
    return not_understood();
  }
  const std::string risk =
      "Counts from the next listen(): servers must be restarted. A longer queue lets clients of a "
      "server that is too slow wait longer.";
  const std::uint64_t more =
      *current < kDefaultSomaxconn ? kDefaultSomaxconn : std::min(*current * 2, kMostSomaxconn);
  std::vector<std::string> evidence;
  view.add_counter(evidence, "TcpExt.ListenOverflows");
  const ListenerCount* const limited =
      listener(view, [&](const ListenerCount& one) { return limits(one, *current); });
  const bool blind = view.census() == nullptr && *current < kDefaultSomaxconn;
  if (!evidence.empty() && (limited != nullptr || blind) && more > *current) {
    evidence.push_back(limited == nullptr
                           ? std::string("the listeners could not be looked at")
                           : fmt::format("backlog of {} limited to {} by somaxconn, {} waiting now",
                                         listener_text(*limited), *current,
                                         grouped(limited->backlog)));
    return {.proposed = fmt::format("{}", more),
            .evidence = std::move(evidence),
            .reason =
                "A listener whose queue is full drops the end of a handshake, and the client "
                "waits for a retransmission or gives up.",
            .risk = risk};
  }
  if ((view.is(TuneProfile::kWeb) || view.is(TuneProfile::kProxy)) &&
      *current < kDefaultSomaxconn) {
    return general_advice(fmt::format("{}", kDefaultSomaxconn),
                          "A burst of connections should fit the queue of a server; the kernel's "
                          "default is this since v5.4.",
                          risk);
  }
  return stays(evidence.empty()
                   ? "no queue of a listener was ever full"
                   : fmt::format("{}, but no listener is held at {} by it: the backlog that the "
                                 "server asks listen() for is the limit",
                                 evidence.front(), *current));
}

Opinion judge_max_syn_backlog(const View& view) {
  const auto current = view.number(kMaxSynBacklog);
  const auto cookies = view.number(kSyncookies);
  if (!current) {
    return not_understood();
  }
  if (cookies) {
    return stays(*cookies != 0 ? "the kernel does not look at it while tcp_syncookies is on: the "
                                 "backlog of a listener, thus somaxconn, is the limit"
                               : "tcp_syncookies belongs on, and then it is not looked at");
  }
  const ListenerCount* const full =
      listener(view, [&](const ListenerCount& one) { return one.syn_recv * 4 >= *current * 3; });
  if (full == nullptr || *current >= kMostSynBacklog) {
    return stays(
        "no listener has three quarters of it in SYN_RECV, from where on SYNs are "
        "dropped");
  }
  std::vector<std::string> evidence{
      fmt::format("{} has {} in SYN_RECV, and beyond three quarters of {} SYNs are dropped",
                  listener_text(*full), grouped(full->syn_recv), *current)};
  view.add_counter(evidence, "TcpExt.TCPReqQFullDrop");
  view.add_counter(evidence, "TcpExt.ListenDrops");
  return {.proposed = fmt::format("{}", std::min(*current * 2, kMostSynBacklog)),
          .evidence = std::move(evidence),
          .reason = "This kernel has no SYN cookies, so handshakes beyond the limit are dropped.",
          .risk = "About 304 bytes for each handshake under way; a flood of SYNs fills it too."};
}

Opinion judge_syncookies(const View& view) {
  const auto current = view.number(kSyncookies);
  if (!current) {
    return not_understood();
  }
  std::vector<std::string> evidence;
  if (const auto* const harm = model::harmful_setting(view.netns().sysctls, kSyncookies)) {
    view.add_counter(evidence, "TcpExt.TCPReqQFullDrop");
    return mend(view, *harm, std::move(evidence),
                "A connection made by a cookie lacks window scaling and SACK where its client "
                "has no timestamps.");
  }
  view.add_counter(evidence, "TcpExt.SyncookiesSent");
  if (*current == 2) {
    return put_back(view, kSyncookies, "1", std::move(evidence),
                    "2 answers every SYN by a cookie, also when nothing is full: it is for tests.",
                    "None known.");
  }
  return stays(view.counter("TcpExt.TCPReqQFullDoCookies") == 0
                   ? "on, and no cookie was needed"
                   : fmt::format("on, and needed: TCPReqQFullDoCookies {} {}. It is no remedy for "
                                 "a server that is too slow",
                                 grouped(view.counter("TcpExt.TCPReqQFullDoCookies")),
                                 view.since()));
}

Opinion judge_abort_on_overflow(const View& view) {
  if (!view.number(kAbortOnOverflow)) {
    return not_understood();
  }
  const auto* const harm = model::harmful_setting(view.netns().sysctls, kAbortOnOverflow);
  if (harm == nullptr) {
    return stays("off: a client whose handshake met a full queue tries again by itself");
  }
  std::vector<std::string> evidence;
  view.add_counter(evidence, "TcpExt.ListenOverflows");
  view.add_counter(evidence, "TcpExt.EmbryonicRsts");
  return mend(view, *harm, std::move(evidence),
              "Clients wait where they were reset: an overload shows as latency.");
}

constexpr std::array kListenRules = {
    Rule{kSomaxconn, judge_somaxconn,
         "listen(2); commit 19f92a030ca6 \"net: increase SOMAXCONN to 4096\" (v5.4)"},
    Rule{kMaxSynBacklog, judge_max_syn_backlog,
         "Documentation/networking/ip-sysctl.rst; tcp_conn_request() in net/ipv4/tcp_input.c"},
    Rule{kSyncookies, judge_syncookies, "Documentation/networking/ip-sysctl.rst; RFC 4987, 3.6"},
    Rule{kAbortOnOverflow, judge_abort_on_overflow, kIpSysctl},
};

}  // namespace

std::span<const Rule> listen_rules() { return kListenRules; }

}  // namespace tcptrace::tune
