// SPDX-License-Identifier: GPL-2.0
// What a recording says about cgroups, in place of the host: their names, and which of them a
// filter means.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/event.h"
#include "model/filter.h"
#include "trace/recording.h"

namespace tcptrace::cli {

// Whether the cgroup with this path is one of `cgroups`, or below one.
[[nodiscard]] bool is_within_any(const std::string& path, std::span<const std::string> cgroups);

class RecordedCgroups {
 public:
  // Finds the ids that belong to the cgroups of `filter` and to `paths`, with everything below
  // them, and puts them into `filter`, which outlives this.
  RecordedCgroups(model::Filter& filter, std::vector<std::string> paths,
                  const trace::recording::Opening& opening);

  void learn(const trace::recording::Name& name);
  // Names are told anew in each block.
  void forget() { names_.clear(); }

  [[nodiscard]] std::shared_ptr<const model::Cgroup> lookup(std::uint64_t id,
                                                            std::uint32_t pid) const;

 private:
  [[nodiscard]] bool wants_path(const std::string& path) const;
  [[nodiscard]] bool wants_id(std::uint64_t id) const;

  model::Filter& filter_;
  std::vector<std::uint64_t> wanted_;  // as given
  std::vector<std::string> paths_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, std::shared_ptr<const model::Cgroup>> names_;
};

}  // namespace tcptrace::cli
