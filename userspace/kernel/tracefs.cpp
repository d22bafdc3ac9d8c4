// SPDX-License-Identifier: GPL-2.0
#include "kernel/tracefs.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace tcptrace::kernel {
namespace {

UniqueFd mount_private() {
  const UniqueFd context(static_cast<int>(::syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC)));
  if (!context.valid() ||
      ::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return {};
  }
  return UniqueFd(static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, 0)));
}

}  // namespace

Result<Tracefs> Tracefs::open() {
  for (const char* mounted : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    UniqueFd directory(::open(mounted, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory.valid() && ::faccessat(directory.get(), "events", F_OK, 0) == 0) {
      return Tracefs(std::move(directory));
    }
  }
  UniqueFd directory = mount_private();
  if (!directory.valid()) {
    return std::unexpected(system_error("cannot open tracefs", errno));
  }
  return Tracefs(std::move(directory));
}

Result<std::uint64_t> Tracefs::event_id(std::string_view group, std::string_view event) const {
  const std::string path =
      std::string("events/").append(group).append("/").append(event).append("/id");
  const UniqueFd file(::openat(directory_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 32> text{};
  const ssize_t size = file.valid() ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size <= 0) {
    return std::unexpected(system_error("tracefs " + path, errno));
  }
  std::uint64_t id = 0;
  std::from_chars(text.data(), text.data() + size, id);
  return id;
}

std::string Tracefs::why_no_event(std::string_view group, std::string_view event) {
  const Result<Tracefs> tracefs = open();
  if (!tracefs) {
    return tracefs.error().what;
  }
  const auto id = tracefs->event_id(group, event);
  return id ? std::string() : id.error().what;
}

Result<UniqueFd> open_tracepoint_event(std::uint64_t id) {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.config = id;
  UniqueFd event(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.valid()) {
    return std::unexpected(system_error("perf_event_open", errno));
  }
  return event;
}

}  // namespace tcptrace::kernel
