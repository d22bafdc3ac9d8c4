// SPDX-License-Identifier: GPL-2.0
// A subcommand of the binary as a child process in a network namespace: its JSON Lines, checked
// against the schema, and what it says on stderr.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "stress/netns.h"
#include "support/environment.h"
#include "support/line.h"

namespace tcptrace::live {

struct SubcommandEnd {
  int status = -1;  // as a shell says it
  Lines lines;
  std::string error;  // stderr

  [[nodiscard]] const Line& last() const { return lines.back(); }
};

struct SubcommandOptions {
  std::vector<std::string> wrapper = {};   // a program that becomes it in the end
  std::optional<rlim_t> descriptors = {};  // soft and hard limit
};

class Subcommand {
 public:
  // "serve", "8080": --json is added.
  Subcommand(const Netns& netns, const std::vector<std::string>& words,
             const SubcommandOptions& options = {});
  ~Subcommand();
  Subcommand(const Subcommand&) = delete;
  Subcommand& operator=(const Subcommand&) = delete;

  // The next line; throws at the deadline, or with its stderr when it ends before.
  Line next();
  void signal(int number) const;
  // Waits for its end; the lines are all, those from next() included.
  SubcommandEnd join();
  SubcommandEnd stop(int number = SIGINT);
  [[nodiscard]] std::string error() const;

 private:
  [[nodiscard]] bool read_more();
  [[nodiscard]] bool take_line();

  pid_t pid_ = -1;
  UniqueFd stdout_, stderr_;
  std::string pending_;
  Lines lines_;
};

}  // namespace tcptrace::live
