// SPDX-License-Identifier: GPL-2.0
#include "host/sysctl_boot.h"

#include <array>
#include <map>
#include <string>
#include <system_error>

#include "host/procfs.h"
#include "host/sysctl.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

// Of files with one name, that of the first directory counts.
constexpr auto kSysctlDirectories = std::to_array<std::string_view>(
    {"etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", "lib/sysctl.d"});

// By name, which is the order in which they are read.
std::map<std::string, fs::path> files_behind(const fs::path& root, std::string_view dropin) {
  std::map<std::string, fs::path> files;
  for (const std::string_view directory : kSysctlDirectories) {
    std::error_code failure;
    for (fs::directory_iterator it(root / directory, failure), end; !failure && it != end;
         it.increment(failure)) {
      const std::string name = it->path().filename().native();
      if (name.ends_with(".conf") && name > dropin) {
        files.emplace(name, it->path());
      }
    }
  }
  return files;
}

}  // namespace

std::vector<model::BootOverride> boot_overrides(const fs::path& root, std::string_view dropin,
                                                std::span<const tune::DropinSetting> settings) {
  std::vector<fs::path> files;
  const fs::path last = root / "etc/sysctl.conf";
  for (const auto& [name, path] : files_behind(root, dropin)) {
    std::error_code ignored;
    if (!fs::equivalent(path, last, ignored)) {
      files.push_back(path);
    }
  }
  files.push_back(last);
  std::map<std::string, model::BootOverride> found;
  for (const fs::path& file : files) {
    const auto text = read_file(file);
    for (const std::string_view line : lines(text ? std::string_view(*text) : std::string_view())) {
      std::string_view value;
      const std::string name = tune::assigned_name(line, value);
      if (!name.empty()) {
        found[name] = {.name = name, .value = normalised_sysctl(value), .file = file.native()};
      }
    }
  }
  std::vector<model::BootOverride> overrides;
  for (const tune::DropinSetting& setting : settings) {
    const auto other = found.find(setting.name);
    if (other != found.end() && other->second.value != normalised_sysctl(setting.value)) {
      overrides.push_back(other->second);
    }
  }
  return overrides;
}

}  // namespace tcptrace::host
