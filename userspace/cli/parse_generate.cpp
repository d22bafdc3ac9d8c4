// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <cctype>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/parse_choice.h"
#include "cli/parse_commands.h"
#include "cli/parse_output.h"
#include "cli/parse_values.h"
#include "model/balancer.h"
#include "tune/balancer.h"

namespace tcptrace::cli {
namespace {

using model::BalancerKind;
using model::BalancerMode;
using std::chrono::milliseconds;

constexpr Choices<BalancerKind, 2> kKinds{
    {{"haproxy", BalancerKind::kHaproxy}, {"nginx", BalancerKind::kNginx}}};
constexpr Choices<BalancerMode, 2> kBalancerModes{
    {{"http", BalancerMode::kHttp}, {"tcp", BalancerMode::kTcp}}};

struct ProxyProtocol {
  bool send = false;
  bool accept = false;
};
constexpr Choices<ProxyProtocol, 3> kProxyProtocols{
    {{"send", {.send = true}}, {"accept", {.accept = true}}, {"both", {true, true}}}};

constexpr std::uint32_t kMaxWeight = 256;  // haproxy's
constexpr std::uint32_t kMaxPool = 65536;
constexpr std::uint32_t kMaxRetries = 100;
constexpr std::uint32_t kMaxClients = 1U << 20;
// haproxy keeps its timers in 31 bits of milliseconds.
constexpr milliseconds kMaxTime = std::chrono::hours(24);
constexpr milliseconds kMinTime(1);
constexpr milliseconds kMinPatience(100);
constexpr milliseconds kMinWatch(1000);
constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kTlsPort = 443;

struct GenerateArguments {
  CommonFlags common;
  Values kind, backends, keepalive, probe_limit, watch, listen, mode, health_check, pool, pool_idle;
  Values client_idle, connect_timeout, response_timeout, retries, proxy_protocol, max_connections;
  Values output;
  bool probe = false, tls_passthrough = false, no_health_check = false;
};

void declare_backends(CommandLine& line, GenerateArguments& arguments) {
  line.group("Backends");
  line.add_value("--backend", arguments.backends, "HOST:PORT[,WEIGHT]",
                 "a backend, by name or address, and its share of the requests from 1 to 256; may "
                 "be repeated");
  line.add_value("--backend-keepalive", arguments.keepalive, "TIME",
                 "how long the backends keep an idle connection; assumed to be 5s unless given or "
                 "measured");
  line.add_flag("--probe-backends", arguments.probe,
                "measure that: one request to each backend, and a wait until it closes");
  line.add_value("--probe-limit", arguments.probe_limit, "TIME",
                 "wait no longer than this for it; the default is 75s");
  line.add_value("--watch-backends", arguments.watch, "TIME",
                 "measure it without a request: watch for so long how the connections end that "
                 "this host has to them");
  line.add_value("--health-check", arguments.health_check, "PATH",
                 "check by a GET of this path (haproxy); the default is to connect only");
  line.add_flag("--no-health-check", arguments.no_health_check,
                "no checks, and no backend is taken for down");
  line.add_value("--keepalive-pool", arguments.pool, "N",
                 "idle connections to keep to each backend; 0: none; the default is 32");
  line.add_value("--pool-idle", arguments.pool_idle, "TIME",
                 "for so long; the default is as long as the backends allow, up to 60s");
}

void declare_clients(CommandLine& line, GenerateArguments& arguments) {
  line.group("Clients");
  line.add_value("--listen", arguments.listen, "[ADDRESS:]PORT",
                 "the default is port 80 of all addresses, 443 with --tls-passthrough");
  line.add_value("--mode", arguments.mode, "MODE", "http (the default) or tcp");
  line.add_flag("--tls-passthrough", arguments.tls_passthrough,
                "TCP mode for TLS, which the backends end: nothing of it is changed");
  line.add_value("--proxy-protocol", arguments.proxy_protocol, "WAY",
                 "the client's address before the data: send it to the backends, accept it from "
                 "the load balancer before this one, or both");
  line.add_value("--client-idle", arguments.client_idle, "TIME",
                 "how long clients, or the load balancer before this one, keep an idle connection; "
                 "the default is 60s with HTTP");
  line.add_value("--max-connections", arguments.max_connections, "N",
                 "clients at once; the default is 4096");
}

void declare_generate(CommandLine& line, GenerateArguments& arguments) {
  line.group("Options");
  line.add_operands(arguments.kind);
  declare_backends(line, arguments);
  declare_clients(line, arguments);
  line.group("Requests");
  line.add_value("--connect-timeout", arguments.connect_timeout, "TIME",
                 "how long a connect to a backend may take; the default is 4s");
  line.add_value(
      "--response-timeout", arguments.response_timeout, "TIME",
      "how long a backend may be silent before and within its answer; the default is 30s");
  line.add_value(
      "--retries", arguments.retries, "N",
      "further attempts, at other backends; only of what may be asked twice, once it was "
      "sent; the default is 2");
  line.group("Output");
  declare_path(line, arguments.output);
  line.add_common(arguments.common);
}

auto time_parser(milliseconds shortest) {
  return [shortest](std::string_view text) -> Result<milliseconds> {
    const auto time = parse_duration(text);
    if (!time) {
      return std::unexpected(time.error());
    }
    const auto rounded = std::chrono::round<milliseconds>(*time);
    if (rounded < shortest || rounded > kMaxTime) {
      return std::unexpected(usage_error(
          fmt::format("{} is not a time from {}ms to 24h", quote(text), shortest.count())));
    }
    return rounded;
  };
}

auto number_parser(std::uint32_t min, std::uint32_t max) {
  return [min, max](std::string_view text) { return parse_number_between(text, min, max); };
}

// RFC 1123, 2.1, and the underscore that is in use. No name ends in a label of digits: that is an
// address, and a wrong one.
bool is_host_name(std::string_view name) {
  constexpr std::size_t kMaxName = 253;
  constexpr std::size_t kMaxLabel = 63;
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  if (name.size() > kMaxName || std::ranges::all_of(name.substr(name.rfind('.') + 1), is_digit)) {
    return false;
  }
  for (;;) {
    const std::string_view label = name.substr(0, name.find('.'));
    const bool letters = std::ranges::all_of(label, [](unsigned char c) {
      return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
    });
    if (label.empty() || label.size() > kMaxLabel || !letters || label.front() == '-' ||
        label.back() == '-') {
      return false;
    }
    if (label.size() == name.size()) {
      return true;
    }
    name.remove_prefix(label.size() + 1);
  }
}

// As it is compared; empty: neither an address nor a name.
std::string canonical_host(std::string_view host) {
  if (std::string address = canonical_address(host); !address.empty()) {
    return address;
  }
  std::string name(host);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return is_host_name(name) ? name : std::string();
}

bool is_address(std::string_view host) { return !canonical_address(host).empty(); }

Result<model::Backend> parse_backend(std::string_view text) {
  const std::size_t comma = std::min(text.find(','), text.size());
  auto target = parse_target(text.substr(0, comma));
  if (!target) {
    return std::unexpected(target.error());
  }
  model::Backend backend{.target = *std::move(target)};
  std::string host = canonical_host(backend.target.host);
  if (host.empty()) {
    return std::unexpected(usage_error(
        fmt::format("{} is neither an address nor a name", quote(backend.target.host))));
  }
  backend.target.host = std::move(host);
  backend.is_name = !is_address(backend.target.host);
  if (comma < text.size()) {
    const auto weight = number_parser(1, kMaxWeight)(text.substr(comma + 1));
    if (!weight) {
      Error error = weight.error();
      return std::unexpected(error.within("weight"));
    }
    backend.weight = *weight;
  }
  return backend;
}

Result<void> take_backends(const GenerateArguments& given, model::BalancerRequest& request) {
  if (given.backends.empty()) {
    return std::unexpected(
        usage_error("generate: needs a backend", "give --backend HOST:PORT, once for each"));
  }
  for (const std::string& text : given.backends) {
    auto backend = parse_backend(text);
    if (!backend) {
      return std::unexpected(backend.error().within("--backend"));
    }
    const bool twice = std::ranges::any_of(request.backends, [&](const model::Backend& other) {
      return other.target == backend->target;
    });
    if (twice) {
      return std::unexpected(usage_error(fmt::format("--backend: {} is given twice", quote(text)),
                                         "give one with a weight of its own: HOST:PORT,2"));
    }
    request.backends.push_back(*std::move(backend));
  }
  return {};
}

Result<void> take_kind(const GenerateArguments& given, model::BalancerRequest& request) {
  if (given.kind.size() != 1) {
    return std::unexpected(usage_error(given.kind.empty() ? "generate: needs haproxy or nginx"
                                                          : "generate: takes one of haproxy, nginx",
                                       "see tcptrace generate --help"));
  }
  return take_value("generate", given.kind, request.kind,
                    [](std::string_view text) { return parse_choice(text, kKinds); });
}

// "80", "192.0.2.1:80", "[::1]:80"
Result<model::Target> parse_listen(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool port_only = colon == std::string_view::npos || colon == 0;
  auto target =
      parse_target(port_only ? fmt::format("all:{}", text.substr(colon + 1)) : std::string(text));
  if (!target || (!port_only && !is_address(target->host))) {
    return std::unexpected(
        usage_error(fmt::format("{} is not [ADDRESS:]PORT", quote(text)),
                    "a port is from 1 to 65535, and an IPv6 address goes in brackets: [::1]:80"));
  }
  target->host = port_only ? "" : canonical_host(target->host);
  return target;
}

Result<void> take_listen(const GenerateArguments& given, model::BalancerRequest& request) {
  model::Target listen;
  listen.port = request.mode == BalancerMode::kTlsPassthrough ? kTlsPort : kHttpPort;
  if (request.mode == BalancerMode::kTcp && given.listen.empty()) {
    return std::unexpected(usage_error("--mode tcp: has no port of its own", "give --listen PORT"));
  }
  auto taken = take_value("--listen", given.listen, listen, parse_listen);
  request.listen_host = listen.host;
  request.listen_port = listen.port;
  return taken;
}

Result<void> take_mode(const GenerateArguments& given, model::BalancerRequest& request) {
  if (given.tls_passthrough && !given.mode.empty() && given.mode.back() == "http") {
    return std::unexpected(usage_error("--tls-passthrough: what HTTP is in there cannot be seen",
                                       "leave out --mode http"));
  }
  auto taken = take_value("--mode", given.mode, request.mode,
                          [](std::string_view text) { return parse_choice(text, kBalancerModes); });
  if (given.tls_passthrough) {
    request.mode = BalancerMode::kTlsPassthrough;
  }
  return taken;
}

Result<void> take_health_check(const GenerateArguments& given, model::BalancerRequest& request) {
  if (given.no_health_check && !given.health_check.empty()) {
    return std::unexpected(usage_error("--health-check and --no-health-check exclude each other"));
  }
  if (given.no_health_check) {
    request.health_check = model::HealthCheck::kNone;
  } else if (!given.health_check.empty()) {
    request.health_check = model::HealthCheck::kHttp;
  }
  return take_value("--health-check", given.health_check, request.health_path, parse_http_path);
}

Result<void> take_keepalive(const GenerateArguments& given, GenerateOptions& options) {
  model::BackendKeepalive& keepalive = options.balancer.backend_keepalive;
  options.probe_backends = given.probe;
  keepalive.value = tune::kAssumedKeepalive;
  if (int{given.probe} + int{!given.keepalive.empty()} + int{!given.watch.empty()} > 1) {
    return std::unexpected(usage_error(
        "--backend-keepalive, --probe-backends and --watch-backends exclude each other"));
  }
  if (!given.probe && !given.probe_limit.empty()) {
    return std::unexpected(usage_error("--probe-limit: nothing is probed", "add --probe-backends"));
  }
  if (given.probe && options.balancer.mode != BalancerMode::kHttp) {
    return std::unexpected(usage_error("--probe-backends: asks over HTTP, and this is TCP mode",
                                       "give --backend-keepalive or --watch-backends"));
  }
  if (!given.keepalive.empty()) {
    keepalive.source = model::BackendKeepalive::Source::kGiven;
  }
  return first_failure(
      {take_value("--backend-keepalive", given.keepalive, keepalive.value, time_parser(kMinTime)),
       take_value("--probe-limit", given.probe_limit, options.probe_limit,
                  time_parser(kMinPatience)),
       take_value("--watch-backends", given.watch, options.watch_backends,
                  time_parser(kMinWatch))});
}

Result<void> take_numbers(const GenerateArguments& given, model::BalancerRequest& request) {
  ProxyProtocol proxy;
  auto taken = first_failure(
      {take_value("--keepalive-pool", given.pool, request.keepalive_pool,
                  number_parser(0, kMaxPool)),
       take_value("--pool-idle", given.pool_idle, request.pool_idle, time_parser(kMinTime)),
       take_value("--client-idle", given.client_idle, request.client_idle, time_parser(kMinTime)),
       take_value("--connect-timeout", given.connect_timeout, request.connect_timeout,
                  time_parser(kMinPatience)),
       take_value("--response-timeout", given.response_timeout, request.response_timeout,
                  time_parser(kMinPatience)),
       take_value("--retries", given.retries, request.retries, number_parser(0, kMaxRetries)),
       take_value("--max-connections", given.max_connections, request.max_connections,
                  number_parser(1, kMaxClients)),
       take_value("--proxy-protocol", given.proxy_protocol, proxy,
                  [](std::string_view text) { return parse_choice(text, kProxyProtocols); })});
  request.send_proxy = proxy.send;
  request.accept_proxy = proxy.accept;
  return taken;
}

}  // namespace

Result<Command> parse_generate(std::span<const char* const> arguments) {
  CommandLine line;
  GenerateArguments given;
  declare_generate(line, given);
  return parse_command(line, arguments, given.common, generate_help, [&]() -> Result<Command> {
    GenerateOptions options;
    model::BalancerRequest& request = options.balancer;
    // One after the other: later ones look at what earlier ones have taken.
    auto taken = take_kind(given, request);
    for (const auto& take :
         {take_backends, take_mode, take_listen, take_health_check, take_numbers}) {
      taken = taken ? take(given, request) : taken;
    }
    taken = taken ? take_keepalive(given, options) : taken;
    taken = taken ? take_value("--output", given.output, options.output, parse_path) : taken;
    if (!taken) {
      return std::unexpected(taken.error());
    }
    if (options.output == "-") {
      options.output.reset();
    }
    return options;
  });
}

}  // namespace tcptrace::cli
