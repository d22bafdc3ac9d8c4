// SPDX-License-Identifier: GPL-2.0
// What the readers of procfs make of the files of several kernels, against the files themselves;
// with numbers as large as they get, with hostile names, and without each of the files.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "output/analysis.h"
#include "output/context.h"
#include "output/tune.h"
#include "support/schema.h"
#include "unit/recorded/recorded_host.h"

namespace tcptrace {
namespace {

using model::HostFacts;
using model::NetnsFacts;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kNet = "proc/thread-self/net/";
constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

class RecordedFacts : public testing::TestWithParam<RecordingName> {
 protected:
  RecordedFacts() : host_(GetParam()) {}

  [[nodiscard]] bool has(const char* scene) const { return GetParam().scene == scene; }
  [[nodiscard]] std::string net(std::string_view name) const {
    return host_.file(std::string(kNet) + std::string(name));
  }
  // The words of its lines.
  [[nodiscard]] std::vector<std::vector<std::string>> rows(std::string_view name) const {
    std::vector<std::vector<std::string>> rows;
    std::istringstream in(net(name));
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      rows.emplace_back(std::istream_iterator<std::string>(words),
                        std::istream_iterator<std::string>());
    }
    return rows;
  }

  RecordedHost host_;
};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedFacts, testing::ValuesIn(recordings()), test_name);

TEST(Recordings, AreOfFiveKernelsAndThreeHostsEach) {
  std::map<std::string, std::vector<std::string>> scenes;
  for (const RecordingName& name : recordings()) {
    scenes[name.kernel].push_back(name.scene);
  }
  EXPECT_EQ(scenes.size(), 5U);
  for (const auto& [kernel, names] : scenes) {
    EXPECT_EQ(names, (std::vector<std::string>{"host", "ipv4", "ipv6"})) << kernel;
  }
}

TEST_P(RecordedFacts, NothingIsUnread) {
  const HostFacts facts = host_.facts();
  EXPECT_THAT(facts.unread, IsEmpty());
  EXPECT_EQ(facts.host, "guest");
  EXPECT_TRUE(facts.kernel.starts_with(GetParam().kernel + ".")) << facts.kernel;
  ASSERT_EQ(facts.namespaces.size(), 1U);
  EXPECT_TRUE(facts.namespaces[0].own);
  EXPECT_EQ(facts.namespaces[0].host, !has("ipv6")) << "that one is in a namespace of its own";
}

TEST_P(RecordedFacts, EveryCounterIsThere) {
  model::Counters expected;
  for (const char* const name : {"snmp", "netstat"}) {
    const auto all = rows(name);
    for (std::size_t i = 0; i + 1 < all.size(); i += 2) {
      const std::string protocol = all[i].at(0).substr(0, all[i][0].size() - 1);
      for (std::size_t column = 1; column < all[i].size(); ++column) {
        if (!all[i + 1].at(column).starts_with('-')) {
          expected[protocol + "." + all[i][column]] = std::stoull(all[i + 1][column]);
        }
      }
    }
  }
  EXPECT_GT(expected.size(), 150U);
  EXPECT_EQ(host_.facts().namespaces[0].counters, expected);
}

TEST_P(RecordedFacts, EverySettingHasTheWordsOfItsFile) {
  const HostFacts facts = host_.facts();
  const model::Sysctls& sysctls = facts.namespaces[0].sysctls;
  EXPECT_GT(sysctls.size(), has("ipv6") ? 25U : 35U);
  for (const auto& [name, value] : sysctls) {
    std::istringstream words(host_.file(RecordedHost::sysctl_file(name)));
    std::string expected;
    for (std::string word; words >> word;) {
      expected += expected.empty() ? word : " " + word;
    }
    EXPECT_EQ(value, expected) << name;
  }
  // Of the whole host, and shown nowhere else.
  EXPECT_EQ(sysctls.contains("net.ipv4.tcp_mem"), !has("ipv6"));
  EXPECT_EQ(sysctls.contains("net.netfilter.nf_conntrack_max"), !has("ipv4"));
}

