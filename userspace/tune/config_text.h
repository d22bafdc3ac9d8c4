// SPDX-License-Identifier: GPL-2.0
// What the configurations of haproxy and nginx have in common: lines, indentation, comments behind
// a #, times as both of them read them. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "model/balancer.h"

namespace tcptrace::tune {

// "54s", "3375ms"
[[nodiscard]] std::string time_text(std::chrono::milliseconds time);

class ConfigText;
// When names are looked up, if there are any among the backends.
void comment_on_names(ConfigText& text, std::size_t depth, const model::BalancerPlan& plan);
// Why a connection of TCP mode may be idle for as long as it may.
void comment_on_idle_ends(ConfigText& text, std::size_t depth, const model::BalancerPlan& plan);
// Whom X-Forwarded-Proto is from.
void comment_on_forwarded_proto(ConfigText& text, std::size_t depth);

class ConfigText {
 public:
  explicit ConfigText(std::size_t step) : step_(step) {}

  void line(std::size_t depth, std::string_view text);
  // As many lines as it takes.
  void comment(std::size_t depth, std::string_view text);
  void blank() { out_ += '\n'; }
  // The relation of that name, which the plan has, above the setting that keeps it.
  void inequality(std::size_t depth, const model::BalancerPlan& plan, std::string_view name);
  // What the file is, what is known of the backends, and how to check it.
  void header(const model::BalancerPlan& plan, std::string_view check_command);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  [[nodiscard]] std::size_t indentation(std::size_t depth) const { return depth * step_; }

  std::size_t step_;  // columns of one level
  std::string out_;
};

}  // namespace tcptrace::tune
