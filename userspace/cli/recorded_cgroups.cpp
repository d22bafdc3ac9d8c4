// SPDX-License-Identifier: GPL-2.0
#include "cli/recorded_cgroups.h"

#include <algorithm>
#include <limits>

namespace tcptrace::cli {
namespace {

// The id of no cgroup: a filter with it alone matches nothing, one without any everything.
constexpr std::uint64_t kNoCgroup = std::numeric_limits<std::uint64_t>::max();

}  // namespace

bool is_within_any(const std::string& path, std::span<const std::string> cgroups) {
  return !path.empty() && std::ranges::any_of(cgroups, [&](const std::string& wanted) {
    return wanted == "/" || path == wanted || path.starts_with(wanted + '/');
  });
}

RecordedCgroups::RecordedCgroups(model::Filter& filter, std::vector<std::string> paths,
                                 const trace::recording::Opening& opening)
    : filter_(filter), wanted_(filter.cgroups), paths_(std::move(paths)) {
  if (wanted_.empty() && paths_.empty()) {
    return;
  }
  const bool all = std::ranges::all_of(opening.cgroups, [this](const auto& cgroup) {
    return wants_id(cgroup.first) || wants_path(cgroup.second);
  });
  if (all && !opening.cgroups.empty()) {
    // The kernel has decided it, when each process became an owner.
    filter_.cgroups.clear();
    wanted_.clear();
    paths_.clear();
    return;
  }
  filter_.cgroups.push_back(kNoCgroup);
}

bool RecordedCgroups::wants_path(const std::string& path) const {
  return is_within_any(path, paths_);
}

bool RecordedCgroups::wants_id(std::uint64_t id) const {
  return std::ranges::find(wanted_, id) != wanted_.end();
}

void RecordedCgroups::learn(const trace::recording::Name& name) {
  names_.insert_or_assign(
      {name.cgroup_id, name.pid},
      name.known ? std::make_shared<const model::Cgroup>(name.cgroup) : nullptr);
  if (name.of_cgroup &&
      (wants_path(name.cgroup.path) ||
       std::ranges::any_of(name.ancestors, [this](std::uint64_t id) { return wants_id(id); })) &&
      std::ranges::find(filter_.cgroups, name.cgroup_id) == filter_.cgroups.end()) {
    filter_.cgroups.push_back(name.cgroup_id);
  }
}

std::shared_ptr<const model::Cgroup> RecordedCgroups::lookup(std::uint64_t id,
                                                             std::uint32_t pid) const {
  const auto found = names_.find({id, pid});
  return found == names_.end() ? nullptr : found->second;
}

}  // namespace tcptrace::cli
