// SPDX-License-Identifier: GPL-2.0
#include "tune/config_text.h"

#include <algorithm>
#include <cstddef>

#include <fmt/core.h>

#include "base/text.h"

namespace tcptrace::tune {
namespace {

constexpr std::size_t kWidth = 90;

std::string known_keepalive(const model::BackendKeepalive& keepalive) {
  using Source = model::BackendKeepalive::Source;
  const std::string value = time_text(keepalive.value);
  switch (keepalive.source) {
    case Source::kGiven:
      return fmt::format("The backends keep an idle connection for {}: --backend-keepalive.",
                         value);
    case Source::kMeasured:
      return fmt::format("The backends keep an idle connection for {}, measured: {}.", value,
                         terminal_safe(keepalive.evidence));
    case Source::kAssumed:
      break;
  }
  if (!keepalive.evidence.empty()) {
    return fmt::format(
        "The backends are ASSUMED to keep an idle connection for {}, the default of Apache httpd "
        "and Node.js, for not all of them were seen: {}. What holds below holds if they keep it "
        "for as long or longer: watch for longer, or say what they do with --backend-keepalive.",
        value, terminal_safe(keepalive.evidence));
  }
  return fmt::format(
      "The backends are ASSUMED to keep an idle connection for {}, the default of Apache httpd "
      "and Node.js. What holds below holds if they keep it for as long or longer: say what they "
      "do with --backend-keepalive, or have it measured with --probe-backends or --watch-backends.",
      value);
}

}  // namespace

std::string time_text(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return seconds == time ? fmt::format("{}s", seconds.count()) : fmt::format("{}ms", time.count());
}

void comment_on_names(ConfigText& text, std::size_t depth, const model::BalancerPlan& plan) {
  if (std::ranges::any_of(plan.request.backends, &model::Backend::is_name)) {
    text.comment(depth,
                 "A name is looked up at the start and at each reload, and has to be known.");
  }
}

void comment_on_idle_ends(ConfigText& text, std::size_t depth, const model::BalancerPlan& plan) {
  text.comment(depth,
               plan.an_end_goes_first
                   ? "Longer than an end lets the connection be idle: a proxy that ends it tells "
                     "neither of them why."
                   : "A proxy that ends an idle connection tells neither end why, and after what "
                     "time one of them does is not known: 24 days, the longest timer of haproxy in "
                     "whole days. --client-idle, or a --backend-keepalive that holds for all "
                     "backends, allow a shorter one.");
}

void comment_on_forwarded_proto(ConfigText& text, std::size_t depth) {
  text.comment(depth,
               "What comes here is not TLS. Who ended that before, such as the load balancer "
               "before this one, has said so in X-Forwarded-Proto, and is believed. So is any "
               "client that can connect here by itself: for what must not be faked, let only that "
               "load balancer connect.");
}

void ConfigText::line(std::size_t depth, std::string_view text) {
  out_.append(indentation(depth), ' ');
  out_ += text;
  out_ += '\n';
}

void ConfigText::comment(std::size_t depth, std::string_view text) {
  const std::size_t width = kWidth - indentation(depth) - 2;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > width) {
      const std::size_t blank = text.rfind(' ', width);
      // A word that is too long stays whole.
      end = blank == std::string_view::npos ? std::min(text.find(' '), text.size()) : blank;
    }
    line(depth, fmt::format("# {}", text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void ConfigText::inequality(std::size_t depth, const model::BalancerPlan& plan,
                            std::string_view name) {
  const auto found = std::ranges::find(plan.inequalities, name, &model::Inequality::name);
  if (found != plan.inequalities.end()) {
    comment(depth, found->text);
    comment(depth, found->why);
  }
}

void ConfigText::header(const model::BalancerPlan& plan, std::string_view check_command) {
  comment(0, fmt::format("By tcptrace generate. Check it with: {}", check_command));
  line(0, "#");
  // In TCP mode nothing here depends on what is only assumed.
  if (plan.request.mode == model::BalancerMode::kHttp ||
      plan.request.backend_keepalive.source != model::BackendKeepalive::Source::kAssumed) {
    comment(0, known_keepalive(plan.request.backend_keepalive));
  }
  comment(0,
          "Each relation between two timeouts stands above the one that keeps it. Who changes a "
          "timeout, here or at the backends, has to see that it still holds.");
  blank();
}

}  // namespace tcptrace::tune
