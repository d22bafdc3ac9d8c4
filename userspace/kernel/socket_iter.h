// SPDX-License-Identifier: GPL-2.0
// The BPF iterators of a snapshot: loaded once, read as often as wanted.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "kernel/features.h"
#include "kernel/handles.h"
#include "kernel/iterator.h"
#include "model/filter.h"

namespace tcptrace::kernel {

class SocketIter {
 public:
  // `states`: bit mask (1 << TcpState). Fails with ExitStatus::kUnsupported where the kernel or the
  // privileges do not allow it.
  [[nodiscard]] static Result<SocketIter> open(const model::Filter& filter, std::uint32_t states);

  // Every socket of the network namespace of the calling thread that the filter lets through.
  [[nodiscard]] Result<void> read_sockets(const RecordHandler& handler) const;
  // Who holds which socket, in all namespaces.
  [[nodiscard]] Result<void> read_owners(const RecordHandler& handler) const;

 private:
  SocketIter() = default;

  [[nodiscard]] Result<void> load(const model::Filter& filter, std::uint32_t states,
                                  const Features& features);
  [[nodiscard]] Result<void> attach();

  SkeletonPtr skeleton_;
  LinkPtr sockets_;
  LinkPtr owners_;
};

}  // namespace tcptrace::kernel
