// SPDX-License-Identifier: GPL-2.0
#include "support/tracer.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <system_error>

#include <gtest/gtest.h>

#include "stress/command.h"
#include "support/schema.h"

namespace tcptrace::live {
namespace {

UniqueFd checked(int fd, const char* what) {
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), what);
  }
  return UniqueFd(fd);
}

std::string contents(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t size = 0;
  while ((size = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size()))) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

// Between fork and exec: system calls only.
[[noreturn]] void become_user(char* const* arguments, int out, int err, std::optional<uid_t> user) {
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (user && (::setgroups(0, nullptr) != 0 || ::setgid(*user) != 0 || ::setuid(*user) != 0)) {
    ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

std::string without_digits(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit || !result.ends_with('0')) {
      result.push_back(digit ? '0' : c);
    }
  }
  return result;
}

}  // namespace

std::string tracer_binary() {
  const char* path = std::getenv("TCPTRACE_BINARY");
  return path == nullptr ? TCPTRACE_DEFAULT_BINARY : path;
}

std::string attach_family() {
  const char* family = std::getenv("TCPTRACE_TEST_ATTACH");
  return family == nullptr || *family == '\0' ? "auto" : family;
}

bool preemption_hides_events() {
  const std::string family = attach_family();
  return family == "fentry" ? kernel_is_at_least(6, 13)
                            : family != "kprobe" && kernel_is_at_least(7, 0);
}

void skip_unless_family(std::initializer_list<std::string_view> families, std::string_view why) {
  if (std::ranges::find(families, attach_family()) == families.end()) {
    GTEST_SKIP() << why;
  }
}

Tracer::Tracer(TracerOptions options) : options_(std::move(options)) {
  stderr_ = checked(::memfd_create("stderr", MFD_CLOEXEC), "memfd");
  wake_ = checked(::eventfd(0, EFD_CLOEXEC), "eventfd");
  if (options_.stdout_path) {
    const UniqueFd file = checked(
        ::open(options_.stdout_path->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
        "stdout file");
    spawn(file.get(), stderr_.get());
    return;
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  stdout_ = UniqueFd(ends[0]);
  const UniqueFd writer(ends[1]);
  spawn(writer.get(), stderr_.get());
  collector_ = std::thread([this] { collect(stdout_.get()); });
}

Tracer::Tracer(std::vector<std::string> arguments)
    : Tracer(TracerOptions{.arguments = std::move(arguments)}) {
  await_ready();
}

Tracer::~Tracer() {
  if (!exit_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  close_stdout();
}

void Tracer::spawn(int out, int err) {
  std::vector<std::string> words{tracer_binary(), "--attach", attach_family()};
  if (options_.json) {
    words.emplace_back("--json");
  }
  words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) {
    throw std::system_error(errno, std::generic_category(), "fork");
  }
  if (pid_ == 0) {
    become_user(arguments.data(), out, err, options_.user);
  }
}

void Tracer::collect(int fd) {
  std::string pending;
  std::array<char, 65536> buffer{};
  for (;;) {
    std::array<pollfd, 2> ready{{{.fd = fd, .events = POLLIN, .revents = 0},
                                 {.fd = wake_.get(), .events = POLLIN, .revents = 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 || ready[1].revents != 0) {
      break;
    }
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    const auto arrived = Clock::now();
    if (size <= 0) {
      break;
    }
    pending.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t start = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', start)) {
      arrive(std::string_view(pending).substr(start, end - start), arrived);
      start = end + 1;
    }
    pending.erase(0, start);
  }
  const std::lock_guard lock(mutex_);
  if (!pending.empty()) {
    arrived_.push_back({std::move(pending), Clock::now()});
  }
  ended_ = true;
  changed_.notify_all();
}

void Tracer::arrive(std::string_view text, Clock::time_point at) {
  const std::lock_guard lock(mutex_);
  arrived_.push_back({std::string(text), at});
  changed_.notify_all();
}

bool Tracer::all_seen() {
  const std::lock_guard lock(mutex_);
  return ended_ && arrived_.empty();
}

bool Tracer::await_arrival(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return !arrived_.empty() || ended_; });
}

void Tracer::parse_arrived() {
  std::vector<Arrival> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(arrived_);
  }
  for (const Arrival& arrival : arrived) {
    if (!options_.json) {
      text_.append(arrival.text).append("\n");
      continue;
    }
    judge(arrival.text);
    if (auto json = nlohmann::json::parse(arrival.text, nullptr, false); json.is_object()) {
      lines_.emplace_back(std::move(json), arrival.at);
    }
  }
}

void Tracer::judge(const std::string& text) {
  // Validation takes its time, and lines that differ in nothing but digits are alike to the schema.
  if (!judged_.insert(without_digits(text)).second) {
    return;
  }
  if (std::string complaint = test::validate(text); !complaint.empty()) {
    bad_lines_.push_back(std::move(complaint));
  }
}

void Tracer::await_ready() {
  if (wait_for([](const Line& line) { return line.type() == "hooks"; }, 30s)) {
    return;
  }
  const TracerExit end = stop();
  throw std::runtime_error("the tracer never began: status " + std::to_string(end.status) + ", " +
                           end.error);
}

bool Tracer::wait_for(const Predicate& predicate, std::chrono::milliseconds timeout,
                      std::size_t from) {
  const auto deadline = Clock::now() + scaled(timeout);
  for (;;) {
    parse_arrived();
    for (; from < lines_.size(); ++from) {
      if (predicate(lines_[from])) {
        return true;
      }
    }
    if (!await_arrival(deadline) || all_seen()) {
      return false;
    }
  }
}

std::size_t Tracer::size() {
  parse_arrived();
  return lines_.size();
}

Lines Tracer::lines(std::size_t from, const Predicate& predicate) {
  parse_arrived();
  Lines result;
  for (const Line& line : std::span(lines_).subspan(from)) {
    if (!predicate || predicate(line)) {
      result.push_back(line);
    }
  }
  return result;
}

std::string Tracer::text() {
  parse_arrived();
  return text_;
}

std::vector<std::string> Tracer::bad_lines() {
  parse_arrived();
  return bad_lines_;
}

void Tracer::signal(int number) const { ::kill(pid_, number); }

void Tracer::close_stdout() {
  if (collector_.joinable()) {
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof(one));
    collector_.join();
  }
  stdout_.reset();
}

TracerExit Tracer::stop() {
  if (!exit_) {
    signal(SIGINT);
  }
  return join();
}

TracerExit Tracer::join(std::chrono::milliseconds timeout) {
  if (exit_) {
    return *exit_;
  }
  int status = 0;
  if (!wait_until([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, timeout)) {
    throw std::runtime_error("the tracer does not end");
  }
  exit_ = TracerExit{.status = exit_status(status), .error = contents(stderr_.get())};
  // Its end of the pipe is closed: the collector reads what is left and ends by itself.
  if (collector_.joinable()) {
    collector_.join();
  }
  return *exit_;
}

Line Tracer::hooks() {
  parse_arrived();
  require(!lines_.empty() && lines_.front().type() == "hooks", "the first record is not hooks");
  return lines_.front();
}

Line Tracer::summary() {
  require(exit_.has_value(), "summary() before join()");
  parse_arrived();
  require(!lines_.empty() && lines_.back().type() == "summary", "the last record is not a summary");
  return lines_.back();
}

}  // namespace tcptrace::live
