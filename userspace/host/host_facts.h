// SPDX-License-Identifier: GPL-2.0
// What a host says of its TCP besides its sockets, namespace by namespace: its counters, settings,
// memory and interfaces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "host/netns.h"
#include "model/host_facts.h"

namespace tcptrace::host {

struct FactsWanted {
  bool sysctls = true;     // some 60 files of each namespace: whoever reads often reads them once
  bool interfaces = true;  // net/dev
  bool labels = true;      // NetnsFacts::name
  // The host's name, memory and queues of its CPUs; connection tracking.
  bool surroundings = true;
};
// What is read every second, through a process of each namespace where there is one.
inline constexpr FactsWanted kCountersOnly{
    .sysctls = false, .interfaces = false, .labels = false, .surroundings = false};

// Of these namespaces, the caller's own first. Without privileges others cannot be entered: their
// settings are missing then, and `unread` says so.
[[nodiscard]] model::HostFacts read_host_facts(const std::filesystem::path& root,
                                               std::span<const NetNamespace> namespaces,
                                               const FactsWanted& wanted = {});

// Whether there are processes whose namespaces cannot be seen.
[[nodiscard]] bool other_processes_hidden(const std::filesystem::path& root);

}  // namespace tcptrace::host
