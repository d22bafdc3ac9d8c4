// SPDX-License-Identifier: GPL-2.0
// Descriptors that end a run: exits of processes, signals.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

#include "host/pid_watch.h"
#include "host/signal_fd.h"

namespace tcptrace::host {
namespace {

constexpr int kDeadlineMs = 10'000;

bool readable(int fd, int timeout_ms) {
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, timeout_ms) == 1;
}

// A child that does nothing until it is killed.
class Child {
 public:
  Child() : pid_(::fork()) {
    if (pid_ == 0) {
      for (;;) {
        ::pause();
      }
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    kill();
    reap();
  }

  [[nodiscard]] std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }
  void kill() const {
    if (!reaped_) {
      ::kill(pid_, SIGKILL);
    }
  }
  void reap() {
    if (!reaped_) {
      ::waitpid(pid_, nullptr, 0);
      reaped_ = true;
    }
  }

 private:
  pid_t pid_;
  bool reaped_ = false;
};

TEST(PidWatch, EndsWithTheLastProcess) {
  const Child first;
  const Child second;
  auto watch = PidWatch::open(std::array{first.pid(), second.pid()});
  ASSERT_TRUE(watch) << watch.error().what;
  EXPECT_FALSE(watch->all_exited());
  EXPECT_FALSE(readable(watch->fd(), 0));
  first.kill();  // not reaped: a zombie has exited
  ASSERT_TRUE(readable(watch->fd(), kDeadlineMs));
  EXPECT_FALSE(watch->all_exited());
  EXPECT_FALSE(readable(watch->fd(), 0)) << "an exit that was noted must not wake again";
  second.kill();
  ASSERT_TRUE(readable(watch->fd(), kDeadlineMs));
  EXPECT_TRUE(watch->all_exited());
}

TEST(PidWatch, AProcessThatIsGoneCountsAsExited) {
  Child gone;
  gone.kill();
  gone.reap();
  const Child alive;
  auto one = PidWatch::open(std::array{gone.pid()});
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->all_exited());
  auto both = PidWatch::open(std::array{gone.pid(), alive.pid()});
  ASSERT_TRUE(both);
  EXPECT_FALSE(both->all_exited());
}

TEST(PidWatch, MayBeMoved) {
  const Child child;
  auto opened = PidWatch::open(std::array{child.pid()});
  ASSERT_TRUE(opened);
  PidWatch watch = std::move(*opened);
  child.kill();
  ASSERT_TRUE(readable(watch.fd(), kDeadlineMs));
  EXPECT_TRUE(watch.all_exited());
}

TEST(SignalFd, DeliversWhatEndsARun) {
  ::signal(SIGHUP, SIG_DFL);  // whoever runs this under nohup has it ignored
  auto signals = SignalFd::open();
  ASSERT_TRUE(signals) << signals.error().what;
  EXPECT_EQ(signals->next(), std::nullopt);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    ::raise(signal);
    ASSERT_TRUE(readable(signals->fd(), kDeadlineMs));
    EXPECT_EQ(signals->next(), signal);
  }
  EXPECT_EQ(signals->next(), std::nullopt);
}

TEST(SignalFd, GivesTheMaskBack) {
  sigset_t mask;
  {
    const auto signals = SignalFd::open();
    ASSERT_TRUE(signals);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    EXPECT_EQ(::sigismember(&mask, SIGTERM), 1);
  }
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(::sigismember(&mask, SIGTERM), 0);
}

TEST(SignalFd, ASignalThatNobodyTookDoesNotKillAfterwards) {
  EXPECT_EXIT(
      {
        {
          const auto signals = SignalFd::open();
          ::raise(SIGTERM);
        }
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SignalFd, UnderNohupAHangUpStaysIgnored) {
  ::signal(SIGHUP, SIG_IGN);
  {
    auto signals = SignalFd::open();
    ASSERT_TRUE(signals);
    ::raise(SIGHUP);
    EXPECT_EQ(signals->next(), std::nullopt);
  }
  ::signal(SIGHUP, SIG_DFL);
}

}  // namespace
}  // namespace tcptrace::host
