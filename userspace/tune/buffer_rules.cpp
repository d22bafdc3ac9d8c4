// SPDX-License-Identifier: GPL-2.0
// Buffers of sockets, and the memory of all of them.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "tune/rule.h"
#include "tune/rule_words.h"

namespace tcptrace::tune {
namespace {

using model::TuneProfile;

constexpr std::string_view kRmemMax = "net.core.rmem_max";
constexpr std::string_view kWmemMax = "net.core.wmem_max";
constexpr std::string_view kTcpRmem = "net.ipv4.tcp_rmem";
constexpr std::string_view kTcpWmem = "net.ipv4.tcp_wmem";
constexpr std::string_view kTcpMem = "net.ipv4.tcp_mem";
constexpr std::string_view kModerate = "net.ipv4.tcp_moderate_rcvbuf";

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kHugeMax = 64 * kMiB;
constexpr std::uint64_t kHugeInitial = kMiB;
constexpr std::uint64_t kOldMax = 212'992;
// Of those received; below that, drops are an accident.
constexpr std::uint64_t kDropsPerMillion = 10;

bool is_server(const View& view) {
  return view.is(TuneProfile::kWeb) || view.is(TuneProfile::kProxy);
}

std::uint64_t usual_core_max(const View& view) {
  return view.kernel_at_least(6, 18) ? 4 * kMiB : kOldMax;
}

Opinion judge_core_max(const View& view, std::string_view name, std::string_view option) {
  const auto current = view.number(name);
  if (!current) {
    return not_understood();
  }
  const std::uint64_t usual = usual_core_max(view);
  const std::string risk = fmt::format(
      "A program that sets {} gets less, and then for sure no "
      "autotuning.",
      option);
  if (*current > kHugeMax) {
    return put_back(view, name, fmt::format("{}", usual), view.memory_pressure(),
                    fmt::format("It makes nothing faster: it bounds what a program may ask for by "
                                "{}, which switches autotuning off. Autotuning goes up to the last "
                                "number of tcp_rmem and tcp_wmem.",
                                option),
                    risk);
  }
  if (view.is(TuneProfile::kLowMemory) && *current > kOldMax) {
    return general_advice(fmt::format("{}", kOldMax),
                          fmt::format("A program may ask for less memory by {}.", option), risk);
  }
  if (is_server(view) && *current < std::min(usual, kOldMax)) {
    return general_advice(fmt::format("{}", usual), "Below the kernel's default.",
                          "More memory for a program that asks for it.");
  }
  return stays(fmt::format("bounds {} only; autotuning does not go by it", option));
}

Opinion judge_rmem_max(const View& view) { return judge_core_max(view, kRmemMax, "SO_RCVBUF"); }
Opinion judge_wmem_max(const View& view) { return judge_core_max(view, kWmemMax, "SO_SNDBUF"); }

// As tcp_init() in net/ipv4/tcp.c computes them.
Triple usual_buffers(const View& view, std::string_view name) {
  const bool receive = name == kTcpRmem;
  const std::uint64_t most = !receive ? 4 * kMiB : (view.kernel_at_least(6, 16) ? 32 : 6) * kMiB;
  const std::uint64_t share = view.host().memory_bytes / 128;
  const std::uint64_t initial = receive ? 131'072 : 16 * kKiB;
  const std::uint64_t least = receive ? initial : 64 * kKiB;
  return {view.host().page_bytes, initial, share == 0 ? most : std::clamp(share, least, most)};
}

std::string pruned_text(std::uint64_t dropped, std::uint64_t received) {
  return fmt::format(
      "{} of {} segments received were dropped for want of buffer (RcvPruned, "
      "TCPRcvQDrop)",
      grouped(dropped), grouped(received));
}

struct Buffers {
  std::string_view name;
  Triple current;
  Triple usual;
};

// Empty: the profile has nothing to say.
Opinion buffers_of_profile(const View& view, const Buffers& buffers) {
  const std::uint64_t little = buffers.name == kTcpRmem ? 2 * kMiB : kMiB;
  Triple wanted = buffers.current;
  if (view.is(TuneProfile::kLowMemory) && wanted[2] > little && wanted[1] <= little) {
    wanted[2] = little;
    return general_advice(triple_text(wanted), "Bounds what one connection can hold.",
                          "Less throughput over long paths: one window each round trip.");
  }
  if (is_server(view) && wanted[2] < buffers.usual[2]) {
    wanted[2] = buffers.usual[2];
    return general_advice(triple_text(wanted),
                          "Autotuning may go as far as the kernel's default lets it.",
                          "More memory for connections that can use it.");
  }
  return {};
}

Opinion judge_buffers(const View& view, std::string_view name) {
  const auto current = view.triple(name);
  if (!current) {
    return not_understood();
  }
  const Buffers buffers{.name = name, .current = *current, .usual = usual_buffers(view, name)};
  const std::string usual = triple_text(buffers.usual);
  const auto pressure = view.memory_pressure();
  if (!pressure.empty() && (*current)[2] > buffers.usual[2]) {
    return put_back(view, name, usual, pressure,
                    "The memory of TCP was short, and each connection may take more than by "
                    "default.",
                    "Less throughput over paths that need larger windows.");
  }
  if ((*current)[1] > kHugeInitial) {
    return put_back(view, name, usual, pressure,
                    "The second number is what every connection begins with; it is the third up "
                    "to which autotuning goes.",
                    "None known.");
  }
  const std::uint64_t received = view.counter("Tcp.InSegs");
  const std::uint64_t dropped =
      view.counter("TcpExt.RcvPruned") + view.counter("TcpExt.TCPRcvQDrop");
  const bool many = dropped != 0 && dropped * 1'000'000 >= received * kDropsPerMillion;
  if (name == kTcpRmem && many && (*current)[2] < buffers.usual[2] && pressure.empty()) {
    Triple more = *current;
    more[2] = buffers.usual[2];
    return {.proposed = triple_text(more),
            .evidence = {pruned_text(dropped, received), not_default(view.text(name), usual)},
            .reason =
                "Segments that had arrived were thrown away, because autotuning may not go "
                "as far as by default.",
            .risk = "More memory for connections that can use it."};
  }
  if (Opinion of_profile = buffers_of_profile(view, buffers); !of_profile.proposed.empty()) {
    return of_profile;
  }
  return stays(
      name == kTcpRmem && many
          ? pruned_text(dropped, received) +
                ", but autotuning may go as far as by default: the programs read too slowly"
          : "memory was not short, and autotuning has room");
}

Opinion judge_rmem(const View& view) { return judge_buffers(view, kTcpRmem); }
Opinion judge_wmem(const View& view) { return judge_buffers(view, kTcpWmem); }

Opinion judge_moderate_rcvbuf(const View& view) {
  const auto current = view.number(kModerate);
  if (!current) {
    return not_understood();
  }
  if (*current != 0) {
    return stays("on: receive buffers grow as the path needs it");
  }
  std::vector<std::string> evidence;
  view.add_counter(evidence, "TcpExt.PruneCalled");
  view.add_counter(evidence, "TcpExt.TCPRcvQDrop");
  return put_back(view, kModerate, "1", std::move(evidence),
                  "Without autotuning every connection keeps the receive buffer that it began "
                  "with, and that bounds its throughput.",
                  "Connections that can use it take more memory, up to the last number of "
                  "tcp_rmem.");
}

// As tcp_init_mem() in net/ipv4/tcp.c computes it, about: it takes the pages that were free then.
Triple usual_memory(std::uint64_t pages) {
  const std::uint64_t pressure = std::max<std::uint64_t>(pages / 16, 128);
  return {pressure / 4 * 3, pressure, pressure / 4 * 3 * 2};
}

Opinion judge_mem(const View& view) {
  const auto current = view.triple(kTcpMem);
  const std::uint64_t pages = view.host().memory_bytes / std::max(view.host().page_bytes, 1U);
  if (!current || pages == 0) {
    return not_understood();
  }
  const Triple usual = usual_memory(pages);
  const std::string total = fmt::format("this machine has {} pages", grouped(pages));
  auto pressure = view.memory_pressure();
  if (!pressure.empty() && (*current)[1] * 5 < usual[1] * 4) {
    pressure.push_back(total);
    return put_back(view, kTcpMem, triple_text(usual), std::move(pressure),
                    "Set by hand below what the kernel computes from the memory there is; at the "
                    "last number connections are reset.",
                    "TCP may take more memory from everything else.");
  }
  if ((*current)[2] > pages / 2) {
    return put_back(view, kTcpMem, triple_text(usual), {total},
                    "It counts pages, not bytes: TCP may fill more than half of the memory, none "
                    "of which can be swapped.",
                    "Connections are slowed down sooner when memory gets short.");
  }
  return stays("the kernel computed it from the memory there is, or it is not short");
}

constexpr std::array kBufferRules = {
    Rule{kRmemMax, judge_rmem_max,
         "socket(7), SO_RCVBUF; Documentation/admin-guide/sysctl/net.rst"},
    Rule{kWmemMax, judge_wmem_max,
         "socket(7), SO_SNDBUF; Documentation/admin-guide/sysctl/net.rst"},
    Rule{kTcpRmem, judge_rmem,
         "Documentation/networking/ip-sysctl.rst; tcp_init() in "
         "net/ipv4/tcp.c"},
    Rule{kTcpWmem, judge_wmem,
         "Documentation/networking/ip-sysctl.rst; tcp_init() in "
         "net/ipv4/tcp.c"},
    Rule{kModerate, judge_moderate_rcvbuf, kIpSysctl},
    Rule{kTcpMem, judge_mem, kIpSysctl},
};

}  // namespace

std::span<const Rule> buffer_rules() { return kBufferRules; }

}  // namespace tcptrace::tune
