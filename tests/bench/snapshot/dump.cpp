// SPDX-License-Identifier: GPL-2.0
// tcptrace_dump SOURCE ROUNDS: the sockets of this network namespace into memory, with their
// owners, again and again. Prints one JSON object.
#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/netns.h"
#include "host/socket_owners.h"
#include "kernel/socket_dump.h"

namespace {

using namespace tcptrace;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int fail(const Error& error) {
  fmt::print(stderr, "tcptrace_dump: {}\n", error.what);
  return 1;
}

int run(model::SocketSource source, int rounds) {
  const auto start = std::chrono::steady_clock::now();
  auto dump = kernel::SocketDump::open(
      {.filter = {}, .source = source, .read_owners = [](model::SocketOwners& owners) {
         return host::read_socket_owners("/", {}, owners);
       }});
  if (!dump) {
    return fail(dump.error());
  }
  const double open_seconds = seconds_since(start);
  struct stat status {};
  if (::stat("/proc/self/ns/net", &status) != 0) {
    return 1;
  }
  const std::vector<kernel::SocketNamespace> own = {
      {.inode = static_cast<std::uint32_t>(status.st_ino), .paths = {"/proc/self/ns/net"}}};
  std::vector<double> seconds;
  std::uint64_t sockets = 0;
  std::uint64_t owned = 0;
  for (int i = 0; i < rounds; ++i) {
    owned = 0;
    const auto before = std::chrono::steady_clock::now();
    const auto report = dump->dump(
        own, [&](const model::Socket& socket) { owned += socket.owner.has_value() ? 1 : 0; });
    seconds.push_back(seconds_since(before));
    if (!report) {
      return fail(report.error());
    }
    if (!report->unread.empty()) {
      return fail(report->unread.front().error);
    }
    sockets = report->sockets;
  }
  fmt::print("{{\"sockets\":{},\"owned\":{},\"open_seconds\":{:.6f},\"seconds\":[{:.6f}]}}\n",
             sockets, owned, open_seconds, fmt::join(seconds, ","));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string_view source = argc == 3 ? argv[1] : "";
    const int rounds = argc == 3 ? std::atoi(argv[2]) : 0;  // NOLINT(cert-err34-c)
    if ((source != "iter" && source != "netlink") || rounds < 1) {
      std::fputs("usage: tcptrace_dump iter|netlink ROUNDS\n", stderr);
      return 2;
    }
    return run(source == "iter" ? model::SocketSource::kIter : model::SocketSource::kNetlink,
               rounds);
  } catch (const std::exception& failure) {
    std::fputs(failure.what(), stderr);
    return 1;
  }
}
