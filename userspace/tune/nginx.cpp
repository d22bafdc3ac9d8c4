// SPDX-License-Identifier: GPL-2.0
// A configuration of nginx: the whole of nginx.conf. Written for 1.22, and what later versions
// still understand.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "base/text.h"
#include "tune/balancer.h"
#include "tune/config_text.h"

namespace tcptrace::tune {
namespace {

using model::Backend;
using model::BalancerMode;
using model::BalancerPlan;
using model::HealthCheck;

constexpr std::size_t kNginxIndent = 2;
constexpr std::uint64_t kSpareConnections = 64;
constexpr std::uint64_t kSmallestZoneKib = 64;
constexpr std::uint64_t kZoneKibOfBackend = 2;

std::uint64_t pool_connections(const BalancerPlan& plan) {
  return plan.pool ? std::uint64_t{plan.pool->size} * plan.request.backends.size() : 0;
}

void write_main(ConfigText& text, const BalancerPlan& plan) {
  const std::uint64_t connections =
      2 * std::uint64_t{plan.request.max_connections} + pool_connections(plan) + kSpareConnections;
  text.line(0, "user www-data;");
  text.line(0, "pid /run/nginx.pid;");
  text.line(0, "error_log /var/log/nginx/error.log;");
  if (plan.request.mode != BalancerMode::kHttp) {
    text.comment(0, "Debian has the stream module in a package of its own: libnginx-mod-stream.");
    text.line(0, "include /etc/nginx/modules-enabled/*.conf;");
  }
  text.line(0, "worker_processes auto;");
  text.comment(0, "Files for each connection, and for what a large answer is kept in meanwhile.");
  text.line(0, fmt::format("worker_rlimit_nofile {};", 2 * connections));
  text.line(0, "events {");
  text.comment(
      1, fmt::format("Of one worker, should it get all {} clients: each takes a second "
                     "connection, to its backend{}.",
                     plan.request.max_connections, plan.pool ? ", and the pool has its own" : ""));
  text.line(1, fmt::format("worker_connections {};", connections));
  text.line(0, "}");
  text.blank();
}

void write_upstream(ConfigText& text, const BalancerPlan& plan) {
  const model::BalancerRequest& request = plan.request;
  text.line(1, "upstream backends {");
  text.comment(2, "The workers count in common.");
  text.line(2, fmt::format("zone backends {}k;",
                           std::max(kSmallestZoneKib,
                                    kZoneKibOfBackend * std::uint64_t{request.backends.size()})));
  if (request.mode != BalancerMode::kHttp) {
    text.line(2, "least_conn;");
  }
  comment_on_names(text, 2, plan);
  std::string failing = " max_fails=0";
  if (request.health_check == HealthCheck::kNone) {
    text.comment(2, "--no-health-check: no backend is left out, whatever becomes of its requests.");
  } else {
    text.comment(2, fmt::format("nginx has no health checks of its own{}: it learns from requests "
                                "that fail which backend is down.",
                                request.health_check == HealthCheck::kHttp
                                    ? " (only the commercial one would ask for --health-check)"
                                    : ""));
    text.inequality(2, plan, "failures_within_fail_window");
    failing = fmt::format(" max_fails={} fail_timeout={}", plan.checks_to_fall,
                          time_text(plan.fail_window));
  }
  for (const Backend& backend : request.backends) {
    text.line(2, fmt::format("server {} weight={}{};",
                             host_and_port(backend.target.host, backend.target.port),
                             backend.weight, failing));
  }
  if (plan.pool) {
    text.comment(2, fmt::format("Idle connections that each worker keeps, to all backends "
                                "together: {} for each.",
                                plan.pool->size));
    text.line(2, fmt::format("keepalive {};", pool_connections(plan)));
    text.inequality(2, plan, "pool_idle_below_backend_keepalive");
    text.line(2, fmt::format("keepalive_timeout {};", time_text(plan.pool->idle)));
  }
  text.line(1, "}");
}

void write_retries(ConfigText& text, const BalancerPlan& plan) {
  const bool http = plan.request.mode == BalancerMode::kHttp;
  if (plan.request.retries == 0) {
    text.line(2, "proxy_next_upstream off;");
    return;
  }
  if (http) {
    text.comment(2,
                 "What failed is asked again at the next backend, but not what may have been done: "
                 "a POST that was sent is not (that would be non_idempotent).");
    text.line(2, "proxy_next_upstream error timeout;");
  } else {
    text.line(2, "proxy_next_upstream on;");
  }
  text.line(2, fmt::format("proxy_next_upstream_tries {};", plan.attempts()));
  const auto limit = http ? plan.response_timeout : plan.connect_timeout * plan.attempts();
  text.line(2, fmt::format("proxy_next_upstream_timeout {};", time_text(limit)));
}

void write_listen(ConfigText& text, const BalancerPlan& plan) {
  const model::BalancerRequest& request = plan.request;
  std::string options = request.mode == BalancerMode::kHttp ? "" : " so_keepalive=on";
  options += request.accept_proxy ? " proxy_protocol" : "";
  if (request.accept_proxy) {
    text.comment(2,
                 "Everybody who can connect can claim to be any client: only the load balancer "
                 "before this one may.");
  }
  if (request.listen_host.empty()) {
    text.line(2, fmt::format("listen {}{};", request.listen_port, options));
    text.line(2, fmt::format("listen [::]:{}{};", request.listen_port, options));
  } else {
    text.line(2, fmt::format("listen {}{};",
                             host_and_port(request.listen_host, request.listen_port), options));
  }
  if (request.accept_proxy) {
    text.line(2, "set_real_ip_from 0.0.0.0/0;");
    text.line(2, "set_real_ip_from ::/0;");
  }
  if (request.accept_proxy && request.mode == BalancerMode::kHttp) {
    text.line(2, "real_ip_header proxy_protocol;");
  }
}

void write_location(ConfigText& text, const BalancerPlan& plan) {
  text.line(2, "location / {");
  text.line(3, "proxy_pass http://backends;");
  text.line(3, "proxy_http_version 1.1;");
  text.line(3, "proxy_set_header Host $host_to_backend;");
  text.line(3, "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;");
  text.line(3, "proxy_set_header X-Forwarded-Proto $forwarded_proto;");
  text.line(3, "proxy_set_header Upgrade $http_upgrade;");
  if (plan.pool) {
    text.comment(3,
                 "Empty, unless the client upgrades: \"close\", the default, would end the pool.");
  }
  text.line(3, "proxy_set_header Connection $connection_to_backend;");
  text.line(2, "}");
}

void write_http_server(ConfigText& text, const BalancerPlan& plan) {
  text.line(1, "server {");
  write_listen(text, plan);
  text.inequality(2, plan, "client_idle_below_client_keepalive");
  text.line(2, fmt::format("keepalive_timeout {};", time_text(plan.client_keepalive)));
  text.comment(2,
               "For the head of a request, of the first one from the connect on: no client may "
               "trickle it in.");
  text.line(2, fmt::format("client_header_timeout {};", time_text(plan.header_timeout)));
  text.line(2, fmt::format("client_body_timeout {};", time_text(plan.response_timeout)));
  text.line(2, fmt::format("send_timeout {};", time_text(plan.response_timeout)));
  text.comment(2, "How large a request may be is the backends' to say.");
  text.line(2, "client_max_body_size 0;");
  text.inequality(2, plan, "connect_attempts_within_response_timeout");
  text.line(2, fmt::format("proxy_connect_timeout {};", time_text(plan.connect_timeout)));
  text.comment(
      2, "Between two reads. Of an upgraded connection too: a WebSocket has to ping more often.");
  text.line(2, fmt::format("proxy_read_timeout {};", time_text(plan.response_timeout)));
  text.line(2, fmt::format("proxy_send_timeout {};", time_text(plan.response_timeout)));
  write_retries(text, plan);
  write_location(text, plan);
  text.line(1, "}");
}

void write_http(ConfigText& text, const BalancerPlan& plan) {
  text.line(0, "http {");
  text.line(1,
            R"(log_format balancer '$remote_addr [$time_iso8601] "$request" $status '
                      '$upstream_addr $upstream_status $upstream_connect_time $upstream_response_time';)");
  text.line(1, "access_log /var/log/nginx/access.log balancer;");
  text.line(1, "map $http_upgrade $connection_to_backend {");
  text.line(2, "default upgrade;");
  text.line(2, plan.pool ? R"("" "";)" : R"("" close;)");
  text.line(1, "}");
  text.comment(1, "HTTP/1.0 may come without a Host; HTTP/1.1 may not.");
  text.line(1, "map $http_host $host_to_backend {");
  text.line(2, "default $http_host;");
  text.line(2, R"("" backends;)");
  text.line(1, "}");
  comment_on_forwarded_proto(text, 1);
  text.line(1, "map $http_x_forwarded_proto $forwarded_proto {");
  text.line(2, "default $http_x_forwarded_proto;");
  text.line(2, R"("" $scheme;)");
  text.line(1, "}");
  if (!plan.pool) {
    text.comment(1, fmt::format("No connection to a backend waits for a second request ({}): there "
                                "is nothing to close too early.",
                                plan.no_pool_because));
  }
  write_upstream(text, plan);
  write_http_server(text, plan);
  text.line(0, "}");
}

void write_stream_server(ConfigText& text, const BalancerPlan& plan) {
  const bool tls = plan.request.mode == BalancerMode::kTlsPassthrough;
  text.line(1, "server {");
  write_listen(text, plan);
  if (tls) {
    text.comment(2, "The ClientHello is read for its name, for the log, and passed on as it came.");
    text.line(2, "ssl_preread on;");
    text.line(2, fmt::format("preread_timeout {};", time_text(plan.header_timeout)));
  }
  text.line(2, "proxy_pass backends;");
  if (plan.request.send_proxy) {
    text.line(2, "proxy_protocol on;");
  }
  text.line(2, fmt::format("proxy_connect_timeout {};", time_text(plan.connect_timeout)));
  text.inequality(2, plan, "client_idle_below_backend_keepalive");
  text.inequality(2, plan, "ends_idle_below_proxy_timeout");
  comment_on_idle_ends(text, 2, plan);
  text.line(2, fmt::format("proxy_timeout {};", time_text(plan.tunnel_timeout)));
  text.comment(
      2,
      "As so_keepalive above: so the kernel finds out about an end that has gone without a "
      "word.");
  text.line(2, "proxy_socket_keepalive on;");
  write_retries(text, plan);
  text.line(1, "}");
}

void write_stream(ConfigText& text, const BalancerPlan& plan) {
  const bool tls = plan.request.mode == BalancerMode::kTlsPassthrough;
  text.line(0, "stream {");
  text.line(1, fmt::format("log_format balancer '$remote_addr [$time_iso8601] $status "
                           "$upstream_addr $bytes_sent $bytes_received $session_time{}';",
                           tls ? " SNI $ssl_preread_server_name" : ""));
  text.line(1, "access_log /var/log/nginx/stream.log balancer;");
  write_upstream(text, plan);
  write_stream_server(text, plan);
  text.line(0, "}");
}

}  // namespace

std::string nginx_config(const BalancerPlan& plan) {
  ConfigText text(kNginxIndent);
  text.header(plan, "nginx -t -c FILE");
  write_main(text, plan);
  if (plan.request.mode == BalancerMode::kHttp) {
    write_http(text, plan);
  } else {
    write_stream(text, plan);
  }
  return text.take();
}

}  // namespace tcptrace::tune