TEST_P(RecordedFacts, SockstatWithAndWithoutIpv6) {
  const auto value = [this](const char* file, const char* row, const char* name) {
    for (const auto& words : rows(file)) {
      const auto found = std::ranges::find(words, name);
      if (words.front() == row && found != words.end()) {
        return std::stoull(*std::next(found));
      }
    }
    return 0ULL;
  };
  const auto sockstat = host_.facts().namespaces[0].sockstat;
  ASSERT_TRUE(sockstat);
  EXPECT_EQ(sockstat->tcp_inuse, value("sockstat", "TCP:", "inuse"));
  EXPECT_EQ(sockstat->orphan, value("sockstat", "TCP:", "orphan"));
  EXPECT_EQ(sockstat->time_wait, value("sockstat", "TCP:", "tw"));
  EXPECT_EQ(sockstat->alloc, value("sockstat", "TCP:", "alloc"));
  EXPECT_EQ(sockstat->memory_pages, value("sockstat", "TCP:", "mem"));
  EXPECT_GT(sockstat->alloc, 10U);
  if (has("ipv4")) {
    EXPECT_THAT(host_.names(), testing::Not(Contains(std::string(kNet) + "sockstat6")));
    EXPECT_EQ(sockstat->tcp6_inuse, 0U);
    EXPECT_GT(sockstat->tcp_inuse, 0U);
  } else {
    EXPECT_EQ(sockstat->tcp6_inuse, value("sockstat6", "TCP6:", "inuse"));
    EXPECT_GT(sockstat->tcp6_inuse, 0U);
    EXPECT_EQ(sockstat->tcp_inuse > 0, has("host"));
  }
}

TEST_P(RecordedFacts, SoftnetOfBothCpus) {
  std::uint64_t processed = 0;
  for (const auto& words : rows("softnet_stat")) {
    processed += std::stoul(words.at(0), nullptr, 16);
  }
  const auto softnet = host_.facts().softnet;
  ASSERT_TRUE(softnet);
  EXPECT_EQ(softnet->cpus, 2U);
  EXPECT_EQ(softnet->processed, processed);
  EXPECT_GT(processed, 0U);
}

TEST_P(RecordedFacts, ConnectionTrackingWhereThereIsSome) {
  const auto conntrack = host_.facts().namespaces[0].conntrack;
  ASSERT_EQ(conntrack.has_value(), !has("ipv4"));
  if (conntrack) {
    EXPECT_GT(conntrack->limit, 1000U);
    EXPECT_EQ(conntrack->count > 0, has("host")) << "no rule of the other's asks for it";
    EXPECT_EQ(conntrack->without_room(), 0U);
  }
}

TEST_P(RecordedFacts, InterfacesHaveTheNamesThatTheKernelLetThemHave) {
  const HostFacts facts = host_.facts();
  std::vector<std::string> names;
  for (const model::Interface& one : facts.namespaces[0].interfaces) {
    names.push_back(one.name);
  }
  EXPECT_THAT(names, Contains("lo"));
  if (has("ipv6")) {
    EXPECT_THAT(names, Contains("\x1b[31m\"<&>\xff"));
  }
}

TEST_P(RecordedFacts, ProcessesAreTheOwnersWhateverTheyCallThemselves) {
  std::map<std::string, std::uint64_t> connections;
  const model::SocketCensus census = host_.census({});
  for (const model::ProcessCount& one : census.processes) {
    connections[std::string(one.process.comm_view())] += one.connections;
  }
  ASSERT_EQ(connections.size(), 1U) << "the other one only listens";
  EXPECT_EQ(connections.begin()->first, "\x1b[31m\"<&>\xff\n'\\ a");
}

std::string without_backslashes(std::string text) {
  std::erase(text, '\\');
  return text;
}

// No byte that steers a terminal, and UTF-8 alone. In text and in JSON.
void expect_safe(const RecordedHost& host, const HostFacts* before = nullptr) {
  const model::Analysis analysis = host.analysis(before);
  model::TuneReport tuned;
  tuned.plan = host.plan(model::TuneProfile::kProxy);
  output::Context context;
  context.host = analysis.facts.host;
  context.verbose = true;
  EXPECT_EQ(test::validate(output::analysis_json(analysis, context)), "");
  EXPECT_EQ(test::validate(output::tune_json(tuned, context)), "");
  for (const std::string& text :
       {output::analysis_text(analysis, context), output::tune_text(tuned, context)}) {
    EXPECT_FALSE(text.empty());
    std::string safe;
    std::string_view lines = text;
    for (std::size_t end = lines.find('\n'); end != lines.npos; end = lines.find('\n')) {
      safe += terminal_safe(lines.substr(0, end)) + '\n';
      lines.remove_prefix(end + 1);
    }
    // What is safe already has its backslashes doubled, and nothing else is changed.
    EXPECT_EQ(without_backslashes(safe), without_backslashes(text));
  }
}

