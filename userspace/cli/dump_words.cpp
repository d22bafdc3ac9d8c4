// SPDX-License-Identifier: GPL-2.0
#include "cli/dump_words.h"

#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "cli/root.h"
#include "host/procfs.h"

namespace tcptrace::cli {

void say(const std::string& text) { std::fputs(("tcptrace: " + text + "\n").c_str(), stderr); }

void say_unread(const kernel::DumpReport& report) {
  for (const kernel::UnreadNamespace& netns : report.unread) {
    say(fmt::format("network namespace {} was not read: {}", netns.inode, netns.error.what));
  }
  for (const std::string& words : shortfalls(report)) {
    say(words);
  }
}

std::vector<std::string> shortfalls(const kernel::DumpReport& report) {
  std::vector<std::string> words;
  if (report.owners_unreadable) {
    words.push_back(fmt::format("no socket has an owner: {}", report.owners_unreadable->what));
  }
  if (report.unread_processes != 0) {
    words.push_back(
        fmt::format("the files of {} processes could not be read: their sockets have no owner",
                    report.unread_processes));
  }
  if (report.undecodable != 0) {
    words.push_back(fmt::format("{} records were not understood", report.undecodable));
  }
  if (report.interrupted) {
    words.emplace_back(
        "the sockets changed while they were listed: some may be missing or there twice");
  }
  return words;
}

Result<void> check_read(const kernel::DumpReport& report) {
  if (report.namespaces != 0 || report.unread.empty()) {
    return {};
  }
  const kernel::UnreadNamespace& first = report.unread.front();
  Error error = first.error;
  return std::unexpected(
      error.within(fmt::format("network namespace {} was not read", first.inode)));
}

Result<void> check_pid_namespace(const model::Filter& filter, const kernel::SocketDump& dump) {
  if (filter.pids.empty() || dump.source() == model::SocketSource::kNetlink ||
      host::in_initial_pid_namespace(kRoot)) {
    return {};
  }
  return std::unexpected(
      Error{.what = "--pid: this is a pid namespace of its own, and an iterator's pids are the "
                    "host's",
            .hint = "run in the host's (docker run --pid=host, hostPID: true), or use --source "
                    "netlink",
            .errno_code = 0,
            .status = ExitStatus::kUnsupported});
}

std::string netns_name(const std::vector<host::NetNamespace>& known, std::uint32_t inode) {
  const auto netns = std::ranges::find(known, inode, &host::NetNamespace::inode);
  const std::string name = netns == known.end() ? "" : host::netns_label(kRoot, *netns);
  return name.empty() ? std::to_string(inode) : name;
}

}  // namespace tcptrace::cli
