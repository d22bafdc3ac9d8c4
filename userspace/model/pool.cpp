// SPDX-License-Identifier: GPL-2.0
#include "model/pool.h"

#include <algorithm>
#include <cstddef>
#include <ratio>
#include <utility>

namespace tcptrace::model {
namespace {

struct RuntimeWords {
  std::string_view name;
  std::string_view title;
};

// In the order of RuntimeKind.
constexpr std::array<RuntimeWords, kRuntimeKinds> kRuntimes = {{{"", ""},
                                                                {"java", "Java"},
                                                                {"nodejs", "Node.js"},
                                                                {"python", "Python"},
                                                                {"go", "Go"},
                                                                {"php_fpm", "PHP-FPM"},
                                                                {"php", "PHP"},
                                                                {"ruby", "Ruby"},
                                                                {"dotnet", ".NET"},
                                                                {"perl", "Perl"},
                                                                {"erlang", "Erlang"},
                                                                {"nginx", "nginx"},
                                                                {"haproxy", "haproxy"},
                                                                {"envoy", "envoy"},
                                                                {"apache", "Apache httpd"},
                                                                {"postgresql", "PostgreSQL"},
                                                                {"mysql", "MySQL"},
                                                                {"redis", "redis"}}};

// Likewise of PoolProblem.
constexpr std::array<std::string_view, kPoolProblems> kProblems = {
    "pool_exhausted", "close_wait_leak", "connection_leak", "idle_beyond_peer_timeout", "no_reuse"};

}  // namespace

std::string_view runtime_name(RuntimeKind kind) {
  return kRuntimes[static_cast<std::size_t>(kind)].name;
}

std::string_view runtime_title(RuntimeKind kind) {
  return kRuntimes[static_cast<std::size_t>(kind)].title;
}

std::string_view pool_problem_name(PoolProblem problem) {
  return kProblems[static_cast<std::size_t>(problem)];
}

PoolTimes pool_times(std::vector<std::chrono::nanoseconds> values) {
  if (values.empty()) {
    return {};
  }
  std::ranges::sort(values);
  // The least value that so many per cent do not exceed.
  const auto percentile = [&](std::size_t percent) {
    return values[(values.size() * percent + 99) / 100 - 1];
  };
  return {.count = values.size(),
          .min = values.front(),
          .median = percentile(50),
          .p90 = percentile(90),
          .max = values.back()};
}

double per_minute(std::uint64_t count, std::chrono::nanoseconds duration) {
  const double minutes = std::chrono::duration<double, std::ratio<60>>(duration).count();
  return minutes > 0 ? static_cast<double>(count) / minutes : 0;
}

}  // namespace tcptrace::model