TEST_P(RecordedFacts, HostileNamesAreShownSafely) {
  expect_safe(host_);
  const model::Analysis analysis = host_.analysis();
  output::Context context;
  context.host = analysis.facts.host;
  context.verbose = true;
  const std::string text = output::analysis_text(analysis, context);
  const auto json = nlohmann::json::parse(output::analysis_json(analysis, context)).dump();
  EXPECT_THAT(text, HasSubstr(R"(\x1b[31m"<&>\xff)"));
  EXPECT_THAT(json, HasSubstr(R"(\u001b[31m\"<&>)"));
}

// Every word that is a number, which `is_number` says.
std::string with_numbers(const std::string& text, const std::string& number,
                         bool (*is_number)(std::string_view)) {
  std::string changed;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(" \t\n"), rest.size());
    changed += is_number(rest.substr(0, end)) ? number : rest.substr(0, end);
    changed += rest.substr(end, 1);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return changed;
}

bool is_decimal(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == word.npos;
}

bool is_hexadecimal(std::string_view word) {
  return word.size() == 8 && word.find_first_not_of("0123456789abcdef") == word.npos;
}

TEST_P(RecordedFacts, NumbersAsLargeAsTheyGet) {
  const HostFacts before = host_.facts();
  for (const std::string& name : host_.names()) {
    if (name.ends_with("/softnet_stat") || name.ends_with("/nf_conntrack")) {
      host_.set_file(name, with_numbers(host_.file(name), "ffffffff", is_hexadecimal));
    } else if ((name.starts_with(kNet) && !name.ends_with("/tcp") && !name.ends_with("/tcp6")) ||
               name.starts_with("proc/sys/net/") || name == "proc/meminfo") {
      host_.set_file(name, with_numbers(host_.file(name), std::to_string(kHuge), is_decimal));
    }
  }
  host_.set_huge();
  const HostFacts facts = host_.facts();
  EXPECT_THAT(facts.unread, IsEmpty());
  EXPECT_EQ(facts.namespaces[0].counters.size(), before.namespaces[0].counters.size());
  for (const auto& [name, value] : facts.namespaces[0].counters) {
    EXPECT_EQ(value, kHuge) << name;
  }
  EXPECT_EQ(facts.namespaces[0].sockstat->memory_pages, kHuge);
  EXPECT_EQ(facts.namespaces[0].interfaces.at(0).rx_bytes, kHuge);
  EXPECT_EQ(facts.softnet->dropped, 2ULL * UINT32_MAX);
  if (!has("ipv4")) {
    EXPECT_EQ(facts.namespaces[0].conntrack->limit, kHuge);
    EXPECT_EQ(facts.namespaces[0].conntrack->early_drop, 2ULL * UINT32_MAX);
  }
  expect_safe(host_);
  expect_safe(host_, &before);
}

// What is left of the facts without a file.
HostFacts without(const HostFacts& whole, const std::string& name) {
  HostFacts left = whole;
  NetnsFacts& netns = left.namespaces[0];
  const auto is = [&name](std::string_view of_netns) {
    return name == std::string(kNet) + std::string(of_netns);
  };
  if (name == "proc/meminfo") {
    left.memory_bytes = 0;
  } else if (name == "proc/sys/kernel/hostname") {
    left.host.clear();
  } else if (name == "proc/sys/kernel/osrelease") {
    left.kernel.clear();
  } else if (is("softnet_stat")) {
    left.softnet.reset();
    left.unread.push_back({.what = "net/softnet_stat", .why = {}});
  } else if (is("netstat")) {
    std::erase_if(netns.counters, [](const auto& counter) {
      return counter.first.starts_with("TcpExt.") || counter.first.starts_with("IpExt.") ||
             counter.first.starts_with("MPTcpExt.");
    });
  } else if (is("sockstat")) {
    netns.sockstat.reset();
  } else if (is("sockstat6")) {
    netns.sockstat->tcp6_inuse = 0;
  } else if (is("dev")) {
    netns.interfaces.clear();
  } else if (is("stat/nf_conntrack")) {
    const model::Conntrack& of_settings = *netns.conntrack;
    netns.conntrack = model::Conntrack{.count = of_settings.count, .limit = of_settings.limit};
  } else if (is("snmp")) {
    left.namespaces.clear();
    left.unread.push_back({.what = whole.namespaces[0].name, .why = {}});
  }
  return left;
}

std::vector<std::string> unread_of(const HostFacts& facts) {
  std::vector<std::string> names;
  std::ranges::transform(facts.unread, std::back_inserter(names), &model::UnreadFact::what);
  return names;
}

