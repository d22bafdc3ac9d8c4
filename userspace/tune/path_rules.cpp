// SPDX-License-Identifier: GPL-2.0
// How segments travel: congestion control, TCP's options, what is remembered of a path, and the
// queue in front of it all.
#include <algorithm>
#include <array>
#include <numeric>

#include "base/parse.h"
#include "base/text.h"
#include "tune/rule.h"
#include "tune/rule_words.h"

namespace tcptrace::tune {
namespace {

constexpr std::string_view kCongestion = "net.ipv4.tcp_congestion_control";
constexpr std::string_view kNoMetrics = "net.ipv4.tcp_no_metrics_save";
constexpr std::string_view kNoSsthresh = "net.ipv4.tcp_no_ssthresh_metrics_save";
constexpr std::string_view kTimestamps = "net.ipv4.tcp_timestamps";
constexpr std::string_view kSack = "net.ipv4.tcp_sack";
constexpr std::string_view kScaling = "net.ipv4.tcp_window_scaling";
constexpr std::string_view kLowLatency = "net.ipv4.tcp_low_latency";
constexpr std::string_view kNetdevBacklog = "net.core.netdev_max_backlog";

constexpr double kLossyPath = 0.02;
constexpr double kSomeLoss = 0.01;
// Below, what is lost is recovered so quickly that the algorithm hardly matters.
constexpr std::size_t kLongRttBucket = 15;  // 16 ms and more
constexpr std::uint64_t kFewestRtts = 10;
constexpr std::uint64_t kDefaultNetdevBacklog = 1000;
constexpr std::uint64_t kManyDrops = 1000;

// "62 % of 812 connections have a round trip of 16 ms or more"; empty: half of them have not.
std::string long_paths(const View& view) {
  if (view.census() == nullptr) {
    return {};
  }
  const model::RttBuckets& rtt = view.census()->rtt;
  const auto total = std::accumulate(rtt.begin(), rtt.end(), std::uint64_t{0});
  const auto far = std::accumulate(rtt.begin() + kLongRttBucket, rtt.end(), std::uint64_t{0});
  if (total < kFewestRtts || far * 2 < total) {
    return {};
  }
  return fmt::format("{} % of {} connections have a round trip of 16 ms or more", far * 100 / total,
                     grouped(total));
}

Opinion judge_congestion(const View& view) {
  const std::string_view current = view.text(kCongestion);
  const double lost = view.retransmitted().value_or(0);
  if (lost < kLossyPath) {
    return stays("no loss was measured that another algorithm would do better with");
  }
  if (current != "cubic" && current != "reno") {
    return stays(view.retransmitted_text() + ", and it does not take every loss for congestion");
  }
  const std::string far = long_paths(view);
  if (far.empty()) {
    return stays(view.retransmitted_text() +
                 ", but not known to be over long paths: look for the lossy link first");
  }
  const auto available = fields(view.text("net.ipv4.tcp_available_congestion_control"));
  if (std::ranges::find(available, "bbr") == available.end()) {
    return stays(view.retransmitted_text() +
                 ", but this kernel has no bbr available (modprobe tcp_bbr, where it has one)");
  }
  return {.proposed = "bbr",
          .evidence = {view.retransmitted_text(), far},
          .reason = fmt::format("{} takes every loss for congestion and slows down; BBR goes by "
                                "the measured rate and round trip.",
                                terminal_safe(current)),
          .risk =
              "BBR can take more than its share where buffers are small, and retransmits more "
              "there; the listener's algorithm is inherited, so servers must be restarted."};
}

Opinion judge_no_metrics(const View& view) {
  const auto current = view.number(kNoMetrics);
  if (!current) {
    return not_understood();
  }
  if (*current == 0) {
    return stays("off: a new connection begins with what is known of its path");
  }
  // Before v5.6 the slow start threshold of a lossy moment stayed with the path.
  if (!view.number(kNoSsthresh) && view.retransmitted().value_or(0) >= kSomeLoss) {
    return stays(view.retransmitted_text() +
                 ", and this kernel cannot leave out the slow start threshold alone");
  }
  return put_back(view, kNoMetrics, "0", {},
                  "New connections forget the round trip and the reordering of their path. What "
                  "spoke for it, a slow start threshold that stays low, is not saved any more "
                  "unless tcp_no_ssthresh_metrics_save is 0 (v5.6).",
                  "A path that has just changed is first taken for what it was.");
}

Opinion judge_option(const View& view, std::string_view name) {
  if (!view.number(name)) {
    return not_understood();
  }
  const auto* const harm = model::harmful_setting(view.netns().sysctls, name);
  if (harm == nullptr) {
    return stays("on, as by default");
  }
  std::vector<std::string> evidence;
  if (view.retransmitted().value_or(0) >= kSomeLoss) {
    evidence.push_back(view.retransmitted_text());
  }
  return mend(view, *harm, std::move(evidence), "Only new connections have it.");
}

Opinion judge_timestamps(const View& view) { return judge_option(view, kTimestamps); }
Opinion judge_sack(const View& view) { return judge_option(view, kSack); }
Opinion judge_scaling(const View& view) { return judge_option(view, kScaling); }

Opinion judge_low_latency(const View& view) {
  const auto current = view.number(kLowLatency);
  if (!current || *current == 0) {
    return stays("off; without effect since v4.14");
  }
  if (!view.kernel_at_least(4, 14)) {
    return stays("this kernel still looks at it");
  }
  return stays("without effect since v4.14: the queue that it switched off is gone");
}

// The counters have 32 bits and wrap: they tell that there were many, not which share, nor when. So
// the default is raised once.
Opinion judge_netdev_backlog(const View& view) {
  const auto current = view.number(kNetdevBacklog);
  if (!current) {
    return not_understood();
  }
  const auto& softnet = view.host().softnet;
  if (!softnet || softnet->dropped == 0) {
    return stays("no packet was dropped in front of a CPU (softnet_stat)");
  }
  if (softnet->dropped < kManyDrops || *current > kDefaultNetdevBacklog) {
    return stays(
        fmt::format("{} packets were dropped in front of a CPU", grouped(softnet->dropped)));
  }
  return {.proposed = fmt::format("{}", 2 * kDefaultNetdevBacklog),
          .evidence = {fmt::format("{} packets dropped in front of a CPU (softnet_stat)",
                                   grouped(softnet->dropped))},
          .reason =
              "The queue in front of a CPU (RPS, loopback, veth, devices without NAPI) was "
              "full.",
          .risk =
              "A longer queue delays packets behind a CPU that has no time; it is worth more "
              "to spread them over CPUs (RSS, RPS)."};
}

constexpr std::array kPathRules = {
    Rule{
        kCongestion, judge_congestion,
        "Documentation/networking/ip-sysctl.rst; commit 0f8782ea1497 \"tcp_bbr: add BBR congestion "
        "control\" (v4.9)"},
    Rule{kNoMetrics, judge_no_metrics, kIpSysctl},
    Rule{kTimestamps, judge_timestamps,
         "RFC 7323, 3 and 4; Documentation/networking/ip-sysctl.rst"},
    Rule{kSack, judge_sack, "RFC 2018; Documentation/networking/ip-sysctl.rst"},
    Rule{kScaling, judge_scaling, "RFC 7323, 2; Documentation/networking/ip-sysctl.rst"},
    Rule{kLowLatency, judge_low_latency, kIpSysctl, true},
    Rule{kNetdevBacklog, judge_netdev_backlog, "Documentation/admin-guide/sysctl/net.rst", true},
};

}  // namespace

std::span<const Rule> path_rules() { return kPathRules; }

}  // namespace tcptrace::tune
