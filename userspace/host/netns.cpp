// SPDX-License-Identifier: GPL-2.0
#include "host/netns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint32_t> inode_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(status.st_ino);
}

std::optional<std::uint32_t> inode_in_link(const fs::path& path) {
  std::error_code failure;
  const fs::path link = fs::read_symlink(path, failure);
  const auto inode = failure ? std::nullopt : link_inode(link.native(), "net");
  if (!inode || *inode > std::numeric_limits<std::uint32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*inode);
}

void add_processes(const fs::path& root, std::map<std::uint32_t, NetNamespace>& found) {
  const auto host = host_netns(root);
  for (const std::uint32_t pid : list_pids(root)) {
    const auto inode = netns_of_pid(root, pid);
    if (!inode) {
      continue;
    }
    NetNamespace& netns = found[*inode];
    if (netns.pids.empty()) {
      netns.path = proc_dir(root, pid) / "ns/net";
      netns.host = inode == host;
    }
    if (netns.pids.size() < kMaxPidsPerNetns) {
      netns.pids.push_back(pid);
    }
  }
}

void add_names(const fs::path& root, std::map<std::uint32_t, NetNamespace>& found) {
  std::error_code failure;
  for (fs::directory_iterator it(root / "run/netns", failure), end; !failure && it != end;
       it.increment(failure)) {
    const auto inode = inode_of(it->path());
    if (!inode) {
      continue;
    }
    NetNamespace& netns = found[*inode];
    netns.name = it->path().filename().native();
    if (netns.path.empty()) {
      netns.path = it->path();
    }
  }
}

Result<std::uint32_t> inode_of_netns_file(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    Error error =
        system_error(fmt::format("cannot open \"{}\"", terminal_safe(path.native())), errno);
    if (error.errno_code == EACCES || error.errno_code == EPERM) {
      error.status = ExitStatus::kUnsupported;
    }
    return std::unexpected(std::move(error));
  }
  struct stat status {};
  if (::ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWNET || ::fstat(fd.get(), &status) != 0) {
    return std::unexpected(Error{
        .what = fmt::format("\"{}\" is not a network namespace", terminal_safe(path.native()))});
  }
  return static_cast<std::uint32_t>(status.st_ino);
}

Result<std::uint32_t> inode_of_pid_text(const fs::path& root, std::string_view text) {
  const auto pid = parse_number<std::uint32_t>(text);
  if (!pid || *pid == 0) {
    return std::unexpected(
        Error{.what = fmt::format("\"pid:{}\" names no process", terminal_safe(text))});
  }
  if (!thread_group(root, *pid)) {
    return std::unexpected(Error{.what = fmt::format("no process {}", *pid)});
  }
  const auto inode = netns_of_pid(root, *pid);
  if (!inode) {
    return std::unexpected(
        Error{.what = fmt::format("the network namespace of process {} cannot be read", *pid),
              .hint = "that takes CAP_SYS_PTRACE",
              .status = ExitStatus::kUnsupported});
  }
  return *inode;
}

}  // namespace

std::optional<std::uint32_t> netns_of_pid(const fs::path& root, std::uint32_t pid) {
  return inode_in_link(proc_dir(root, pid) / "ns/net");
}

std::optional<std::uint32_t> own_netns(const fs::path& root) {
  return inode_in_link(root / "proc/thread-self/ns/net");
}

// That of process 1, who may hide it, and of the kernel's threads. In a pid namespace process 1 is
// somebody else.
std::optional<std::uint32_t> host_netns(const fs::path& root) {
  static constexpr std::uint32_t kKthreadd = 2;
  if (!in_initial_pid_namespace(root)) {
    return std::nullopt;
  }
  const auto init = netns_of_pid(root, 1);
  return init || comm_of(root, kKthreadd) != "kthreadd" ? init : netns_of_pid(root, kKthreadd);
}

bool netns_exists(const fs::path& root, const NetNamespace& netns) {
  return std::ranges::any_of(
             netns.pids,
             [&](std::uint32_t pid) { return netns_of_pid(root, pid) == netns.inode; }) ||
         (!netns.name.empty() && inode_of(root / "run/netns" / netns.name) == netns.inode);
}

std::vector<std::string> netns_paths(const fs::path& root, const NetNamespace& netns) {
  std::vector<std::string> paths;
  paths.reserve(netns.pids.size() + 1);
  for (const std::uint32_t pid : netns.pids) {
    paths.push_back((proc_dir(root, pid) / "ns/net").native());
  }
  if (!netns.name.empty()) {
    paths.push_back((root / "run/netns" / netns.name).native());
  }
  return paths;
}

std::vector<NetNamespace> list_netns(const fs::path& root) {
  std::map<std::uint32_t, NetNamespace> found;
  add_processes(root, found);
  add_names(root, found);
  std::vector<NetNamespace> result;
  for (auto& [inode, netns] : found) {
    netns.inode = inode;
    result.push_back(std::move(netns));
  }
  return result;
}

std::string netns_label(const fs::path& root, const NetNamespace& netns) {
  if (netns.host) {
    return "host";
  }
  if (!netns.name.empty()) {
    return fmt::format("netns {}", netns.name);
  }
  if (netns.pids.empty()) {
    return {};
  }
  const std::string comm = comm_of(root, netns.pids.front());
  return comm.empty() ? fmt::format("pid {}", netns.pids.front())
                      : fmt::format("pid {} ({})", netns.pids.front(), comm);
}

Result<std::uint32_t> netns_inode(const fs::path& root, std::string_view text) {
  static constexpr std::string_view kPid = "pid:";
  if (text.starts_with(kPid)) {
    return inode_of_pid_text(root, text.substr(kPid.size()));
  }
  if (text.find('/') != std::string_view::npos) {
    return inode_of_netns_file(fs::path(text));
  }
  const fs::path path = root / "run/netns" / text;
  if (text.empty() || text.starts_with('.') || !inode_of(path)) {
    return std::unexpected(
        Error{.what = fmt::format("no network namespace \"{}\"", terminal_safe(text)),
              .hint = "give a name of `ip netns`, a path, pid:PID or a number"});
  }
  return inode_of_netns_file(path);
}

}  // namespace tcptrace::host
