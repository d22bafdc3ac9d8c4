// SPDX-License-Identifier: GPL-2.0
// What the connections of this host look like now, again and again, for the flight recorder: from
// the iterator of a session, or from netlink where there is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "kernel/bpf_session.h"
#include "kernel/socket_namespaces.h"
#include "model/filter.h"
#include "model/socket.h"

namespace tcptrace::kernel {

class SocketPoll {
 public:
  static constexpr std::size_t kRecordBytes = 96;

  // `session` outlives it. Empty `source`: the iterator if the session has one. Netlink knows
  // nothing of processes: what the filter asks of them is not asked there.
  SocketPoll(BpfSession& session, const model::Filter& filter,
             std::optional<model::SocketSource> source);

  [[nodiscard]] model::SocketSource source() const { return source_; }

  // Hands out a tt_sample_record for each connection. `namespaces` says where netlink looks; those
  // that could not be read are returned, and the calling thread is left in the last one.
  using Namespaces = std::function<std::vector<SocketNamespace>()>;
  [[nodiscard]] Result<std::vector<UnreadNamespace>> run(const Namespaces& namespaces,
                                                         const RecordHandler& handler);

 private:
  [[nodiscard]] Result<void> read_netlink(std::uint32_t netns, std::chrono::milliseconds since,
                                          const RecordHandler& handler) const;

  BpfSession& session_;
  model::Filter filter_;  // what it asks of connections
  model::SocketSource source_;
  std::optional<std::chrono::steady_clock::time_point> last_;  // netlink: the round before
};

}  // namespace tcptrace::kernel
