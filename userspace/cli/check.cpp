// SPDX-License-Identifier: GPL-2.0
#include "cli/check.h"

#include <unistd.h>

#include <array>
#include <string_view>

#include <fmt/core.h>

#include "cli/root.h"
#include "cli/run_context.h"
#include "cli/version.h"
#include "host/privileges.h"
#include "kernel/bpf_session.h"
#include "output/check.h"
#include "sink/fd_sink.h"

namespace tcptrace::cli {
namespace {

struct NeededCapability {
  std::string_view name;
  std::string_view without;
};

constexpr std::array kCapabilities = {
    NeededCapability{"CAP_BPF", "BPF programs cannot be loaded"},
    NeededCapability{"CAP_PERFMON", "tracing programs cannot be loaded"},
    NeededCapability{"CAP_SYS_PTRACE", "other users' processes cannot be looked at"},
    NeededCapability{"CAP_DAC_READ_SEARCH", "cgroups cannot be named by id"},
    NeededCapability{"CAP_SYS_ADMIN", "counters of other network namespaces may not be readable"},
};

model::CheckRow mount_row(std::string_view name, const std::optional<std::filesystem::path>& mount,
                          std::string_view without) {
  return {.name = std::string(name),
          .value = mount ? "mounted on " + mount->string() : "not mounted",
          .ok = mount.has_value(),
          .advice = mount ? "" : std::string(without)};
}

// A private instance serves where none is mounted (kernel/tracefs).
model::CheckRow tracefs_row(const std::optional<std::filesystem::path>& mount) {
  return {.name = "tracefs",
          .value = mount ? "mounted on " + mount->string() : "not mounted, a private one is used",
          .ok = true,
          .advice = {}};
}

model::CheckReport make_report(const host::Machine& machine, const host::Privileges& privileges) {
  model::CheckReport report;
  report.kernel_release = machine.kernel;
  report.btf_bytes = privileges.btf_bytes;
  report.lockdown = privileges.lockdown.value_or("");
  // Since v5.8 CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON (commit a17b53c4a4b5).
  const bool admin = privileges.has("CAP_SYS_ADMIN");
  for (const NeededCapability& needed : kCapabilities) {
    const bool implied = admin && (needed.name == "CAP_BPF" || needed.name == "CAP_PERFMON");
    report.capabilities.push_back(
        {.name = std::string(needed.name), .held = privileges.has(needed.name) || implied});
  }
  report.rows.push_back(
      mount_row("cgroup2", privileges.cgroup2, "containers are named by /proc/PID/cgroup only"));
  report.rows.push_back(tracefs_row(privileges.tracefs));
  return report;
}

}  // namespace

Result<ExitStatus> run_check(const CheckOptions& options) {
  const host::Machine machine = host::read_machine();
  model::CheckReport report = make_report(machine, host::read_privileges(kRoot));
  model::Hooks hooks{.version = std::string(version()),
                     .kernel = machine.kernel,
                     .architecture = machine.architecture,
                     .host = machine.name,
                     .hooks = {}};
  auto statuses = kernel::check_hooks(options.attach);
  report.usable = statuses.has_value();
  if (statuses) {
    hooks.hooks = std::move(*statuses);
  } else {
    report.reason = statuses.error().what;
  }
  const output::Context context =
      make_context(STDOUT_FILENO, options.json, ColorChoice::kAuto, false);
  auto out = sink::open_stdout(-1);
  if (!out) {
    return std::unexpected(out.error());
  }
  if (auto written =
          sink::write_out(**out, options.json ? output::check_json(hooks, report, context)
                                              : output::check_text(hooks, report, context));
      !written) {
    return std::unexpected(written.error());
  }
  return report.usable ? ExitStatus::kDone : ExitStatus::kUnsupported;
}

}  // namespace tcptrace::cli
