// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_dump.h"

#include <algorithm>
#include <utility>

#include "base/start_thread.h"
#include "kernel/sock_diag.h"
#include "trace/decode.h"
#include "trace/filter.h"

namespace tcptrace::kernel {

using model::Socket;
using model::SocketSource;

void add_shortfalls(DumpReport& to, const DumpReport& more) {
  for (const UnreadNamespace& netns : more.unread) {
    if (std::ranges::find(to.unread, netns.inode, &UnreadNamespace::inode) == to.unread.end()) {
      to.unread.push_back(netns);
    }
  }
  to.undecodable += more.undecodable;
  to.unread_processes = std::max(to.unread_processes, more.unread_processes);
  to.interrupted |= more.interrupted;
  if (!to.owners_unreadable) {
    to.owners_unreadable = more.owners_unreadable;
  }
}

void read_owners_by(const SocketIter* iter,
                    const std::function<std::uint64_t(model::SocketOwners&)>& otherwise,
                    model::SocketOwners& owners, DumpReport& report) {
  if (iter == nullptr) {
    report.unread_processes = otherwise ? otherwise(owners) : 0;
    return;
  }
  const auto undecodable = iter->read_owners(owners);
  if (undecodable) {
    report.undecodable += *undecodable;
  } else {
    report.owners_unreadable = undecodable.error();
  }
}

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
  read_owners_by(iter_ ? &*iter_ : nullptr, options_.read_owners, owners_, report);
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

Result<void> SocketDump::read_named_owners(
    DumpReport& report, const std::function<void(model::Process&)>& name_process) {
  read_owners(report);
  if (report.owners_unreadable && model::asks_for_owner(options_.filter)) {
    return std::unexpected(*report.owners_unreadable);
  }
  if (name_process) {
    for (model::Process& process : owners_.processes()) {
      name_process(process);
    }
  }
  return {};
}

Result<DumpReport> SocketDump::dump(std::span<const SocketNamespace> namespaces,
                                    const Handler& handler,
                                    const std::function<void(model::Process&)>& name_process,
                                    DumpOwners owners) {
  sockets_->start();
  DumpReport report;
  DumpReport owners_report;
  // A thread of its own, because it ends up in another namespace; and meanwhile this one has time
  // to read the file tables, and for what is done with a socket.
  auto reading = start_thread([&] {
    const SocketBatches::Finish finish(*sockets_);
    read_namespaces(namespaces, report);
  });
  if (!reading) {
    return std::unexpected(reading.error());
  }
  if (owners == DumpOwners::kRead) {
    if (auto read = read_named_owners(owners_report, name_process); !read) {
      return std::unexpected(read.error());
    }
  }
  const std::uint64_t handed_out = hand_out(handler);
  reading->get();
  report.sockets = handed_out;
  report.undecodable += owners_report.undecodable;
  report.unread_processes = owners_report.unread_processes;
  report.owners_unreadable = std::move(owners_report.owners_unreadable);
  return report;
}

}  // namespace tcptrace::kernel
