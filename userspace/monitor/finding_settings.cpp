// SPDX-License-Identifier: GPL-2.0
// Findings in the settings: what is wrong on any host. What a host's traffic would need instead is
// `tcptrace tune`'s to say.
#include "model/harmful_settings.h"
#include "model/local_ports.h"
#include "model/sysctls.h"
#include "monitor/finding_rules.h"

namespace tcptrace::monitor {
namespace {

using model::HarmfulSetting;
using model::NetnsFacts;

void judge(const HarmfulSetting& rule, const NetnsFacts& netns, Findings& findings) {
  const auto value = model::sysctl_number(netns.sysctls, rule.name);
  if (value && rule.harmful(*value)) {
    findings.push_back({.id = rule.id,
                        .level = rule.level,
                        .netns = netns.inode,
                        .subject = std::string(rule.name),
                        .number = *value,
                        .limit = {},
                        .percent = {},
                        .summary = fmt::format("it is {}", *value),
                        .why = rule.why,
                        .advice = rule.advice});
  }
}

void find_few_ports(const NetnsFacts& netns, Findings& findings) {
  constexpr std::uint32_t kFew = 1024;
  const model::LocalPorts ports = model::local_ports(netns.sysctls);
  if (ports.available() < kFew) {
    findings.push_back(
        {.id = FindingId::kFewLocalPorts,
         .level = FindingLevel::kWarning,
         .netns = netns.inode,
         .subject = "net.ipv4.ip_local_port_range",
         .number = ports.available(),
         .limit = {},
         .percent = {},
         .summary = fmt::format("connections have {} to choose from",
                                counted(ports.available(), "local port")),
         .why = "as many connections to one address and port of a peer can be open or in TIME_WAIT",
         .advice = "widen it (32768 60999 is the kernel's own), or reserve fewer of its ports"});
  }
}

void find_forgetful_conntrack(const NetnsFacts& netns, Findings& findings) {
  const auto found = model::forgetful_conntrack(netns);
  if (!found) {
    return;
  }
  findings.push_back(
      {.id = FindingId::kConntrackBeforeKeepalive,
       .level = FindingLevel::kWarning,
       .netns = netns.inode,
       .subject = "net.netfilter.nf_conntrack_tcp_timeout_established",
       .number = found->timeout_s,
       .limit = found->keepalive_s,
       .percent = {},
       .summary = fmt::format("idle connections are forgotten after {} s, and keep-alives begin "
                              "after {} s",
                              found->timeout_s, found->keepalive_s),
       .why = model::kForgetfulConntrackWhy,
       .advice = "set net.ipv4.tcp_keepalive_time below it"});
}

}  // namespace

void find_in_settings(const FindingInput& input, Findings& findings) {
  for (const NetnsFacts& netns : input.facts.namespaces) {
    for (const HarmfulSetting& rule : model::harmful_settings()) {
      judge(rule, netns, findings);
    }
    find_few_ports(netns, findings);
    find_forgetful_conntrack(netns, findings);
  }
}

}  // namespace tcptrace::monitor
