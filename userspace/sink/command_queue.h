// SPDX-License-Identifier: GPL-2.0
// Hands texts to a command of the user, one process after the other: each gets its text on standard
// input. Bounded in number and in time, and never waits.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tcptrace::sink {

class CommandQueue {
 public:
  static constexpr std::size_t kMaxWaiting = 64;
  static constexpr std::chrono::seconds kTimeLimit{30};

  struct Job {
    std::string input;
    std::vector<std::pair<std::string, std::string>> environment;  // besides this process's own
  };

  // `command` is for /bin/sh -c. `quiet`: what it prints goes nowhere, else to standard error.
  CommandQueue(std::string command, bool quiet) : command_(std::move(command)), quiet_(quiet) {}
  CommandQueue(const CommandQueue&) = delete;
  CommandQueue& operator=(const CommandQueue&) = delete;
  ~CommandQueue();

  // Drops it where too many wait.
  void push(Job job);

  // Takes note of an end, ends what takes too long, starts the next.
  void advance(std::chrono::nanoseconds now);
  // Lets what is under way and waits go on until then; one that still runs has failed and is ended,
  // the rest is dropped.
  void finish(std::chrono::nanoseconds until);

  // Readable when the command has ended; -1: none runs.
  [[nodiscard]] int fd() const { return pidfd_.get(); }
  [[nodiscard]] bool idle() const { return pid_ < 0 && waiting_.empty(); }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  // The first failure, in words; empty: none.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  [[nodiscard]] Result<void> start(const Job& job, std::chrono::nanoseconds now);
  void reap();
  void kill_now();
  void note_failure(std::string what);

  std::string command_;
  bool quiet_;
  std::deque<Job> waiting_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::chrono::nanoseconds started_{};
  bool killed_ = false;
  std::uint64_t dropped_ = 0;
  std::uint64_t failed_ = 0;
  std::string failure_;
};

}  // namespace tcptrace::sink
