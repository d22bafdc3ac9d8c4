// SPDX-License-Identifier: GPL-2.0
// tcptrace_cycle: options in, one JSON object out.
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "cycle/cycle.h"

namespace {

using tcptrace::bench::Load;

int run(int argc, char** argv) {
  Load load;
  CLI::App app("Connections over loopback, each reset by its client.", "tcptrace_cycle");
  app.add_option("--cycles", load.cycles, "connections in all")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--rate", load.rate, "per second, at scheduled times; 0: as fast as they go")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--processes", load.processes, "pairs of a client and a server")
      ->check(CLI::Range(1, 64));
  app.add_option("--addresses", load.addresses, "from 127.0.0.1 on")->check(CLI::Range(1, 1 << 16));
  app.add_flag("--accepted", load.accepted, "reset a connection once it is accepted, not at once");
  CLI11_PARSE(app, argc, argv);

  const auto outcome = tcptrace::bench::run(load);
  if (!outcome) {
    fmt::print(stderr, "tcptrace_cycle: {}\n", outcome.error().what);
    return 1;
  }
  fmt::print("{{\"cycles\":{},\"seconds\":{:.6f},\"rate\":{:.1f},\"cpu_seconds\":{:.6f}}}\n",
             load.cycles, outcome->seconds, static_cast<double>(load.cycles) / outcome->seconds,
             outcome->cpu_seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::fputs(failure.what(), stderr);
    return 1;
  }
}
