// SPDX-License-Identifier: GPL-2.0
// The tables of an analysis. Private to output/.
#pragma once

#include <cstdint>
#include <string>

#include "model/analysis.h"
#include "output/context.h"

namespace tcptrace::output {

// States, top ports, peers, processes, containers, listeners, CLOSE_WAIT, local ports.
void append_socket_tables(std::string& out, const model::Analysis& analysis,
                          const Context& context);

// Memory, counters, interfaces, CPUs, connection tracking, settings.
void append_host_tables(std::string& out, const model::Analysis& analysis, const Context& context);

// Whether a row has to say to which namespace it belongs.
[[nodiscard]] bool several_netns(const model::Analysis& analysis);

// Its name, or its number where it has none; not yet safe for a terminal.
[[nodiscard]] std::string netns_text(const model::Analysis& analysis, std::uint32_t inode);

}  // namespace tcptrace::output
