// SPDX-License-Identifier: GPL-2.0
#include "cli/help.h"

namespace tcptrace::cli {
namespace {

constexpr std::string_view kGenerateHead =
    R"(Usage: tcptrace generate haproxy|nginx [OPTIONS]

Prints the configuration of a load balancer for the given backends. Its timeouts
fit each other and those of the backends, so that no timeout makes the proxy
send a request on a connection that the backend is just closing: above each that
has to fit another stands their relation, and what it prevents. Times that
contradict each other are refused. Needs no privileges, and sends nothing but
for --probe-backends.
)";

constexpr std::string_view kGenerateTail =
    R"(
Examples:
  tcptrace generate haproxy --backend 10.0.0.5:8080 --backend 10.0.0.6:8080,2 \
      --backend-keepalive 60s --health-check /healthz -o haproxy.cfg
  tcptrace generate nginx --backend '[2001:db8::5]:8080' --probe-backends
  sudo tcptrace generate nginx --backend 10.0.0.5:8080 --watch-backends 5m
  tcptrace generate haproxy --backend 10.0.0.5:443 --tls-passthrough \
      --proxy-protocol send

Exit status: 0 done; 1 failed, such as a backend that cannot be probed, or ended
while one was; 2 bad usage, or times that contradict each other. More in
tcptrace(8).
)";

}  // namespace

std::string generate_help(const CommandLine& line) {
  return line.help(kGenerateHead, kGenerateTail);
}

}  // namespace tcptrace::cli
