// SPDX-License-Identifier: GPL-2.0
// Ids of classic tracepoints, from the tracefs that is mounted or else from a private one: nothing
// has to be mounted, and nothing stays.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tcptrace::kernel {

class Tracefs {
 public:
  // The mounted tracefs, or one that only this process has (fsmount(2), Linux 5.2).
  [[nodiscard]] static Result<Tracefs> open();

  [[nodiscard]] Result<std::uint64_t> event_id(std::string_view group,
                                               std::string_view event) const;

  // Empty: the event is there.
  [[nodiscard]] static std::string why_no_event(std::string_view group, std::string_view event);

 private:
  explicit Tracefs(UniqueFd directory) : directory_(std::move(directory)) {}

  UniqueFd directory_;
};

// A perf event on a tracepoint, to which a BPF link can be attached. CPU 0 is enough: a BPF program
// on a tracepoint runs on all.
[[nodiscard]] Result<UniqueFd> open_tracepoint_event(std::uint64_t id);

}  // namespace tcptrace::kernel
