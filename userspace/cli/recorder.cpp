// SPDX-License-Identifier: GPL-2.0
#include "cli/recorder.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/core.h>

#include "cli/options.h"
#include "cli/root.h"
#include "cli/version.h"

namespace tcptrace::cli {
namespace {

// Paths whose ancestors are remembered: asking takes a system call for each.
constexpr std::size_t kMaxPaths = 4096;

}  // namespace

Recorder::Recorder(sink::BlockFile file, host::CgroupNames& names)
    : file_(std::move(file)),
      names_(names),
      writer_([this](std::span<const std::byte> block) { return file_.append(block); }) {}

Result<std::unique_ptr<Recorder>> Recorder::create(const std::string& path,
                                                   host::CgroupNames& names) {
  auto file = sink::BlockFile::create(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  return std::unique_ptr<Recorder>(new Recorder(std::move(*file), names));
}

Result<void> Recorder::begin(trace::recording::Opening opening,
                             std::span<const std::uint64_t> cgroups) {
  for (const std::uint64_t id : cgroups) {
    const auto cgroup = names_.lookup(id, 0, opening.hooks.boot_time);
    opening.cgroups.emplace_back(id, cgroup == nullptr ? "" : cgroup->path);
  }
  auto begun = writer_.begin(version(), opening);
  open_ = begun.has_value();
  return begun;
}

std::shared_ptr<const model::Cgroup> Recorder::lookup(std::uint64_t id, std::uint32_t pid,
                                                      std::chrono::nanoseconds now) {
  auto cgroup = names_.lookup(id, pid, now);
  writer_.name(id, pid, cgroup, [&](trace::recording::Name& name) { complete(name, now); });
  return cgroup;
}

void Recorder::complete(trace::recording::Name& name, std::chrono::nanoseconds now) {
  const auto own = name.cgroup_id == 0 ? nullptr : names_.lookup(name.cgroup_id, 0, now);
  name.of_cgroup = own != nullptr && own->path == name.cgroup.path;
  if (name.of_cgroup) {
    name.ancestors = ancestors_of(name.cgroup.path);
  }
}

const std::vector<std::uint64_t>& Recorder::ancestors_of(const std::string& path) {
  if (ancestors_.size() >= kMaxPaths) {
    ancestors_.clear();
  }
  const auto [entry, asked] = ancestors_.try_emplace(path);
  if (!asked) {
    return entry->second;
  }
  std::string above = path;
  while (above.size() > 1) {
    const std::size_t slash = above.rfind('/');
    if (slash == std::string::npos) {
      break;
    }
    above.resize(std::max<std::size_t>(slash, 1));
    if (const auto id = host::cgroup_id(kRoot, above)) {
      entry->second.push_back(*id);
    }
  }
  return entry->second;
}

void Recorder::end(const model::Summary& summary, const model::LossCounts& counts) {
  open_ = false;
  tell(writer_.end(summary, counts));
}

void Recorder::tell(const Result<void>& done) {
  if (done || failure_) {
    return;
  }
  failure_ = done.error();
  Error told = *failure_;
  told.hint = "the trace goes on, and what cannot be recorded is counted as lost";
  std::fputs(diagnostic(told).c_str(), stderr);
}

Result<void> Recorder::result() const {
  if (!failure_) {
    return {};
  }
  Error error = *failure_;
  error.hint =
      fmt::format("{} record{} not recorded", lost_records(), lost_records() == 1 ? "" : "s");
  return std::unexpected(std::move(error));
}

}  // namespace tcptrace::cli
