// SPDX-License-Identifier: GPL-2.0
// The facts as the rules ask for them: settings as numbers, counters with words for evidence.
// Private to tune/.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/tune.h"

namespace tcptrace::tune {

// min, default and max of tcp_rmem and tcp_wmem; min, pressure and max of tcp_mem.
using Triple = std::array<std::uint64_t, 3>;
[[nodiscard]] std::string triple_text(const Triple& triple);

class View {
 public:
  explicit View(const model::TuneInput& input) : input_(input) {}

  [[nodiscard]] const model::HostFacts& host() const { return input_.host; }
  [[nodiscard]] const model::NetnsFacts& netns() const { return input_.netns; }
  [[nodiscard]] const model::SocketCensus* census() const { return input_.census; }
  [[nodiscard]] bool is(model::TuneProfile profile) const { return input_.profile == profile; }

  // Empty: there is none, or it is no number.
  [[nodiscard]] std::string_view text(std::string_view sysctl) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view sysctl) const;
  [[nodiscard]] std::optional<Triple> triple(std::string_view sysctl) const;
  [[nodiscard]] bool is_number(std::string_view sysctl, std::uint64_t value) const {
    return number(sysctl) == value;
  }

  // 0 for a counter that this kernel does not have.
  [[nodiscard]] std::uint64_t counter(std::string_view name) const;  // "TcpExt.ListenDrops"
  // "ListenDrops 812 since boot"; nothing for 0.
  void add_counter(std::vector<std::string>& evidence, std::string_view name) const;
  // "since boot (3 d 4 h)", or since the namespace is there.
  [[nodiscard]] std::string since() const;

  // Share of the segments sent that were sent again; empty: too few were sent to tell.
  [[nodiscard]] std::optional<double> retransmitted() const;
  // "RetransSegs 3.2 % of 1,234,567 segments sent since boot"
  [[nodiscard]] std::string retransmitted_text() const;

  // Of the sockets of this namespace in one state; 0 where they were not counted.
  [[nodiscard]] std::uint64_t sockets_in(model::TcpState state) const;

  // The kernel's, of the release as uname says it: at least this one?
  [[nodiscard]] bool kernel_at_least(unsigned major, unsigned minor) const;
  // How full connection tracking is, 0 to 1; empty: it tracks nothing, or has no limit.
  [[nodiscard]] std::optional<double> conntrack_use() const;
  [[nodiscard]] std::string conntrack_text() const;
  // The memory of TCP is short, or was.
  [[nodiscard]] std::vector<std::string> memory_pressure() const;

 private:
  [[nodiscard]] std::uint64_t segments_sent() const;

  const model::TuneInput& input_;
};

}  // namespace tcptrace::tune
