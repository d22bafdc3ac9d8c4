// SPDX-License-Identifier: GPL-2.0
#include "recording.h"

#include <array>
#include <filesystem>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "host/procfs.h"
#include "kernel/sock_diag.h"
#include "kernel/socket_dump.h"

namespace tcptrace::recorder {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Of the settings, those that begin so: what TCP goes by.
struct Settings {
  std::string_view directory;
  std::string_view prefix;
};
constexpr auto kSettings = std::to_array<Settings>({{"proc/sys/net/core", ""},
                                                    {"proc/sys/net/ipv4", "ip_local_"},
                                                    {"proc/sys/net/ipv4", "tcp_"},
                                                    {"proc/sys/net/netfilter", "nf_conntrack_"}});
constexpr std::string_view kSecret = "tcp_fastopen_key";
constexpr auto kCounters = std::to_array<std::string_view>(
    {"dev", "netstat", "snmp", "sockstat", "sockstat6", "softnet_stat", "stat/nf_conntrack"});
constexpr auto kSurroundings = std::to_array<std::string_view>(
    {"proc/meminfo", "proc/sys/kernel/hostname", "proc/sys/kernel/osrelease",
     "proc/thread-self/net/tcp", "proc/thread-self/net/tcp6"});
constexpr auto kOfProcess = std::to_array<std::string_view>({"cgroup", "comm", "status"});

// JSON has characters, files have bytes.
std::string as_characters(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x80) {
      text += byte;
    } else {
      text += static_cast<char>(0xc0 | code >> 6U);
      text += static_cast<char>(0x80 | (code & 0x3fU));
    }
  }
  return text;
}

void record_file(const std::string& name, json& into) {
  if (const auto text = host::read_file("/" + name)) {
    into["files"][name] = as_characters(*text);
  }
}

void record_link(const std::string& name, json& into) {
  std::error_code missing;
  const fs::path target = fs::read_symlink("/" + name, missing);
  if (!missing) {
    into["links"][name] = as_characters(target.native());
  }
}

// None where there is no such directory.
std::vector<std::string> names_in(std::string_view directory) {
  std::vector<std::string> names;
  std::error_code missing;
  for (fs::directory_iterator it("/" / fs::path(directory), missing), end; !missing && it != end;
       it.increment(missing)) {
    if (!fs::is_directory(it->symlink_status(missing))) {
      names.push_back(it->path().filename().native());
    }
  }
  return names;
}

std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned>(byte));
  }
  return text;
}

json record_answer(kernel::DiagInfo info) {
  json datagrams = json::array();
  bool whole = true;
  const auto asked = kernel::ask_sock_diag(
      kernel::kAllSocketStates, info, [&](std::span<const std::byte> datagram) {
        datagrams.push_back(hexadecimal(datagram));
        const auto part =
            kernel::parse_sock_diag(datagram, kernel::kDiagSequence, 0, {}, [](model::Socket&) {});
        whole = whole && part.error == 0 && part.malformed == 0 && !part.interrupted;
        return part.done;
      });
  if (!asked || !whole) {
    throw std::runtime_error(asked ? "sock_diag's answer is not a whole one" : asked.error().what);
  }
  return datagrams;
}

}  // namespace

void record_counters(json& into) {
  into["boot_time_ns"] = boot_time().count();
  for (const std::string_view name : kCounters) {
    record_file(fmt::format("proc/thread-self/net/{}", name), into);
  }
}

void record_surroundings(json& into) {
  for (const std::string_view name : kSurroundings) {
    record_file(std::string(name), into);
  }
  for (const char* const name : {"proc/self/ns/pid", "proc/thread-self/ns/net"}) {
    record_link(name, into);
  }
  for (const auto& [directory, prefix] : kSettings) {
    for (const std::string& name : names_in(directory)) {
      if (name.starts_with(prefix) && name != kSecret) {
        record_file(fmt::format("{}/{}", directory, name), into);
      }
    }
  }
}

void record_process(pid_t pid, json& into) {
  const std::string directory = fmt::format("proc/{}", pid);
  for (const std::string_view name : kOfProcess) {
    record_file(fmt::format("{}/{}", directory, name), into);
  }
  record_link(directory + "/ns/net", into);
  for (const std::string& fd : names_in(directory + "/fd")) {
    record_link(fmt::format("{}/fd/{}", directory, fd), into);
  }
}

json record_sock_diag() {
  return {{"without_info", record_answer(kernel::DiagInfo::kNone)},
          {"with_info", record_answer(kernel::DiagInfo::kTcpInfo)}};
}

}  // namespace tcptrace::recorder
