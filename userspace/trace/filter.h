// SPDX-License-Identifier: GPL-2.0
// The user's conditions where no BPF program evaluates them: sockets from netlink, records from a
// file. The same meaning as bpf/lib/filter.bpf.h. Pure.
#pragma once

#include "model/event.h"
#include "model/filter.h"

namespace tcptrace::trace {

// Whether every kind of condition holds; `filter.events` is not looked at. `owner` is null where
// nobody knows it: then no condition on a process holds. A cgroup id stands for itself alone: who
// means the descendants too adds their ids to the filter.
[[nodiscard]] bool matches(const model::Filter& filter, const model::Connection& connection,
                           const model::Process* owner);

// Whether it is of a type that is asked for, as the kernel side decides it.
[[nodiscard]] bool selects(const model::EventSelection& selection, const model::Event& event);

}  // namespace tcptrace::trace
