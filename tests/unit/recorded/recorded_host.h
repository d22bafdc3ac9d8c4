// SPDX-License-Identifier: GPL-2.0
// A host as a kernel described it (tests/fixtures/hosts, made by `scripts/kernels --hosts`): its
// files below a root of their own and its answers to sock_diag, which a test can change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json_fwd.hpp>

#include "host/host_facts.h"
#include "model/analysis.h"
#include "model/tune.h"
#include "unit/host/fake_root.h"

namespace tcptrace {

// What tests/kernels/recorder plays: a host in trouble for longer than a minute, another since just
// now that has only IPv6 addresses, and one that is well, without IPv6 and connection tracking.
struct RecordingName {
  std::string kernel;  // "6.1"
  std::string scene;   // "host", "ipv6", "ipv4"
};
std::ostream& operator<<(std::ostream& out, const RecordingName& name);

// All that are there, and those of one scene.
[[nodiscard]] std::vector<RecordingName> recordings();
[[nodiscard]] std::vector<RecordingName> recordings(std::string_view scene);
// "v6_1_host", and without the scene "v6_1".
[[nodiscard]] std::string test_name(const testing::TestParamInfo<RecordingName>& info);
[[nodiscard]] std::string kernel_name(const testing::TestParamInfo<RecordingName>& info);

class RecordedHost {
 public:
  explicit RecordedHost(const RecordingName& name);

  [[nodiscard]] const std::filesystem::path& root() const { return root_.path(); }
  // Of all files and links that were recorded: "proc/thread-self/net/snmp".
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] std::string file(const std::string& name) const;
  void set_file(const std::string& name, std::string_view text);
  void remove(const std::string& name);
  // The files from before the scene, with their time.
  void rewind();
  // All that was changed as it was recorded.
  void restore();

  // Of a setting: "proc/sys/net/ipv4/tcp_sack".
  [[nodiscard]] static std::string sysctl_file(std::string_view name);
  void set_sysctl(std::string_view name, std::string_view value);
  // "Tcp.OutRsts", "TcpExt.ListenDrops"; one that this kernel does not have is an error.
  void set_counter(std::string_view name, std::uint64_t value);
  // Of sockstat: set_sockstat("TCP:", "mem", 3).
  void set_sockstat(std::string_view row, std::string_view column, std::uint64_t value);
  // Of the line of an interface in net/dev, counted from zero.
  void set_interface(std::string_view name, std::size_t column, std::uint64_t value);
  // Of the first CPU in net/softnet_stat and net/stat/nf_conntrack.
  void set_softnet(std::size_t column, std::uint32_t value);
  void set_conntrack(std::string_view column, std::uint32_t value);

  // In the answer with a TCP_INFO: what the listener of this port says of its queue.
  void set_queue(std::uint16_t port, std::uint32_t backlog, std::uint32_t limit);
  // Likewise: so many are in this state. More than there are are alike but for the peer's port.
  void set_count(model::TcpState state, std::size_t sockets);
  // Likewise: a number of every struct tcp_info, at this offset.
  void set_info(std::size_t offset, std::uint32_t value);
  // Likewise: all that netlink counts is as large as it gets, but for states and options.
  void set_huge();

  [[nodiscard]] std::uint32_t netns() const;
  [[nodiscard]] const std::vector<std::vector<std::byte>>& answer(bool with_info) const {
    return with_info ? with_info_ : without_info_;
  }
  [[nodiscard]] std::vector<model::Socket> sockets(bool with_info) const;

  // As `tcptrace analyze` reads it: of the reader's own network namespace.
  [[nodiscard]] model::HostFacts facts(const host::FactsWanted& wanted = {}) const;
  // None where there is no namespace.
  [[nodiscard]] static model::Sysctls sysctls_of(const model::HostFacts& facts);
  [[nodiscard]] model::SocketCensus census(const model::Sysctls& sysctls) const;
  [[nodiscard]] model::Analysis analysis(const model::HostFacts* before = nullptr) const;
  // As `tcptrace tune` does.
  [[nodiscard]] model::Sysctls settings_of_tune(std::vector<model::UnreadFact>& unread) const;
  [[nodiscard]] model::TunePlan plan(model::TuneProfile profile, bool count_sockets = true) const;

 private:
  using Datagrams = std::vector<std::vector<std::byte>>;

  host::FakeRoot root_;
  const nlohmann::json& recording_;
  std::set<std::string> changed_;  // files and links
  std::chrono::nanoseconds boot_time_{};
  const Datagrams without_info_;
  const Datagrams recorded_with_info_;
  Datagrams with_info_;
};

}  // namespace tcptrace
