// SPDX-License-Identifier: GPL-2.0
#include "sink/command_queue.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fmt/core.h>

#include "base/clock.h"

namespace tcptrace::sink {
namespace {

using std::chrono::nanoseconds;

// As waitpid() says how a process ended: empty where it is content.
std::string failure_of(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("was ended by signal {}", WTERMSIG(status));
  }
  return WEXITSTATUS(status) == 0 ? "" : fmt::format("has exit status {}", WEXITSTATUS(status));
}

// A file that only the child will read: unlike a pipe it takes any text without a reader.
Result<UniqueFd> file_of(const std::string& text) {
  UniqueFd fd(::memfd_create("tcptrace-alert", MFD_CLOEXEC));
  if (!fd.valid()) {
    return std::unexpected(system_error("cannot make a file in memory", errno));
  }
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) {
      return std::unexpected(system_error("cannot write to a file in memory", errno));
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  }
  if (::lseek(fd.get(), 0, SEEK_SET) < 0) {
    return std::unexpected(system_error("cannot read a file in memory", errno));
  }
  return fd;
}

// This process's environment, with the job's variables instead of its own of that name.
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::string> environment;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    if (std::ranges::none_of(more, [&](const auto& one) { return one.first == name; })) {
      environment.emplace_back(text);
    }
  }
  for (const auto& [name, value] : more) {
    environment.push_back(fmt::format("{}={}", name, value));
  }
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  [[nodiscard]] posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// No signal blocked or ignored for it, and a group of its own, to be ended as one.
class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGXFSZ, SIGWINCH, SIGTSTP}) {
      ::sigaddset(&defaults, signal);
    }
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

CommandQueue::~CommandQueue() {
  if (pid_ > 0) {
    kill_now();
  }
}

void CommandQueue::kill_now() {
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  pidfd_.reset();
}

void CommandQueue::push(Job job) {
  if (waiting_.size() >= kMaxWaiting) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(job));
}

void CommandQueue::note_failure(std::string what) {
  ++failed_;
  if (failure_.empty()) {
    failure_ = std::move(what);
  }
}

Result<void> CommandQueue::start(const Job& job, nanoseconds now) {
  auto input = file_of(job.input);
  if (!input) {
    return std::unexpected(input.error());
  }
  Actions actions;
  ::posix_spawn_file_actions_adddup2(actions.get(), input->get(), STDIN_FILENO);
  if (quiet_) {
    ::posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  // Standard output may be the stream of records, or the screen.
  ::posix_spawn_file_actions_adddup2(actions.get(), STDERR_FILENO, STDOUT_FILENO);
  const Attributes attributes;
  std::vector<std::string> arguments = {"sh", "-c", command_};
  std::vector<std::string> environment = environment_with(job.environment);
  pid_t pid = -1;
  const int failure = ::posix_spawn(&pid, "/bin/sh", actions.get(), attributes.get(),
                                    pointers_to(arguments).data(), pointers_to(environment).data());
  if (failure != 0) {
    return std::unexpected(system_error("cannot run /bin/sh", failure));
  }
  pid_ = pid;
  // It is not waited for before this: the number is still its own.
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  started_ = now;
  killed_ = false;
  return {};
}

void CommandQueue::reap() {
  int status = 0;
  if (pid_ < 0) {
    return;
  }
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  // ECHILD: whoever is the parent of this process has it reap its children without being asked, or
  // somebody else did. The number may be another's by now.
  const bool gone = ended < 0 && errno == ECHILD;
  if (ended != pid_ && !gone) {
    return;
  }
  // What it left behind in its group may go on: it was not asked to end.
  pid_ = -1;
  pidfd_.reset();
  const std::string failure =
      gone      ? "nobody saw how it ended"
      : killed_ ? fmt::format("took longer than {} s and was ended", kTimeLimit.count())
                : failure_of(status);
  if (!failure.empty()) {
    note_failure(failure);
  }
}

void CommandQueue::advance(nanoseconds now) {
  reap();
  if (pid_ > 0 && !killed_ && now - started_ >= kTimeLimit) {
    killed_ = true;
    ::kill(-pid_, SIGKILL);
  }
  while (pid_ < 0 && !waiting_.empty()) {
    const Job job = std::move(waiting_.front());
    waiting_.pop_front();
    if (auto started = start(job, now); !started) {
      note_failure(started.error().what);
    }
  }
}

void CommandQueue::finish(nanoseconds until) {
  for (nanoseconds now = boot_time(); !idle() && now < until; now = boot_time()) {
    advance(now);
    // Also where there is no pidfd: the end is looked for again and again.
    pollfd ended{.fd = fd(), .events = POLLIN, .revents = 0};
    ::poll(&ended, 1, idle() ? 0 : 50);
  }
  reap();
  if (pid_ > 0) {
    kill_now();
    note_failure("was still running at the end and was ended");
  }
  dropped_ += waiting_.size();
  waiting_.clear();
}

}  // namespace tcptrace::sink
