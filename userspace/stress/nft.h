// SPDX-License-Identifier: GPL-2.0
// nftables rules in a namespace for the length of a scope.
#pragma once

#include <string>
#include <string_view>

#include "stress/netns.h"

namespace tcptrace::stress {

class Nft {
 public:
  struct Chain {
    std::string_view type;  // "filter", "nat"
    std::string_view hook;
    int priority;
  };
  // One rule in a fresh chain.
  Nft(const Netns& netns, const Chain& chain, std::string_view rule);
  // In a filter chain on `hook` ("input", "output", "prerouting"): Nft(ns, "input", "tcp dport 80
  // drop").
  Nft(const Netns& netns, std::string_view hook, std::string_view rule)
      : Nft(netns, Chain{.type = "filter", .hook = hook, .priority = 0}, rule) {}
  ~Nft();
  Nft(const Nft&) = delete;
  Nft& operator=(const Nft&) = delete;
  void remove();  // before the scope's end

 private:
  const Netns& netns_;
  std::string table_;
  bool active_ = true;
};

// "tcp dport PORT VERDICT"
[[nodiscard]] std::string to_port(std::uint16_t port, std::string_view verdict = "drop");
[[nodiscard]] std::string from_port(std::uint16_t port, std::string_view verdict = "drop");

}  // namespace tcptrace::stress
