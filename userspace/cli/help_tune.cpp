// SPDX-License-Identifier: GPL-2.0
#include <string_view>

#include "cli/help.h"

namespace tcptrace::cli {
namespace {

constexpr std::string_view kTuneHead =
    R"(Usage: tcptrace tune [OPTIONS]
       tcptrace tune --apply [--live-only] [OPTIONS]
       tcptrace tune --restore [OPTIONS]

Compares the kernel's settings of TCP with what the counters and the sockets of
this network namespace show, and proposes what speaks for a change: each
proposal with its evidence, its risk and its source. Changes nothing unless told
to. What only general advice speaks for is proposed with --profile alone, and
says so; advice that does harm is refused, and undone where it is set.

--apply keeps the former values in /var/lib/tcptrace, writes one drop-in below
/etc/sysctl.d, sets the values, and reads each one back. --restore puts back all
of it. Both need root, save on another tree (--root).
)";

constexpr std::string_view kTuneTail =
    R"(
Examples:
  tcptrace tune                        what was measured, and what does harm
  tcptrace tune -v                     and why the rest stays as it is
  tcptrace tune --profile proxy -J     with general advice for a proxy, as JSON
  sudo tcptrace tune --apply           for good
  sudo tcptrace tune --restore         as it was before the first --apply
  sudo ip netns exec blue tcptrace tune --apply --live-only

Exit status: 0 done, also where a setting cannot be set from here at all; 1
failed, such as a value that the kernel refused; 2 bad usage or input; 3 the
privileges or the namespace do not allow it. More in tcptrace(8).
)";

}  // namespace

std::string tune_help(const CommandLine& line) { return line.help(kTuneHead, kTuneTail); }

}  // namespace tcptrace::cli
