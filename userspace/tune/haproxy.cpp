// SPDX-License-Identifier: GPL-2.0
// A configuration of haproxy. Written for 2.6, and what later versions still understand.
#include <algorithm>
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

constexpr std::size_t kHaproxyIndent = 4;
constexpr std::string_view kPooled = "pooled";
constexpr std::string_view kFresh = "fresh";
constexpr std::string_view kOnly = "servers";

void write_global(ConfigText& text, const BalancerPlan& plan) {
  text.line(0, "global");
  text.line(1, "log /dev/log local0");
  text.line(1, "chroot /var/lib/haproxy");
  text.line(1, "stats socket /run/haproxy/admin.sock mode 660 level admin");
  text.line(1, "user haproxy");
  text.line(1, "group haproxy");
  text.comment(1, "Clients at once. haproxy makes room for their connections to the backends too.");
  text.line(1, fmt::format("maxconn {}", plan.request.max_connections));
  text.blank();
}

void write_http_timeouts(ConfigText& text, const BalancerPlan& plan) {
  text.inequality(1, plan, "client_idle_below_client_keepalive");
  text.line(1, fmt::format("timeout http-keep-alive {}", time_text(plan.client_keepalive)));
  text.inequality(1, plan, "client_keepalive_within_client_timeout");
  text.line(1, fmt::format("timeout client {}", time_text(plan.client_timeout)));
  text.comment(1,
               "For the head of a request, of the first one from the connect on: no client may "
               "trickle it in.");
  text.line(1, fmt::format("timeout http-request {}", time_text(plan.header_timeout)));
  text.inequality(1, plan, "connect_attempts_within_response_timeout");
  text.line(1, fmt::format("timeout connect {}", time_text(plan.connect_timeout)));
  text.line(1, fmt::format("timeout server {}", time_text(plan.response_timeout)));
  text.comment(1,
               "An upgraded connection, such as a WebSocket, is quiet for longer than a request.");
  text.line(1, fmt::format("timeout tunnel {}", time_text(plan.tunnel_timeout)));
}

void write_tcp_timeouts(ConfigText& text, const BalancerPlan& plan) {
  text.line(1, fmt::format("timeout connect {}", time_text(plan.connect_timeout)));
  text.inequality(1, plan, "client_idle_below_backend_keepalive");
  text.inequality(1, plan, "ends_idle_below_proxy_timeout");
  comment_on_idle_ends(text, 1, plan);
  text.line(1, fmt::format("timeout client {}", time_text(plan.tunnel_timeout)));
  text.line(1, fmt::format("timeout server {}", time_text(plan.tunnel_timeout)));
  text.comment(1, "So the kernel finds out about an end that has gone without a word.");
  text.line(1, "option clitcpka");
  text.line(1, "option srvtcpka");
}

void write_defaults(ConfigText& text, const BalancerPlan& plan) {
  const bool http = plan.request.mode == BalancerMode::kHttp;
  text.line(0, "defaults");
  text.line(1, http ? "mode http" : "mode tcp");
  text.line(1, "log global");
  text.line(1, http ? "option httplog" : "option tcplog");
  text.line(1, "option dontlognull");
  if (http) {
    write_http_timeouts(text, plan);
  } else {
    write_tcp_timeouts(text, plan);
  }
  text.comment(1, "One side has closed, and the other may still have something to say.");
  text.line(1, fmt::format("timeout client-fin {}", time_text(plan.half_closed_timeout)));
  text.line(1, fmt::format("timeout server-fin {}", time_text(plan.half_closed_timeout)));
  if (plan.request.health_check != HealthCheck::kNone) {
    text.inequality(1, plan, "check_within_interval");
    text.line(1, fmt::format("timeout check {}", time_text(plan.check_timeout)));
  }
  if (plan.request.retries == 0) {
    text.line(1, "retries 0");
  } else {
    text.comment(1,
                 "A connection that cannot be made is tried again: nothing was sent, so whatever "
                 "the request is. At another backend each time, if there is one.");
    text.line(1, fmt::format("retries {}", plan.request.retries));
    text.line(1, "option redispatch 1");
  }
  text.blank();
}

