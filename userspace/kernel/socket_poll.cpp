// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_poll.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>

#include "kernel/sock_diag.h"
#include "tcptrace.h"
#include "trace/filter.h"

namespace tcptrace::kernel {
namespace {

using model::Socket;
using model::SocketSource;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

using model::state_bit;

// Without those of which the kernel keeps no more than tuple and timer.
constexpr std::uint32_t kPolledStates =
    state_bit(model::TcpState::kEstablished) | state_bit(model::TcpState::kSynSent) |
    state_bit(model::TcpState::kFinWait1) | state_bit(model::TcpState::kFinWait2) |
    state_bit(model::TcpState::kCloseWait) | state_bit(model::TcpState::kLastAck) |
    state_bit(model::TcpState::kClosing);

bool quiet(const model::TcpInfo& info, milliseconds since) {
  const std::uint32_t idle_ms =
      std::min({info.last_data_sent_ms, info.last_data_recv_ms, info.last_ack_recv_ms});
  return milliseconds(idle_ms) > since && info.unacked == 0 && info.unread_bytes == 0 &&
         info.unsent_bytes == 0;
}

void fill_tuple(tt_sample_record& record, const model::Connection& connection) {
  record.family = connection.family == model::Family::kIpv4 ? AF_INET : AF_INET6;
  record.role = static_cast<std::uint8_t>(connection.role);
  record.local_port = connection.local_port;
  record.peer_port = connection.peer_port;
  std::ranges::copy(connection.local.bytes, std::begin(record.local_addr));
  std::ranges::copy(connection.peer.bytes, std::begin(record.peer_addr));
}

tt_sample_record sample_record(const Socket& socket, milliseconds since) {
  const model::TcpInfo& info = *socket.info;
  tt_sample_record record{};
  record.header.kind = TT_KIND_SAMPLE;
  record.header.size = sizeof(record);
  record.header.timestamp_ns = static_cast<std::uint64_t>(socket.boot_time.count());
  record.cookie = socket.connection.cookie;
  record.netns = socket.connection.netns;
  record.state = static_cast<std::uint8_t>(socket.connection.state);
  if (quiet(info, since)) {
    record.header.flags = TT_F_QUIET;
    return record;
  }
  record.ca_state = info.ca_state;
  record.retransmits = info.retransmits;
  record.rtt_us = info.rtt_us;
  record.snd_cwnd = info.snd_cwnd;
  record.unacked = info.unacked;
  record.total_retrans = info.total_retrans;
  record.unread_bytes = info.unread_bytes;
  record.unsent_bytes = info.unsent_bytes;
  fill_tuple(record, socket.connection);
  return record;
}

static_assert(sizeof(tt_sample_record) == SocketPoll::kRecordBytes);

}  // namespace

SocketPoll::SocketPoll(BpfSession& session, const model::Filter& filter,
                       std::optional<SocketSource> source)
    : session_(session),
      filter_(model::without_processes(filter)),
      source_(
          source.value_or(session.poll_setback() ? SocketSource::kNetlink : SocketSource::kIter)) {}

Result<void> SocketPoll::read_netlink(std::uint32_t netns, milliseconds since,
                                      const RecordHandler& handler) const {
  const auto counts = read_sock_diag(netns, kPolledStates, [&](const Socket& socket) {
    if (socket.info && trace::matches(filter_, socket.connection, nullptr)) {
      const tt_sample_record record = sample_record(socket, since);
      handler(std::as_bytes(std::span(&record, 1)));
    }
  });
  return counts ? Result<void>() : std::unexpected(counts.error());
}

Result<std::vector<UnreadNamespace>> SocketPoll::run(const Namespaces& namespaces,
                                                     const RecordHandler& handler) {
  if (source_ == SocketSource::kIter) {
    if (auto read = session_.poll(handler); !read) {
      return std::unexpected(read.error());
    }
    return {};
  }
  const auto now = steady_clock::now();
  const milliseconds since =
      last_ ? std::chrono::ceil<milliseconds>(now - *last_) : milliseconds::max();
  last_ = now;
  return visit_namespaces(namespaces(),
                          [&](std::uint32_t netns) { return read_netlink(netns, since, handler); });
}

}  // namespace tcptrace::kernel
