// SPDX-License-Identifier: GPL-2.0
#include "cli/run_context.h"

#include <unistd.h>

#include <cstdlib>
#include <string>

#include "cli/version.h"
#include "host/boot_clock.h"
#include "host/privileges.h"

namespace tcptrace::cli {

output::Context make_context(int fd, bool json, ColorChoice color, bool verbose) {
  const bool terminal = fd >= 0 && ::isatty(fd) == 1;
  output::Context context;
  context.host = host::read_machine().name;
  context.boot_to_wall = host::boot_to_wall();
  context.color = !json && use_color(color, terminal, std::getenv("NO_COLOR"));
  context.verbose = verbose;
  context.utc_offset = host::local_utc_offset;
  return context;
}

output::Context make_context(const OutputOptions& options) {
  return make_context(options.output ? -1 : STDOUT_FILENO, options.json, options.color,
                      options.verbose);
}

model::Hooks describe_hooks(const kernel::BpfSession& session, std::chrono::nanoseconds started) {
  const host::Machine machine = host::read_machine();
  return {.boot_time = started,
          .version = std::string(version()),
          .kernel = machine.kernel,
          .architecture = machine.architecture,
          .host = machine.name,
          .hooks = session.hooks()};
}

}  // namespace tcptrace::cli