std::string bind_line(const BalancerPlan& plan) {
  const model::BalancerRequest& request = plan.request;
  const std::string_view proxy = request.accept_proxy ? " accept-proxy" : "";
  if (request.listen_host.empty()) {
    return fmt::format("bind :::{} v4v6{}", request.listen_port, proxy);
  }
  // Without brackets: the port is what is behind the last colon.
  return fmt::format("bind {}:{}{}", request.listen_host, request.listen_port, proxy);
}

void write_method_choice(ConfigText& text) {
  text.comment(1,
               "Only what may be asked twice goes over a connection that has waited, which its "
               "backend can always close for other reasons than time, as at a restart: haproxy "
               "then asks again. The rest gets a connection of its own.");
  text.line(1, "acl repeatable method GET HEAD OPTIONS");
  text.line(1, "acl has_body req.hdr_cnt(content-length) gt 0");
  text.line(1, "acl has_body req.hdr_cnt(transfer-encoding) gt 0");
  text.line(1, fmt::format("use_backend {} if repeatable !has_body", kPooled));
  text.line(1, fmt::format("default_backend {}", kFresh));
}

void write_frontend(ConfigText& text, const BalancerPlan& plan) {
  const model::BalancerRequest& request = plan.request;
  text.line(0, "frontend clients");
  if (request.accept_proxy) {
    text.comment(1,
                 "Everybody who can connect can claim to be any client: only the load balancer "
                 "before this one may.");
  }
  text.line(1, bind_line(plan));
  switch (request.mode) {
    case BalancerMode::kHttp:
      text.line(1, "option forwardfor");
      comment_on_forwarded_proto(text, 1);
      text.line(1,
                "http-request set-header X-Forwarded-Proto http unless "
                "{ req.hdr(X-Forwarded-Proto) -m found }");
      break;
    case BalancerMode::kTlsPassthrough:
      text.comment(1,
                   "The ClientHello is read for the log and for its name, and passed on as it "
                   "came. What is no TLS is turned away here.");
      text.line(1, fmt::format("tcp-request inspect-delay {}", time_text(plan.header_timeout)));
      text.line(1, "tcp-request content capture req.ssl_sni len 253 if { req.ssl_sni -m found }");
      text.line(1, "tcp-request content accept if { req.ssl_hello_type 1 }");
      text.line(1, "tcp-request content reject if { req.len gt 0 } !{ req.ssl_hello_type 1 }");
      text.line(1, "tcp-request content reject if WAIT_END");
      text.line(
          1, R"(log-format "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts SNI %[capture.req.hdr(0)]")");
      break;
    case BalancerMode::kTcp:
      break;
  }
  if (plan.pool) {
    write_method_choice(text);
  } else {
    text.line(1, fmt::format("default_backend {}", kOnly));
  }
  text.blank();
}

// The Host of a check is the backend, with its port as HTTP/1.1 has it. A server's name has no
// brackets around an IPv6 address: they are put in where there are any.
std::string check_host(const BalancerPlan& plan) {
  const bool any_ipv6 = std::ranges::any_of(plan.request.backends, [](const Backend& backend) {
    return backend.target.host.find(':') != std::string::npos;
  });
  return any_ipv6 ? R"('%[srv_name,regsub("^(.*:.*):([0-9]+)$","[\1]:\2")]')" : "%[srv_name]";
}

// A check's path is quoted: it may hold what a configuration has other uses for.
std::string quoted(std::string_view path) {
  std::string text = "'";
  for (const char c : path) {
    text += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
  }
  return text + "'";
}

void write_check(ConfigText& text, const BalancerPlan& plan) {
  const model::BalancerRequest& request = plan.request;
  if (request.health_check == HealthCheck::kHttp) {
    text.line(1, "option httpchk");
    text.line(1, fmt::format("http-check send meth GET uri {} ver HTTP/1.1 hdr Host {}",
                             quoted(request.health_path), check_host(plan)));
    text.line(1, "http-check expect status 200-399");
  }
}

