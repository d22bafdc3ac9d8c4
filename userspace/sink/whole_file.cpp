// SPDX-License-Identifier: GPL-2.0
#include "sink/whole_file.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include <fmt/core.h>

#include "base/replace_file.h"
#include "base/text.h"
#include "sink/fd_sink.h"

namespace tcptrace::sink {
namespace {

struct Place {
  std::string path;       // without symbolic links, where it exists
  std::string directory;  // that it is in
  bool exists = false;
  bool regular = false;  // and may be replaced
};

// Whether it names a descriptor that is open already, as /dev/stdout and /dev/fd/3 do: what is
// behind it is written to, not replaced.
bool names_descriptor(std::string path) {
  constexpr int kMostLinks = 40;
  for (int i = 0; i < kMostLinks; ++i) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "./" : path.substr(0, slash + 1);
    struct statfs system {};
    if (::statfs(directory.c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC) {
      return true;
    }
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length <= 0) {
      return false;
    }
    target.resize(static_cast<std::size_t>(length));
    path = target.front() == '/' ? target : directory + target;
  }
  return false;
}

// Another open of it would have an offset of its own, and empty what a shell has redirected it to.
bool names_stdout(const std::string& path) {
  struct stat named {};
  struct stat known {};
  return names_descriptor(path) && ::stat(path.c_str(), &named) == 0 &&
         ::fstat(STDOUT_FILENO, &known) == 0 && named.st_dev == known.st_dev &&
         named.st_ino == known.st_ino;
}

Place place_of(const std::string& path) {
  Place place{.path = path, .directory = "."};
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         std::free);
  if (real) {
    place.path = real.get();
  }
  struct stat status {};
  place.exists = ::stat(place.path.c_str(), &status) == 0;
  place.regular = place.exists && S_ISREG(status.st_mode) && !names_descriptor(path);
  if (const std::size_t slash = place.path.rfind('/'); slash != std::string::npos) {
    place.directory = slash == 0 ? "/" : place.path.substr(0, slash);
  }
  return place;
}

// Written in place: what cannot be replaced, such as a file that is mounted by itself or whose
// directory is not ours to write.
bool only_in_place(const Place& place, int failure) {
  return place.exists &&
         (failure == EBUSY || failure == EACCES || failure == EPERM || failure == EROFS) &&
         ::access(place.path.c_str(), W_OK) == 0;
}

Result<void> write_in_place(const std::string& path, std::string_view bytes, int interrupt_fd) {
  auto sink = names_stdout(path) ? open_stdout(interrupt_fd) : open_file(path, interrupt_fd);
  return sink ? write_out(**sink, bytes) : std::unexpected(sink.error());
}

Error cannot(std::string_view what, const std::string& path) {
  const int failure = errno;
  return system_error(fmt::format("cannot {} {}", what, terminal_safe(path)), failure);
}

}  // namespace

Result<void> check_whole_file(const std::string& path) {
  const Place place = place_of(path);
  errno = 0;
  struct stat status {};
  if (::stat(place.path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return std::unexpected(usage_error(terminal_safe(path) + " is a directory"));
  }
  if (place.exists && !place.regular) {
    return {};
  }
  if (::access(place.directory.c_str(), W_OK | X_OK) != 0 && !only_in_place(place, errno)) {
    return std::unexpected(cannot("write", path));
  }
  return {};
}

Result<void> write_whole_file(const std::string& path, std::string_view bytes, int interrupt_fd) {
  const Place place = place_of(path);
  if (place.exists && !place.regular) {
    return write_in_place(path, bytes, interrupt_fd);
  }
  auto replaced = replace_file(place.path, bytes);
  return !replaced && only_in_place(place, replaced.error().errno_code)
             ? write_in_place(place.path, bytes, interrupt_fd)
             : replaced;
}

}  // namespace tcptrace::sink
