// SPDX-License-Identifier: GPL-2.0
// The binary under test as a child process. A thread of ours takes what it prints as it comes, so
// that it never waits for us; parsing and judging are done by whoever looks.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "support/environment.h"
#include "support/line.h"

namespace tcptrace::live {

struct TracerExit {
  int status = -1;    // as a shell says it: 128 + signal
  std::string error;  // stderr
};

// TCPTRACE_BINARY, or the one of this build.
[[nodiscard]] std::string tracer_binary();
// TCPTRACE_TEST_ATTACH: "auto" unless set.
[[nodiscard]] std::string attach_family();
// This kernel may preempt a thread in the midst of a program of that family, and then hides events
// from it: function hooks from Debian's 6.13 on, which auto avoids; tracepoints from 7.0 on.
[[nodiscard]] bool preemption_hides_events();
// For SetUp(): what other families of hooks would say the same of is tested with these.
void skip_unless_family(std::initializer_list<std::string_view> families, std::string_view why);

// A user without privileges.
inline constexpr uid_t kNobody = 65534;

struct TracerOptions {
  std::vector<std::string> arguments;           // beside --attach, which is always given
  std::optional<uid_t> user = {};               // runs as this user, without capabilities
  std::optional<std::string> stdout_path = {};  // its stdout is this file; nothing is collected
  bool json = true;  // adds --json; every line is parsed and checked against the schema
};

class Tracer {
 public:
  explicit Tracer(TracerOptions options);
  // The usual case: --json and these arguments; attached and running when it returns.
  explicit Tracer(std::vector<std::string> arguments);
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // Until the `hooks` record is there. Throws, with its stderr, if it ends before.
  void await_ready();

  using Predicate = std::function<bool(const Line&)>;
  // True as soon as a line from index `from` on satisfies the predicate.
  bool wait_for(const Predicate& predicate, std::chrono::milliseconds timeout = 10s,
                std::size_t from = 0);
  [[nodiscard]] std::size_t size();
  [[nodiscard]] Lines lines(std::size_t from = 0, const Predicate& predicate = {});
  [[nodiscard]] std::string text();  // with json = false: what stdout said so far
  [[nodiscard]] std::vector<std::string>
  bad_lines();  // not JSON, or against the schema; with the reason

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  void close_stdout();                                       // our end of the pipe
  TracerExit stop();                                         // SIGINT, then as join()
  TracerExit join(std::chrono::milliseconds timeout = 60s);  // throws after the deadline
  // After join() or stop(). Throws unless the run began with hooks and ended with a summary.
  [[nodiscard]] Line hooks();
  [[nodiscard]] Line summary();

 private:
  struct Arrival {
    std::string text;
    Clock::time_point at;
  };

  void spawn(int out, int err);
  void collect(int fd);
  void arrive(std::string_view text, Clock::time_point at);
  // Waits until something has come, all has come, or the deadline; false at the deadline.
  bool await_arrival(Clock::time_point deadline);
  bool all_seen();  // nothing more will come
  void parse_arrived();
  void judge(const std::string& text);

  TracerOptions options_;
  pid_t pid_ = -1;
  std::optional<TracerExit> exit_;
  UniqueFd stdout_;
  UniqueFd stderr_;
  UniqueFd wake_;  // ends the collecting thread

  // The looking side's.
  Lines lines_;
  std::string text_;
  std::vector<std::string> bad_lines_;
  std::set<std::string> judged_;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::vector<Arrival> arrived_;
  bool ended_ = false;
  std::thread collector_;
};

}  // namespace tcptrace::live
