// SPDX-License-Identifier: GPL-2.0
// Which container a cgroup path names. Pure text: what the path does not say is not invented.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tcptrace::host {

struct Container {
  std::string id;       // 64 hex digits
  std::string runtime;  // "docker", "containerd", "crio", "podman"; empty: the path does not say
  friend bool operator==(const Container&, const Container&) = default;
};

// The innermost container of the path; empty: it names none.
[[nodiscard]] std::optional<Container> parse_container(std::string_view cgroup_path);

}  // namespace tcptrace::host