void expect_same(const HostFacts& found, const HostFacts& expected) {
  EXPECT_EQ(found.memory_bytes, expected.memory_bytes);
  EXPECT_EQ(found.host, expected.host);
  EXPECT_EQ(found.kernel, expected.kernel);
  EXPECT_EQ(found.softnet.has_value(), expected.softnet.has_value());
  EXPECT_EQ(unread_of(found), unread_of(expected));
  ASSERT_EQ(found.namespaces.size(), expected.namespaces.size());
  if (found.namespaces.empty()) {
    return;
  }
  const NetnsFacts& netns = found.namespaces[0];
  const NetnsFacts& other = expected.namespaces[0];
  EXPECT_EQ(netns.counters, other.counters);
  EXPECT_EQ(netns.sysctls, other.sysctls);
  EXPECT_EQ(netns.interfaces.size(), other.interfaces.size());
  ASSERT_EQ(netns.sockstat.has_value(), other.sockstat.has_value());
  if (netns.sockstat) {
    EXPECT_EQ(netns.sockstat->tcp6_inuse, other.sockstat->tcp6_inuse);
    EXPECT_EQ(netns.sockstat->tcp_inuse, other.sockstat->tcp_inuse);
  }
  ASSERT_EQ(netns.conntrack.has_value(), other.conntrack.has_value());
  if (netns.conntrack) {
    EXPECT_EQ(netns.conntrack->count, other.conntrack->count);
    EXPECT_EQ(netns.conntrack->insert_failed, other.conntrack->insert_failed);
  }
}

// One after the other: what it says is missing and no more, and what matters is said.
TEST_P(RecordedFacts, WithoutAnyOneOfTheFiles) {
  if (!has("ipv4")) {
    host_.set_conntrack("insert_failed", 3);
  }
  const HostFacts whole = host_.facts();
  for (const std::string& name : host_.names()) {
    // Without the namespace of the reader nobody knows whose the rest is.
    if (name.starts_with("proc/sys/net/") || name.find("/fd/") != std::string::npos ||
        name == "proc/thread-self/ns/net") {
      continue;
    }
    SCOPED_TRACE(name);
    host_.remove(name);
    const HostFacts facts = host_.facts();
    expect_same(facts, without(whole, name));
    if (name.starts_with(kNet)) {
      EXPECT_EQ(test::validate(output::analysis_json(host_.analysis(), {})), "");
      EXPECT_EQ(host_.plan(model::TuneProfile::kNone).unread.size(), facts.unread.size());
    }
    host_.restore();
    if (!has("ipv4")) {
      host_.set_conntrack("insert_failed", 3);
    }
  }
}

// Who has connections: without its status a process is nobody, without its name it has none.
TEST_P(RecordedFacts, WithoutWhatIsKnownOfAProcess) {
  const auto owners = [this] {
    std::vector<std::string> names;
    const model::SocketCensus census = host_.census({});
    std::ranges::transform(
        census.processes, std::back_inserter(names),
        [](const model::ProcessCount& one) { return std::string(one.process.comm_view()); });
    return names;
  };
  const std::vector<std::string> whole = owners();
  ASSERT_THAT(whole, SizeIs(1));
  for (const auto& [file, expected] : std::map<std::string, std::vector<std::string>>{
           {"status", {}}, {"comm", {""}}, {"cgroup", whole}}) {
    for (const std::string& name : host_.names()) {
      if (name.ends_with("/" + file)) {
        host_.remove(name);
      }
    }
    EXPECT_EQ(owners(), expected) << file;
    host_.restore();
  }
}

class RecordedSettings : public testing::TestWithParam<RecordingName> {};

INSTANTIATE_TEST_SUITE_P(Kernels, RecordedSettings, testing::ValuesIn(recordings("host")),
                         kernel_name);

TEST_P(RecordedSettings, WithoutAnyOneOfThem) {
  RecordedHost host(GetParam());
  const HostFacts whole = host.facts();
  for (const auto& [name, value] : whole.namespaces[0].sysctls) {
    host.remove(RecordedHost::sysctl_file(name));
    const HostFacts facts = host.facts();
    model::Sysctls expected = whole.namespaces[0].sysctls;
    expected.erase(name);
    EXPECT_EQ(facts.namespaces.at(0).sysctls, expected) << name;
    EXPECT_THAT(facts.unread, IsEmpty()) << name;
    const model::TunePlan plan = host.plan(model::TuneProfile::kWeb);
    EXPECT_EQ(std::ranges::count(plan.proposals, name, &model::TuneProposal::name), 0);
    const auto kept = std::ranges::find(plan.kept, name, &model::TuneKept::name);
    EXPECT_TRUE(kept == plan.kept.end() || kept->reason.find("not there") != std::string::npos)
        << name << ": " << kept->reason;
    host.restore();
  }
}

}  // namespace
}  // namespace tcptrace
