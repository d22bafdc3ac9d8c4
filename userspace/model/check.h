// SPDX-License-Identifier: GPL-2.0
// What `tcptrace check` found out about the host, the hooks apart (model/report.h has those). Plain
// data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tcptrace::model {

struct Capability {
  std::string name;  // "CAP_BPF"
  bool held = false;
};

// One further fact: "tracefs" = "mounted on /sys/kernel/tracing".
struct CheckRow {
  std::string name;
  std::string value;
  bool ok = true;
  std::string advice;  // what to do where it is not ok; may be empty
};

struct CheckReport {
  std::string kernel_release;              // uname -r
  std::optional<std::uint64_t> btf_bytes;  // size of the kernel's BTF; absent: it has none
  std::string lockdown;  // "none", "integrity", "confidentiality"; empty: no lockdown LSM
  std::vector<Capability> capabilities;  // those that tracing needs
  std::vector<CheckRow> rows;
  bool usable = false;  // the verdict
  std::string reason;   // not usable: why; usable: what will be missing, may be empty
};

}  // namespace tcptrace::model
