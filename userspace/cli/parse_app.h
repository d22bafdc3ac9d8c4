// SPDX-License-Identifier: GPL-2.0
// The one place that drives CLI11: declares options, turns its exceptions into errors of one line.
// Values arrive as text; parse_values gives them meaning.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {

// What was given for one option, in order; a scalar option takes the last.
using Values = std::vector<std::string>;

struct CommonFlags {
  bool help = false;
  bool version = false;
};

// An app without CLI11's own help, with -h and -V in the group "General".
void declare_common(CLI::App& app, CommonFlags& flags);

CLI::Option& declare_value(CLI::App& app, const std::string& names, Values& values,
                           const std::string& placeholder, const std::string& description);
CLI::Option& declare_flag(CLI::App& app, const std::string& names, bool& flag,
                          const std::string& description);

// Parses; an unknown option or an argument that nobody asked for is an error.
[[nodiscard]] Result<void> parse_app(CLI::App& app, std::span<const char* const> arguments);

// The first that failed of what was taken, in this order; all of it was tried.
[[nodiscard]] Result<void> first_failure(std::initializer_list<Result<void>> taken);

// Puts parse(last value) into `into`, if the option was given.
template <typename T, typename Parse>
[[nodiscard]] Result<void> take_value(std::string_view option, const Values& values, T& into,
                                      const Parse& parse) {
  if (values.empty()) {
    return {};
  }
  auto value = parse(values.back());
  if (!value) {
    return std::unexpected(value.error().within(option));
  }
  into = std::move(*value);
  return {};
}

// Gives take() every item of every value; what it refuses is the option's error.
template <typename Take>
[[nodiscard]] Result<void> take_items(std::string_view option, const Values& values,
                                      const Take& take) {
  for (const std::string& value : values) {
    for (const std::string_view item : split_list(value)) {
      if (Result<void> taken = take(item); !taken) {
        return std::unexpected(taken.error().within(option));
      }
    }
  }
  return {};
}

}  // namespace tcptrace::cli
