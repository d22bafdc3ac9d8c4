// SPDX-License-Identifier: GPL-2.0
#include "base/replace_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include <fmt/core.h>

#include "base/text.h"
#include "base/unique_fd.h"

namespace tcptrace {
namespace {

constexpr mode_t kNewMode = 0644;
constexpr int kNames = 100;  // that are tried

Error cannot(std::string_view what, const std::string& path, int code) {
  return system_error(fmt::format("cannot {} {}", what, terminal_safe(path)), code);
}

std::optional<FileAttributes> attributes_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  return FileAttributes{
      .mode = status.st_mode & 07777U, .uid = status.st_uid, .gid = status.st_gid};
}

// A name that nobody can have put something in the way of, and that sysctl.d takes for no file of
// settings. `name` is set to it.
UniqueFd open_beside(const std::string& path, mode_t mode, std::string& name) {
  for (int i = 0; i < kNames; ++i) {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) < 0) {
      break;
    }
    name = fmt::format("{}.{:016x}", path, number);
    UniqueFd fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (fd.valid() || errno != EEXIST) {
      return fd;
    }
  }
  return {};
}

// Error number, 0: done.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return 0;
}

// `strict`: or it is a failure. An owner that is kept may be one that even root cannot give, on a
// network file system or in a user namespace.
int set_attributes(int fd, const FileAttributes& attributes, bool strict) {
  // The group alone may be one of the caller's.
  const bool owned = ::fchown(fd, attributes.uid, attributes.gid) == 0 ||
                     ((!strict || ::geteuid() != 0) &&
                      (::fchown(fd, static_cast<uid_t>(-1), attributes.gid) == 0 ||
                       errno == EPERM || errno == EINVAL));
  return owned && ::fchmod(fd, attributes.mode) == 0 ? 0 : errno;
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view bytes,
                          const std::optional<FileAttributes>& attributes) {
  const auto wanted = attributes ? attributes : attributes_of(path);
  std::string beside;
  // Nobody reads what is not to be read by all before it has its mode.
  const UniqueFd fd = open_beside(path, wanted ? 0600 : kNewMode, beside);
  if (!fd.valid()) {
    return std::unexpected(cannot("write", path, errno));
  }
  int failure = write_all(fd.get(), bytes);
  failure =
      failure == 0 && wanted ? set_attributes(fd.get(), *wanted, attributes.has_value()) : failure;
  failure = failure == 0 && ::fsync(fd.get()) != 0 ? errno : failure;
  if (failure == 0 && ::rename(beside.c_str(), path.c_str()) == 0) {
    const std::size_t slash = path.rfind('/');
    return sync_directory(slash == std::string::npos ? "." : path.substr(0, slash + 1));
  }
  Error error = failure == 0 ? cannot("replace", path, errno) : cannot("write", path, failure);
  ::unlink(beside.c_str());
  return std::unexpected(std::move(error));
}

Result<void> sync_directory(const std::string& directory) {
  const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // One that may be written and not read is as it is; EINVAL: this file system has nothing to sync.
  const bool synced = fd.valid() ? ::fsync(fd.get()) == 0 || errno == EINVAL : errno == EACCES;
  return synced ? Result<void>() : std::unexpected(cannot("write", directory, errno));
}

}  // namespace tcptrace
