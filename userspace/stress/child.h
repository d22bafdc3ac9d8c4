// SPDX-License-Identifier: GPL-2.0
// A process of our own that plays one side of a scenario, driven word by word over a socket pair.
// Killed at the end of the scope if it still runs.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace tcptrace::stress {

// One line at a time. hear() throws when the other side is gone or says nothing before the
// deadline.
class Channel {
 public:
  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}
  void say(std::string_view word) const;
  [[nodiscard]] std::string hear() const;
  void expect(std::string_view word) const;

 private:
  UniqueFd fd_;
};

class Child {
 public:
  // `name` becomes the comm. The child ends when `body` returns: with 0, or with 1 after an
  // exception.
  Child(std::string_view name, const std::function<void(const Channel&)>& body);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const Channel& channel() const { return channel_; }
  void kill(int signal) const;
  int join();  // waits for its end: the exit status as a shell says it

 private:
  Child(pid_t pid, UniqueFd ours) : pid_(pid), channel_(std::move(ours)) {}
  static Child start(std::string_view name, const std::function<void(const Channel&)>& body);

  pid_t pid_ = -1;
  Channel channel_;
};

}  // namespace tcptrace::stress
