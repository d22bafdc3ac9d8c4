// SPDX-License-Identifier: GPL-2.0
#include "cli/command_line.h"

#include <algorithm>
#include <cstddef>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "base/text.h"
#include "cli/parse_suggest.h"

namespace tcptrace::cli {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kDescriptionColumn = 30;

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

void append_wrapped(std::string& out, std::string_view text) {
  std::size_t column = kDescriptionColumn;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column > kDescriptionColumn && column + 1 + display_width(word) > kWidth) {
      out += fmt::format("\n{:{}}", "", kDescriptionColumn);
      column = kDescriptionColumn;
    } else if (column > kDescriptionColumn) {
      out += ' ';
      ++column;
    }
    out += word;
    column += display_width(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

void append_option(std::string& out, const CLI::Option& option) {
  std::string left = "  ";
  left += option.get_snames().empty() ? "    " : fmt::format("-{}, ", option.get_snames().front());
  left += fmt::format("--{}", option.get_lnames().front());
  if (option.get_items_expected_max() > 0) {
    left += ' ' + option.get_type_name();
  }
  out += left;
  const std::size_t width = display_width(left);
  if (width + 2 > kDescriptionColumn) {
    out += fmt::format("\n{:{}}", "", kDescriptionColumn);
  } else {
    out.append(kDescriptionColumn - width, ' ');
  }
  append_wrapped(out, option.get_description());
}

}  // namespace

struct CommandLine::Impl {
  CLI::App app;
};

CommandLine::CommandLine() : impl_(std::make_unique<Impl>()) {
  impl_->app.set_help_flag();
  impl_->app.allow_extras();
}

CommandLine::~CommandLine() = default;

void CommandLine::group(const std::string& name) { impl_->app.option_defaults()->group(name); }

void CommandLine::add_value(const std::string& names, Values& values,
                            const std::string& placeholder, const std::string& description) {
  impl_->app.add_option(names, values, description)
      ->type_name(placeholder)
      ->allow_extra_args(false);
}

void CommandLine::add_flag(const std::string& names, bool& flag, const std::string& description) {
  impl_->app.add_flag(names, flag, description)->disable_flag_override();
}

void CommandLine::add_common(CommonFlags& flags) {
  group("General");
  add_flag("-h,--help", flags.help, "this text");
  add_flag("-V,--version", flags.version, "the version of this build");
}

void CommandLine::add_operands(Values& values) { impl_->app.add_option("operand", values); }

Result<void> CommandLine::parse(std::span<const char* const> arguments) {
  if (auto checked = check_equals(impl_->app, arguments); !checked) {
    return checked;
  }
  // CLI11 takes a vector from its end.
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  const std::vector<std::string> names = option_names(impl_->app);
  try {
    impl_->app.parse(std::move(reversed));
  } catch (const CLI::ArgumentMismatch& error) {
    return std::unexpected(mismatch(error));
  } catch (const CLI::Error& error) {
    return std::unexpected(usage_error(quote(error.what())));
  }
  for (const std::string& extra : impl_->app.remaining()) {
    if (extra != "--") {
      return std::unexpected(unexpected_argument(extra, names));
    }
  }
  return check_values(impl_->app, names);
}

std::string CommandLine::help(std::string_view head, std::string_view tail) const {
  std::string out(head);
  for (const std::string& group : impl_->app.get_groups()) {
    const auto options = impl_->app.get_options([&](const CLI::Option* option) {
      return option->get_group() == group && !option->get_lnames().empty();
    });
    if (options.empty()) {
      continue;
    }
    out += fmt::format("\n{}:\n", group);
    for (const CLI::Option* option : options) {
      append_option(out, *option);
    }
  }
  out += tail;
  return out;
}

Result<void> first_failure(std::initializer_list<Result<void>> taken) {
  const auto* const failed =
      std::ranges::find_if(taken, [](const Result<void>& result) { return !result; });
  return failed == taken.end() ? Result<void>() : *failed;
}

}  // namespace tcptrace::cli
