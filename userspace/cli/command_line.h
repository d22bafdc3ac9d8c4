// SPDX-License-Identifier: GPL-2.0
// The options of one command as it declares them, and what was typed. CLI11 parses; it is seen by
// one file only, because its headers take longer to compile than all the rest of a command line.
// Values arrive as text; parse_values gives them meaning.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/parse_values.h"

namespace tcptrace::cli {

// What was given for one option, in order; a scalar option takes the last.
using Values = std::vector<std::string>;

struct CommonFlags {
  bool help = false;
  bool version = false;
};

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // The heading in --help of the options that are added behind it.
  void group(const std::string& name);
  // `names` as in "-o,--output"; `values` and `flag` are written by parse() and must outlive it.
  void add_value(const std::string& names, Values& values, const std::string& placeholder,
                 const std::string& description);
  void add_flag(const std::string& names, bool& flag, const std::string& description);
  // -h and -V, in the group "General".
  void add_common(CommonFlags& flags);
  // What is not an option; how many there may be is the command's to say.
  void add_operands(Values& values);

  // An unknown option or an argument that nobody asked for is an error of one line.
  [[nodiscard]] Result<void> parse(std::span<const char* const> arguments);

  // `head`, the options group by group, `tail`.
  [[nodiscard]] std::string help(std::string_view head, std::string_view tail) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

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
