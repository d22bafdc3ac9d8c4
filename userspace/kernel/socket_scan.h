// SPDX-License-Identifier: GPL-2.0
// All TCP sockets of this host once, as cheaply as it goes: for whoever counts them. SocketDump is
// for whoever shows them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/result.h"
#include "kernel/sock_diag.h"
#include "kernel/socket_dump.h"
#include "kernel/socket_iter.h"
#include "kernel/socket_namespaces.h"
#include "model/socket.h"
#include "model/socket_owners.h"

namespace tcptrace::kernel {

struct ScanOptions {
  // Empty: sockets from sock_diag without TCP_INFO, save those in CLOSE_WAIT and the queues of
  // listeners; their owners from the iterator where it loads. Netlink: the same without BPF.
  std::optional<model::SocketSource> source;
  bool few = false;  // so few that to load an iterator takes longer than to look into /proc
  // For where no iterator tells who holds which socket; returns how many processes could not be
  // looked at.
  std::function<std::uint64_t(model::SocketOwners&)> read_owners;
};

struct ScanReport {
  DumpReport dump;
  model::SocketSource source = model::SocketSource::kNetlink;  // of the sockets
  std::optional<Error> setback;  // why owners are not from an iterator, if that was not asked for
};

// Hands each socket to `handler`, in a thread of its own, without its owner; meanwhile the calling
// one fills `owners`.
[[nodiscard]] Result<ScanReport> scan_sockets(std::span<const SocketNamespace> namespaces,
                                              const ScanOptions& options,
                                              const SocketHandler& handler,
                                              model::SocketOwners& owners);

}  // namespace tcptrace::kernel
