// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/unique_fd.h"

namespace tcptrace::kernel {
namespace {

constexpr const char* kOwnNetns = "/proc/thread-self/ns/net";

bool is_inode(int fd, std::uint32_t inode) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_ino == inode;
}

Error not_entered(const std::string& path, int code) {
  Error error = system_error("cannot enter " + path, code);
  if (code == EPERM || code == EACCES) {
    error.hint = "that takes CAP_SYS_ADMIN and CAP_SYS_PTRACE";
    error.status = ExitStatus::kUnsupported;
  }
  return error;
}

// Puts the calling thread into the namespace. A process that has exited may have left its number to
// another: the inode decides.
Result<void> enter(const SocketNamespace& netns) {
  if (const UniqueFd own(::open(kOwnNetns, O_RDONLY | O_CLOEXEC));
      own.valid() && is_inode(own.get(), netns.inode)) {
    return {};
  }
  Error error{.what = "it is gone", .hint = {}, .errno_code = ENOENT};
  for (const std::string& path : netns.paths) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
      if (errno != ENOENT) {
        error = not_entered(path, errno);
      }
      continue;
    }
    if (!is_inode(fd.get(), netns.inode)) {
      continue;
    }
    if (::setns(fd.get(), CLONE_NEWNET) == 0) {
      return {};
    }
    error = not_entered(path, errno);
  }
  return std::unexpected(error);
}

}  // namespace

std::vector<UnreadNamespace> visit_namespaces(
    std::span<const SocketNamespace> namespaces,
    const std::function<Result<void>(std::uint32_t inode)>& read) {
  std::vector<UnreadNamespace> unread;
  for (const SocketNamespace& netns : namespaces) {
    Result<void> done = enter(netns);
    if (done) {
      done = read(netns.inode);
    }
    if (!done) {
      unread.push_back({.inode = netns.inode, .error = std::move(done.error())});
    }
  }
  return unread;
}

}  // namespace tcptrace::kernel