std::string server_defaults(const BalancerPlan& plan, bool pooled) {
  const model::BalancerRequest& request = plan.request;
  std::string options;
  if (request.send_proxy) {
    options += " send-proxy-v2";
  }
  if (request.health_check != HealthCheck::kNone) {
    options += fmt::format(" check inter {} fall {} rise {}{}", time_text(plan.check_interval),
                           plan.checks_to_fall, plan.checks_to_rise,
                           request.send_proxy ? " check-send-proxy" : "");
  }
  if (pooled) {
    options += fmt::format(" pool-max-conn {} pool-purge-delay {}", plan.pool->size,
                           time_text(plan.pool->purge_delay));
  }
  return options;
}

// The port is what is behind the last colon.
std::string server_name(const Backend& backend) {
  return fmt::format("{}:{}", backend.target.host, backend.target.port);
}

void write_servers(ConfigText& text, const BalancerPlan& plan, std::string_view tracked) {
  comment_on_names(text, 1, plan);
  for (const Backend& backend : plan.request.backends) {
    const std::string name = server_name(backend);
    const std::string track =
        tracked.empty() ? std::string() : fmt::format(" track {}/{}", tracked, name);
    text.line(1, fmt::format("server {} {} weight {}{}", name,
                             host_and_port(backend.target.host, backend.target.port),
                             backend.weight, track));
  }
}

void write_pooled(ConfigText& text, const BalancerPlan& plan) {
  text.line(0, fmt::format("backend {}", kPooled));
  text.line(1, "balance roundrobin");
  text.comment(
      1,
      "The first request of a client takes a connection that waits too: with \"safe\", the "
      "default, it would open another, and those that wait would wait longer.");
  text.line(1, "http-reuse always");
  text.comment(1,
               "Closed or reset before the answer began: asked again, as these requests may be.");
  text.line(1, "retry-on conn-failure empty-response");
  write_check(text, plan);
  text.inequality(1, plan, "pool_idle_below_backend_keepalive");
  text.comment(1,
               fmt::format("haproxy has no timer for one idle connection. Each purge closes half "
                           "of those that are not needed; after {} none is left of {} that nobody "
                           "asks for, even if {} clients needed one before.",
                           plan.pool->purges, plan.pool->size, plan.request.max_connections));
  text.line(1, fmt::format("default-server{}", server_defaults(plan, true)));
  write_servers(text, plan, "");
  text.blank();
  text.line(0, fmt::format("backend {}", kFresh));
  text.line(1, "balance roundrobin");
  text.comment(1, "No connection waits for a second request: there is nothing to close too early.");
  text.line(1, "option http-server-close");
  write_servers(text, plan, plan.request.health_check == HealthCheck::kNone ? "" : kPooled);
}

void write_only(ConfigText& text, const BalancerPlan& plan) {
  text.line(0, fmt::format("backend {}", kOnly));
  const bool http = plan.request.mode == BalancerMode::kHttp;
  text.line(1, http ? "balance roundrobin" : "balance leastconn");
  if (http) {
    text.comment(1, fmt::format("No connection waits for a second request ({}): there is nothing "
                                "to close too early.",
                                plan.no_pool_because));
    text.line(1, "option http-server-close");
  }
  write_check(text, plan);
  if (const std::string options = server_defaults(plan, false); !options.empty()) {
    text.line(1, fmt::format("default-server{}", options));
  }
  write_servers(text, plan, "");
}

}  // namespace

std::string haproxy_config(const BalancerPlan& plan) {
  ConfigText text(kHaproxyIndent);
  text.header(plan, "haproxy -c -f FILE");
  write_global(text, plan);
  write_defaults(text, plan);
  write_frontend(text, plan);
  if (plan.pool) {
    write_pooled(text, plan);
  } else {
    write_only(text, plan);
  }
  return text.take();
}

}  // namespace tcptrace::tune
