// SPDX-License-Identifier: GPL-2.0
// A machine with processes 1, 812 (with a thread 813) and 900 to 999, a namespace "blue" and a
// cgroup "/api".
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "cli/options.h"

namespace tcptrace::cli {

inline HostLookup fake_host() {
  return HostLookup{
      .thread_group = [](std::uint32_t pid) -> std::optional<std::uint32_t> {
        if (pid == 1 || pid == 812 || (pid >= 900 && pid < 1000)) {
          return pid;
        }
        return pid == 813 ? std::optional<std::uint32_t>(812) : std::nullopt;
      },
      .netns = [](std::string_view text) -> Result<std::uint32_t> {
        if (text == "blue" || text == "/run/netns/blue" || text == "pid:812") {
          return 4026532001U;
        }
        return std::unexpected(Error{.what = "no network namespace \"" + std::string(text) + '"'});
      },
      .cgroup = [](std::string_view path) -> Result<std::uint64_t> {
        if (path == "/api") {
          return 4242U;
        }
        return std::unexpected(Error{.what = "no cgroup \"" + std::string(path) + '"'});
      },
  };
}

inline Result<Command> parse_words(const std::vector<std::string>& words) {
  std::vector<const char*> arguments;
  arguments.reserve(words.size());
  for (const std::string& word : words) {
    arguments.push_back(word.c_str());
  }
  return parse(arguments, fake_host());
}

// What the words ask for; a failure, and the default, where it is something else.
template <typename Options>
Options options_of(const std::vector<std::string>& words) {
  auto command = parse_words(words);
  EXPECT_TRUE(command) << (command ? "" : command.error().what);
  const auto* options = command ? std::get_if<Options>(&*command) : nullptr;
  EXPECT_NE(options, nullptr);
  return options == nullptr ? Options{} : *options;
}

// The text of --help, --version or a completion script; empty: they ask for none.
inline std::string printed(const std::vector<std::string>& words) {
  auto command = parse_words(words);
  const auto* text = command ? std::get_if<PrintText>(&*command) : nullptr;
  return text == nullptr ? std::string() : text->text;
}

// The line that goes to stderr; empty: the command line was accepted.
inline std::string rejection(const std::vector<std::string>& words) {
  const auto command = parse_words(words);
  return command ? std::string() : diagnostic(command.error());
}

}  // namespace tcptrace::cli
