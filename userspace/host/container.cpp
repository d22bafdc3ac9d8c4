// SPDX-License-Identifier: GPL-2.0
#include "host/container.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace tcptrace::host {
namespace {

struct Prefix {
  std::string_view text;
  std::string_view runtime;
};

// A systemd scope per container. "libpod-conmon-" and "crio-conmon-" are the monitors beside the
// containers: what follows the prefix is no id then.
constexpr std::array kScopes{
    Prefix{"docker-", "docker"},      Prefix{"cri-containerd-", "containerd"},
    Prefix{"nerdctl-", "containerd"}, Prefix{"crio-", "crio"},
    Prefix{"libpod-", "podman"},
};

// A plain directory per container; "payload" is Podman's inside a systemd service
// (--cgroups=split).
constexpr std::array kContainerDirectories{
    Prefix{"crio-", "crio"},
    Prefix{"libpod-payload-", "podman"},
    Prefix{"libpod-", "podman"},
};

std::optional<Container> container_of(std::string_view id, std::string_view runtime) {
  const bool hex = std::ranges::all_of(
      id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (id.size() != 64 || !hex) {
    return std::nullopt;
  }
  return Container{.id = std::string(id), .runtime = std::string(runtime)};
}

std::optional<Container> parse_prefixed(std::string_view name, std::span<const Prefix> prefixes) {
  for (const Prefix& prefix : prefixes) {
    if (name.starts_with(prefix.text)) {
      return container_of(name.substr(prefix.text.size()), prefix.runtime);
    }
  }
  return std::nullopt;
}

// A directory named by the id alone is believed only below a parent known for it.
std::optional<Container> parse_bare(std::string_view name, std::string_view parents) {
  if (parents.substr(parents.rfind('/') + 1) == "docker") {
    return container_of(name, "docker");
  }
  // containerd's own namespaces, as ctr and nerdctl use them.
  if (parents == "/default" || parents == "/k8s.io") {
    return container_of(name, "containerd");
  }
  // Kubernetes with the cgroupfs driver and ECS do not say which runtime it was.
  if (parents.find("kubepods") != std::string_view::npos || parents.starts_with("/ecs/")) {
    return container_of(name, "");
  }
  return std::nullopt;
}

std::optional<Container> parse_component(std::string_view name, std::string_view parents) {
  static constexpr std::string_view kScope = ".scope";
  if (name.ends_with(kScope)) {
    return parse_prefixed(name.substr(0, name.size() - kScope.size()), kScopes);
  }
  // containerd that is told systemd's notation but not to use systemd.
  static constexpr std::string_view kColon = ":cri-containerd:";
  if (const std::size_t at = name.rfind(kColon); at != std::string_view::npos) {
    return container_of(name.substr(at + kColon.size()), "containerd");
  }
  auto container = parse_prefixed(name, kContainerDirectories);
  return container ? container : parse_bare(name, parents);
}

}  // namespace

std::optional<Container> parse_container(std::string_view cgroup_path) {
  // From the innermost out: containers hold cgroups of their own (systemd or Docker inside).
  for (std::string_view rest = cgroup_path; !rest.empty();) {
    const std::size_t slash = rest.rfind('/');
    const bool last = slash == std::string_view::npos;
    const std::string_view parents = last ? std::string_view() : rest.substr(0, slash);
    if (auto container = parse_component(last ? rest : rest.substr(slash + 1), parents)) {
      return container;
    }
    rest = parents;
  }
  return std::nullopt;
}

}  // namespace tcptrace::host
