// SPDX-License-Identifier: GPL-2.0
// Network namespaces without names: each lives as long as a small process of ours holds it, so
// nothing is left on the machine however the tests end, and every tracer can find it through /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace tcptrace::stress {

class Netns {
 public:
  Netns();
  ~Netns();
  Netns(const Netns&) = delete;
  Netns& operator=(const Netns&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint32_t inode() const { return inode_; }
  [[nodiscard]] pid_t holder() const { return holder_; }

  // A counter of /proc/net/snmp or /proc/net/netstat: counter("Tcp", "OutRsts"). Throws if there is
  // none.
  [[nodiscard]] std::uint64_t counter(std::string_view group, std::string_view name) const;

 private:
  pid_t holder_ = -1;
  UniqueFd fd_;
  std::uint32_t inode_ = 0;
};

// The calling thread is in the namespace until the end of the scope.
class InNetns {
 public:
  explicit InNetns(const Netns& target);
  ~InNetns();
  InNetns(const InNetns&) = delete;
  InNetns& operator=(const InNetns&) = delete;

 private:
  UniqueFd before_;
};

// Sets /proc/sys/net/ipv4/NAME in a namespace and puts the old value back.
class Sysctl {
 public:
  Sysctl(const Netns& netns, std::string_view name, std::string_view value);
  ~Sysctl();
  Sysctl(const Sysctl&) = delete;
  Sysctl& operator=(const Sysctl&) = delete;
  [[nodiscard]] bool present() const { return present_; }  // false: this kernel has no such setting

 private:
  const Netns& netns_;
  std::string path_;
  std::string before_;
  bool present_ = false;
};

// A veth pair between two namespaces, an end in each with an IPv4 /24 and an IPv6 /64 address. Dies
// with the namespaces.
struct VethEnd {
  const Netns& netns;
  std::string ipv4;
  std::string ipv6;
};
inline constexpr std::string_view kVethName = "v0";
void join(const VethEnd& first, const VethEnd& second, std::string_view device = kVethName);
// `ip address WHAT` (add, replace, del) of an IPv4 address of the end, within the pair's /24.
void change_address(const Netns& netns, const std::string& what, std::string_view ipv4,
                    std::string_view device = kVethName);
void loopback_up(const Netns& netns);

}  // namespace tcptrace::stress
