// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_scan.h"

#include <unordered_map>
#include <utility>

#include "base/start_thread.h"
#include "trace/decode.h"

namespace tcptrace::kernel {
namespace {

using model::Socket;
using model::SocketSource;
using model::TcpState;

class Scan {
 public:
  Scan(const ScanOptions& options, const SocketHandler& handler, model::SocketOwners& owners)
      : options_(options), handler_(handler), owners_(owners) {}

  Result<ScanReport> run(std::span<const SocketNamespace> namespaces);

 private:
  void read_namespaces(std::span<const SocketNamespace> namespaces);
  Result<void> read_by_iter();
  Result<void> read_by_netlink(std::uint32_t inode);
  Result<void> ask(std::uint32_t inode, std::uint32_t states, DiagInfo info,
                   const SocketHandler& handler);
  void read_owners();

  const ScanOptions& options_;
  const SocketHandler& handler_;
  model::SocketOwners& owners_;
  std::optional<SocketIter> iter_;
  ScanReport report_;
  DumpReport sockets_;  // of the thread that reads them
};

Result<void> Scan::read_by_iter() {
  Socket socket;
  return iter_->read_sockets([&](std::span<const std::byte> record) {
    if (trace::decode_socket(record, socket)) {
      ++sockets_.sockets;
      handler_(socket);
    } else {
      ++sockets_.undecodable;
    }
  });
}

Result<void> Scan::ask(std::uint32_t inode, std::uint32_t states, DiagInfo info,
                       const SocketHandler& handler) {
  const auto counts = read_sock_diag(inode, states, handler, info);
  if (!counts) {
    return std::unexpected(counts.error());
  }
  sockets_.undecodable += counts->malformed;
  sockets_.interrupted |= counts->interrupted;
  return {};
}

// Since when a connection is in CLOSE_WAIT only its TCP_INFO tells. Another walk through the
// kernel's table is cheaper than the TCP_INFO of all. Which sockets there are is told by the first
// walk alone: a connection that comes to CLOSE_WAIT or leaves it in between is counted once.
Result<void> Scan::read_by_netlink(std::uint32_t inode) {
  const std::uint32_t close_wait = model::state_bit(TcpState::kCloseWait);
  std::unordered_map<std::uint64_t, Socket> waiting;
  const auto hand_out = [&](Socket& socket) {
    ++sockets_.sockets;
    handler_(socket);
  };
  auto done = ask(inode, kAllSocketStates, DiagInfo::kNone, [&](Socket& socket) {
    if (socket.connection.state == TcpState::kCloseWait) {
      waiting.emplace(socket.connection.cookie, socket);
    } else {
      hand_out(socket);
    }
  });
  if (done && !waiting.empty()) {
    done = ask(inode, close_wait, DiagInfo::kTcpInfo, [&](Socket& socket) {
      if (waiting.erase(socket.connection.cookie) != 0) {
        hand_out(socket);
      }
    });
  }
  for (auto& [cookie, socket] : waiting) {
    hand_out(socket);
  }
  return done;
}

void Scan::read_namespaces(std::span<const SocketNamespace> namespaces) {
  const bool by_iter = report_.source == SocketSource::kIter;
  sockets_.unread = visit_namespaces(namespaces, [&](std::uint32_t inode) {
    return by_iter ? read_by_iter() : read_by_netlink(inode);
  });
  sockets_.namespaces = namespaces.size() - sockets_.unread.size();
}

void Scan::read_owners() {
  if (!iter_ && options_.source != SocketSource::kNetlink && !options_.few) {
    auto iter = SocketIter::open_owners({});
    if (iter) {
      iter_.emplace(std::move(*iter));
    } else {
      report_.setback = iter.error();
    }
  }
  read_owners_by(iter_ ? &*iter_ : nullptr, options_.read_owners, owners_, report_.dump);
}

Result<ScanReport> Scan::run(std::span<const SocketNamespace> namespaces) {
  if (options_.source == SocketSource::kIter) {
    auto iter = SocketIter::open({}, kAllSocketStates);
    if (!iter) {
      return std::unexpected(iter.error());
    }
    iter_.emplace(std::move(*iter));
    report_.source = SocketSource::kIter;
  }
  owners_.clear();
  // A thread of its own, because it ends up in another namespace.
  auto reading = start_thread([&] { read_namespaces(namespaces); });
  if (!reading) {
    return std::unexpected(reading.error());
  }
  read_owners();
  reading->get();
  report_.dump.sockets = sockets_.sockets;
  report_.dump.namespaces = sockets_.namespaces;
  report_.dump.unread = std::move(sockets_.unread);
  report_.dump.undecodable += sockets_.undecodable;
  report_.dump.interrupted = sockets_.interrupted;
  return std::move(report_);
}

}  // namespace

Result<ScanReport> scan_sockets(std::span<const SocketNamespace> namespaces,
                                const ScanOptions& options, const SocketHandler& handler,
                                model::SocketOwners& owners) {
  return Scan(options, handler, owners).run(namespaces);
}

}  // namespace tcptrace::kernel
