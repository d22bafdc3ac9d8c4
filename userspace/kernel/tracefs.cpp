// SPDX-License-Identifier: GPL-2.0
#include "kernel/tracefs.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "kernel/private_mount.h"

namespace tcptrace::kernel {

Result<Tracefs> Tracefs::open() {
  for (const char* mounted : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    UniqueFd directory(::open(mounted, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory.valid() && ::faccessat(directory.get(), "events", F_OK, 0) == 0) {
      return Tracefs(std::move(directory));
    }
  }
  UniqueFd directory = mount_private("tracefs");
  if (!directory.valid()) {
    return std::unexpected(system_error("cannot open tracefs", errno));
  }
  return Tracefs(std::move(directory));
}

Result<std::uint64_t> Tracefs::event_id(std::string_view group, std::string_view event) const {
  const std::string path =
      std::string("events/").append(group).append("/").append(event).append("/id");
  const auto text = read_line_at(directory_.get(), path.c_str());
  if (!text) {
    return std::unexpected(system_error("tracefs " + path, errno));
  }
  std::uint64_t id = 0;
  std::from_chars(text->data(), text->data() + text->size(), id);
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
