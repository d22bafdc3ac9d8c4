// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_dump.h"

#include <future>
#include <utility>

#include "kernel/sock_diag.h"
#include "trace/decode.h"
#include "trace/filter.h"

namespace tcptrace::kernel {

using model::Socket;
using model::SocketSource;

SocketDump::SocketDump(DumpOptions options)
    : options_(std::move(options)), connection_filter_(model::without_processes(options_.filter)) {}

Result<SocketDump> SocketDump::open(DumpOptions options) {
  SocketDump dump(std::move(options));
  if (dump.options_.source == SocketSource::kNetlink) {
    return dump;
  }
  auto iter = SocketIter::open(dump.options_.filter, dump.options_.states);
  if (iter) {
    dump.iter_.emplace(std::move(*iter));
  } else if (dump.options_.source == SocketSource::kIter) {
    return std::unexpected(iter.error());
  } else {
    dump.setback_ = iter.error();
  }
  return dump;
}

Result<void> SocketDump::read_by_iter(DumpReport& report) {
  return iter_->read_sockets([&](std::span<const std::byte> record) {
    if (trace::decode_socket(record, sockets_->next())) {
      sockets_->keep();
    } else {
      ++report.undecodable;
    }
  });
}

Result<void> SocketDump::read_by_netlink(std::uint32_t inode, DumpReport& report) {
  const auto counts = read_sock_diag(inode, options_.states, [&](Socket& socket) {
    if (trace::matches(connection_filter_, socket.connection, nullptr)) {
      sockets_->next() = std::move(socket);
      sockets_->keep();
    }
  });
  if (!counts) {
    return std::unexpected(counts.error());
  }
  report.undecodable += counts->malformed;
  report.interrupted |= counts->interrupted;
  return {};
}

Result<void> SocketDump::read_namespace(std::uint32_t inode, DumpReport& report) {
  return iter_ ? read_by_iter(report) : read_by_netlink(inode, report);
}

void SocketDump::read_namespaces(std::span<const SocketNamespace> namespaces, DumpReport& report) {
  report.unread = visit_namespaces(
      namespaces, [&](std::uint32_t inode) { return read_namespace(inode, report); });
  report.namespaces = namespaces.size() - report.unread.size();
}

void SocketDump::read_owners(DumpReport& report) {
  owners_.clear();
  if (!iter_) {
    report.unread_processes = options_.read_owners ? options_.read_owners(owners_) : 0;
    return;
  }
  const auto read = iter_->read_owners([&](std::span<const std::byte> record) {
    if (const auto owner = trace::decode_socket_owner(record)) {
      owners_.add(owner->inode, owner->process);
    } else {
      ++report.undecodable;
    }
  });
  if (!read) {
    report.owners_unreadable = read.error();
  }
}

std::uint64_t SocketDump::hand_out(const Handler& handler) {
  const bool owned_only = model::asks_for_owner(options_.filter);
  std::uint64_t sockets = 0;
  sockets_->for_each([&](Socket& socket) {
    const model::Process* owner = owners_.find(socket.inode);
    if (owner != nullptr) {
      socket.owner = *owner;
    } else if (owned_only) {
      return;
    }
    ++sockets;
    handler(socket);
  });
  return sockets;
}

Result<DumpReport> SocketDump::dump(std::span<const SocketNamespace> namespaces,
                                    const Handler& handler,
                                    const std::function<void(model::Process&)>& name_process) {
  sockets_->start();
  DumpReport report;
  DumpReport owners_report;
  // A thread of its own, because it ends up in another namespace; and meanwhile this one has time
  // to read the file tables, and for what is done with a socket.
  auto reading = std::async(std::launch::async, [&] {
    const SocketBatches::Finish finish(*sockets_);
    read_namespaces(namespaces, report);
  });
  read_owners(owners_report);
  if (owners_report.owners_unreadable && model::asks_for_owner(options_.filter)) {
    return std::unexpected(*owners_report.owners_unreadable);
  }
  if (name_process) {
    for (model::Process& process : owners_.processes()) {
      name_process(process);
    }
  }
  const std::uint64_t handed_out = hand_out(handler);
  reading.get();
  report.sockets = handed_out;
  report.undecodable += owners_report.undecodable;
  report.unread_processes = owners_report.unread_processes;
  report.owners_unreadable = std::move(owners_report.owners_unreadable);
  return report;
}

}  // namespace tcptrace::kernel
