// SPDX-License-Identifier: GPL-2.0
#include "cli/parse_filter.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "cli/parse_values.h"

namespace tcptrace::cli {
namespace {

// Parses every item of every value; a repeated item counts once.
template <typename T, typename Parse>
Result<void> collect(std::string_view option, const Values& values, std::size_t limit,
                     std::vector<T>& into, const Parse& parse) {
  return take_items(option, values, [&](std::string_view item) -> Result<void> {
    auto parsed = parse(item);
    if (!parsed) {
      return std::unexpected(parsed.error());
    }
    if (std::ranges::find(into, *parsed) == into.end()) {
      into.push_back(std::move(*parsed));
    }
    if (into.size() > limit) {
      return std::unexpected(usage_error(fmt::format("more than {} values", limit)));
    }
    return {};
  });
}

Result<std::uint32_t> existing_pid(std::string_view text, const HostLookup& host) {
  const auto pid = parse_pid(text);
  if (!pid) {
    return pid;
  }
  const auto group = host.thread_group(*pid);
  if (!group) {
    return std::unexpected(usage_error(fmt::format("no process {}", *pid)));
  }
  if (*group != *pid) {
    return std::unexpected(usage_error(fmt::format("{} is a thread of process {}", *pid, *group),
                                       fmt::format("did you mean {}?", *group)));
  }
  return pid;
}

// Digits alone: the number itself, which is not looked up, since what a file descriptor keeps alive
// is in no list.
template <typename T>
std::optional<Result<T>> plain_number(std::string_view text, std::string_view kind) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  T number = 0;
  const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || number == 0) {
    return Result<T>(std::unexpected(
        usage_error(fmt::format("{} is not the number of a {}", quote(text), kind))));
  }
  return Result<T>(number);
}

// What the host says about a name is about the command line, exit status 2; unless it is about
// privileges or what the host lacks.
template <typename T>
Result<T> as_usage(Result<T> result) {
  if (!result && result.error().status != ExitStatus::kUnsupported) {
    result.error().status = ExitStatus::kUsage;
  }
  return result;
}

Result<std::uint32_t> netns_number(std::string_view text, const HostLookup& host) {
  if (auto number = plain_number<std::uint32_t>(text, "network namespace")) {
    return *number;
  }
  return as_usage(host.netns(text));
}

Result<std::uint64_t> cgroup_number(std::string_view text, const HostLookup& host) {
  if (auto number = plain_number<std::uint64_t>(text, "cgroup")) {
    return *number;
  }
  return as_usage(host.cgroup(text));
}

// As the kernel names it, below the mount point: "/system.slice/api.service".
std::string recorded_path(std::string_view path) {
  for (const std::string_view mount : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    if (path == mount || path.starts_with(std::string(mount) + '/')) {
      path.remove_prefix(mount.size());
      break;
    }
  }
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return path.starts_with('/') ? std::string(path) : '/' + std::string(path);
}

Result<void> take_ports(const FilterArguments& arguments, std::vector<model::PortRange>& ports) {
  const auto on = [](model::PortSide side) {
    return [side](std::string_view text) { return parse_ports(text, side); };
  };
  const std::size_t limit = model::kMaxPortRanges;
  return first_failure(
      {collect("--localport", arguments.local_ports, limit, ports, on(model::PortSide::kLocal)),
       collect("--remoteport", arguments.peer_ports, limit, ports, on(model::PortSide::kPeer)),
       collect("--port", arguments.ports, limit, ports, on(model::PortSide::kEither))});
}

Result<void> take_addresses(const FilterArguments& arguments, model::Filter& filter) {
  auto taken = take_family(arguments.ipv4, arguments.ipv6, filter.family);
  if (taken) {
    taken =
        collect("--addr", arguments.addresses, model::kMaxPrefixes, filter.prefixes, parse_prefix);
  }
  // Nothing could ever match: an empty trace would be taken for good news.
  if (taken && filter.family && !filter.prefixes.empty() &&
      std::ranges::none_of(filter.prefixes, [&](const model::Prefix& prefix) {
        return prefix.family == *filter.family;
      })) {
    return std::unexpected(usage_error(
        fmt::format("{} excludes every --addr that was given", arguments.ipv4 ? "-4" : "-6")));
  }
  return taken;
}

