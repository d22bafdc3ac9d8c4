// SPDX-License-Identifier: GPL-2.0
#include "cli/parse_app.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "cli/parse_suggest.h"

namespace tcptrace::cli {
namespace {

// Long names only: any one-letter slip is one step from every short one.
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

// "--comm=" has an empty value, which CLI11 passes over for the next argument.
Result<void> check_equals(const CLI::App& app, std::span<const char* const> arguments) {
  for (const std::string_view argument : arguments) {
    if (argument == "--") {
      return {};
    }
    if (!argument.starts_with("--") || !argument.ends_with('=')) {
      continue;
    }
    const std::string name(argument.substr(0, argument.size() - 1));
    if (name.find('=') == std::string::npos && app.get_option_no_throw(name) != nullptr) {
      return std::unexpected(usage_error(fmt::format("{}: needs a value", name)));
    }
  }
  return {};
}

// CLI11 takes whatever follows as the value, the next option too.
Result<void> check_values(const CLI::App& app, std::span<const std::string> names) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& value : option->results()) {
      if (std::ranges::find(names, value) != names.end()) {
        return std::unexpected(usage_error(fmt::format("{}: needs a value", option->get_name()),
                                           fmt::format("the next argument is {}", value)));
      }
    }
  }
  return {};
}

Error unexpected_argument(const std::string& argument, std::span<const std::string> names) {
  if (argument.size() < 2 || argument.front() != '-') {
    return usage_error(fmt::format("unexpected argument {}", quote(argument)),
                       "see tcptrace --help");
  }
  const std::string name = argument.substr(0, argument.find('='));
  std::string hint = did_you_mean(name, names);
  return usage_error(fmt::format("unknown option {}", quote(name)),
                     hint.empty() ? "see tcptrace --help" : std::move(hint));
}

// CLI11 begins its messages with the option's name, in one of them without the dashes.
Error mismatch(const CLI::ArgumentMismatch& error) {
  const std::string_view what = error.what();
  std::string option(what.substr(0, what.find_first_of(": ")));
  if (!option.starts_with('-')) {
    option.insert(0, option.size() == 1 ? "-" : "--");
  }
  const bool flag = what.find("flag override") != std::string_view::npos;
  return usage_error(fmt::format("{}: {}", option, flag ? "takes no value" : "needs a value"));
}

}  // namespace

void declare_common(CLI::App& app, CommonFlags& flags) {
  app.set_help_flag();
  app.allow_extras();
  declare_flag(app, "-h,--help", flags.help, "this text").group("General");
  declare_flag(app, "-V,--version", flags.version, "the version of this build").group("General");
}

CLI::Option& declare_value(CLI::App& app, const std::string& names, Values& values,
                           const std::string& placeholder, const std::string& description) {
  return *app.add_option(names, values, description)
              ->type_name(placeholder)
              ->allow_extra_args(false);
}

CLI::Option& declare_flag(CLI::App& app, const std::string& names, bool& flag,
                          const std::string& description) {
  return *app.add_flag(names, flag, description)->disable_flag_override();
}

Result<void> parse_app(CLI::App& app, std::span<const char* const> arguments) {
  if (auto checked = check_equals(app, arguments); !checked) {
    return checked;
  }
  // CLI11 takes a vector from its end.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  const std::vector<std::string> names = option_names(app);
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ArgumentMismatch& error) {
    return std::unexpected(mismatch(error));
  } catch (const CLI::Error& error) {
    return std::unexpected(usage_error(quote(error.what())));
  }
  for (const std::string& extra : app.remaining()) {
    if (extra != "--") {
      return std::unexpected(unexpected_argument(extra, names));
    }
  }
  return check_values(app, names);
}

Result<void> first_failure(std::initializer_list<Result<void>> taken) {
  const auto* const failed =
      std::ranges::find_if(taken, [](const Result<void>& result) { return !result; });
  return failed == taken.end() ? Result<void>() : *failed;
}

}  // namespace tcptrace::cli
