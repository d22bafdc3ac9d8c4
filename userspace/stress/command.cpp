// SPDX-License-Identifier: GPL-2.0
#include "stress/command.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "base/unique_fd.h"

namespace tcptrace::stress {
namespace {

// A file rather than a pipe: the input is there whole before the program starts, so nobody can
// block.
UniqueFd input_file(std::string_view input) {
  UniqueFd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file.valid() ||
      ::write(file.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    throw std::system_error(errno, std::generic_category(), "memfd");
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string drain(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  ssize_t size = 0;
  while ((size = ::read(fd, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

}  // namespace

int exit_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

CommandResult run(const std::vector<std::string>& argv, std::string_view input) {
  const UniqueFd in = input_file(input);
  std::array<int, 2> out{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  const UniqueFd reader(out[0]);
  UniqueFd writer(out[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, writer.get(), STDERR_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  writer.reset();
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), argv.front());
  }
  CommandResult result;
  result.output = drain(reader.get());
  int status = 0;
  ::waitpid(pid, &status, 0);
  result.status = exit_status(status);
  return result;
}

void run_or_throw(const std::vector<std::string>& argv, std::string_view input) {
  const CommandResult result = run(argv, input);
  if (result.status == 0) {
    return;
  }
  std::string line;
  for (const std::string& word : argv) {
    line.append(word).append(" ");
  }
  throw std::runtime_error(line + "-> " + std::to_string(result.status) + ": " + result.output);
}

bool program_exists(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/sbin:/usr/bin:/sbin:/bin" : path;
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, colon)).append("/").append(name);
    if (::access(candidate.c_str(), X_OK) == 0) {
      return true;
    }
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return false;
}

}  // namespace tcptrace::stress