Result<void> take_events(const Values& values, model::EventSelection& events) {
  if (!values.empty()) {
    events = {.reset = false, .retransmit = false, .failure = false};
  }
  return take_items("--events", values,
                    [&](std::string_view item) { return select_event(item, events); });
  return {};
}

}  // namespace

void declare_netns(CommandLine& line, Values& values, const std::string& description) {
  line.add_value("--netns", values, "NETNS,...",
                 description + ": a name as in `ip netns`, a path, pid:PID or an inode number");
}

void declare_filter(CommandLine& line, FilterArguments& arguments,
                    const std::string& pid_description) {
  line.group("Filters");
  line.add_value("-p,--pid", arguments.pids, "PID,...", pid_description);
  line.add_value("--comm", arguments.comms, "NAME,...",
                 "connections of processes with this name, as in /proc/PID/comm");
  line.add_value("--cgroup", arguments.cgroups, "CGROUP,...",
                 "connections of processes in this cgroup or below it: a path or an id");
  declare_netns(line, arguments.netns, "connections in this network namespace");
  line.add_value("-P,--port", arguments.ports, "PORT,...",
                 "either port is one of these: 443 or 80,443,8000-8100");
  line.add_value("-L,--localport", arguments.local_ports, "PORT,...",
                 "the local port is one of these");
  line.add_value("-D,--remoteport", arguments.peer_ports, "PORT,...",
                 "the remote port is one of these");
  line.add_value("--addr", arguments.addresses, "CIDR,...",
                 "either address is in one of these: 10.0.0.0/8, 2001:db8::/32, 127.0.0.1");
  line.add_flag("-4,--ipv4", arguments.ipv4, "IPv4 only, v4-mapped IPv6 sockets included");
  line.add_flag("-6,--ipv6", arguments.ipv6, "IPv6 only");
}

void declare_events(CommandLine& line, FilterArguments& arguments) {
  line.add_value(
      "-e,--events", arguments.events, "TYPE,...",
      "reset, retransmit, failure (these three are the default), accept, connect, close, "
      "state, all");
}

Result<void> take_filter(const FilterArguments& arguments, const HostLookup& host,
                         model::Filter& filter) {
  return first_failure(
      {take_events(arguments.events, filter.events), take_addresses(arguments, filter),
       take_ports(arguments, filter.ports),
       collect("--comm", arguments.comms, model::kMaxComms, filter.comms, parse_comm),
       collect("--pid", arguments.pids, model::kMaxPids, filter.pids,
               [&](std::string_view text) { return existing_pid(text, host); }),
       take_netns(arguments.netns, host, filter.netns),
       collect("--cgroup", arguments.cgroups, model::kMaxCgroups, filter.cgroups,
               [&](std::string_view text) { return cgroup_number(text, host); })});
}

Result<void> take_netns(const Values& values, const HostLookup& host,
                        std::vector<std::uint32_t>& netns) {
  return collect("--netns", values, model::kMaxNetns, netns,
                 [&](std::string_view text) { return netns_number(text, host); });
}

Result<void> take_recorded_filter(const FilterArguments& arguments, model::Filter& filter,
                                  std::vector<std::string>& cgroups) {
  const HostLookup nothing{
      .thread_group = [](std::uint32_t pid) { return std::optional(pid); },
      .netns = [](std::string_view text) -> Result<std::uint32_t> {
        return std::unexpected(usage_error(fmt::format(
            "{} is not an inode number, which is all that a recording knows", quote(text))));
      },
      .cgroup = {},
  };
  FilterArguments others = arguments;
  others.cgroups.clear();
  auto taken = take_filter(others, nothing, filter);
  for (const std::string& value : arguments.cgroups) {
    for (const std::string_view item : split_list(value)) {
      if (!taken) {
        return taken;
      }
      if (const auto number = plain_number<std::uint64_t>(item, "cgroup")) {
        taken = *number ? Result<void>() : std::unexpected(number->error());
        filter.cgroups.push_back(number->value_or(0));
      } else if (item.empty()) {
        taken = std::unexpected(usage_error("\"\" is not a cgroup"));
      } else {
        cgroups.push_back(recorded_path(item));
      }
      if (!taken) {
        taken.error().within("--cgroup");
      }
    }
  }
  return taken;
}

}  // namespace tcptrace::cli
