// SPDX-License-Identifier: GPL-2.0
#include "stress/nft.h"

#include <cstdio>
#include <exception>

#include <fmt/core.h>

#include "stress/command.h"

namespace tcptrace::stress {
namespace {

std::string next_table() {
  static int count = 0;
  return "live" + std::to_string(++count);
}

std::string port_rule(std::string_view side, std::uint16_t port, std::string_view verdict) {
  return fmt::format("tcp {} {} {}", side, port, verdict);
}

}  // namespace

Nft::Nft(const Netns& netns, const Chain& chain, std::string_view rule)
    : netns_(netns), table_(next_table()) {
  const InNetns inside(netns_);
  run_or_throw(
      {"nft", "-f", "-"},
      fmt::format("table inet {} {{\nchain c {{\ntype {} hook {} priority {};\n{}\n}}\n}}\n",
                  table_, chain.type, chain.hook, chain.priority, rule));
}

Nft::~Nft() {
  if (!active_) {
    return;
  }
  try {
    remove();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "table %s stays: %s\n", table_.c_str(), error.what());
  }
}

void Nft::remove() {
  const InNetns inside(netns_);
  run_or_throw({"nft", "delete", "table", "inet", table_});
  active_ = false;
}

std::string to_port(std::uint16_t port, std::string_view verdict) {
  return port_rule("dport", port, verdict);
}
std::string from_port(std::uint16_t port, std::string_view verdict) {
  return port_rule("sport", port, verdict);
}

}  // namespace tcptrace::stress
