// SPDX-License-Identifier: GPL-2.0
// The BPF iterators of a snapshot: loaded once, read as often as wanted.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "kernel/features.h"
#include "kernel/handles.h"
#include "kernel/iterator.h"
#include "model/filter.h"
#include "model/socket_owners.h"

namespace tcptrace::kernel {

class SocketIter {
 public:
  // `states`: bit mask (1 << TcpState). Fails with ExitStatus::kUnsupported where the kernel or the
  // privileges do not allow it.
  [[nodiscard]] static Result<SocketIter> open(const model::Filter& filter, std::uint32_t states);
  // For read_owners() alone: half as much to load.
  [[nodiscard]] static Result<SocketIter> open_owners(const model::Filter& filter);

  // Every socket of the network namespace of the calling thread that the filter lets through.
  [[nodiscard]] Result<void> read_sockets(const RecordHandler& handler) const;
  // Adds who holds which socket, in all namespaces; how many records were not understood.
  [[nodiscard]] Result<std::uint64_t> read_owners(model::SocketOwners& owners) const;

 private:
  explicit SocketIter(bool lists_sockets) : lists_sockets_(lists_sockets) {}

  [[nodiscard]] static Result<SocketIter> open(SocketIter iter, const model::Filter& filter,
                                               std::uint32_t states);
  [[nodiscard]] Result<void> load(const model::Filter& filter, std::uint32_t states,
                                  const Features& features);
  [[nodiscard]] Result<void> attach();

  bool lists_sockets_;
  SkeletonPtr skeleton_;
  LinkPtr sockets_;
  LinkPtr owners_;
};

}  // namespace tcptrace::kernel
