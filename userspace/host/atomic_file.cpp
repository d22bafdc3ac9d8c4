// SPDX-License-Identifier: GPL-2.0
#include "host/atomic_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;

Result<void> told(Result<void> done) {
  if (!done && (done.error().errno_code == EACCES || done.error().errno_code == EPERM ||
                done.error().errno_code == EROFS)) {
    done.error().status = ExitStatus::kUnsupported;
  }
  return done;
}

Error failed(std::string_view what, const fs::path& path, int code) {
  const std::string clause = fmt::format("cannot {} {}", what, terminal_safe(path.native()));
  return told(std::unexpected(system_error(clause, code))).error();
}

}  // namespace

Result<std::optional<StoredFile>> load_file(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? Result<std::optional<StoredFile>>(std::nullopt)
                                               : std::unexpected(failed("look at", path, errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(
        Error{.what = fmt::format("{} is not a regular file", terminal_safe(path.native()))});
  }
  auto content = read_file(path);
  if (!content) {
    return std::unexpected(content.error());
  }
  return StoredFile{
      .content = std::move(*content),
      .attributes = {.mode = status.st_mode & 07777U, .uid = status.st_uid, .gid = status.st_gid}};
}

Result<void> store_file(const fs::path& path, const StoredFile& file) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  if (failure) {
    return std::unexpected(failed("make", path.parent_path(), failure.value()));
  }
  return told(replace_file(path.native(), file.content, file.attributes));
}

Result<void> remove_file(const fs::path& path) {
  if (::unlink(path.c_str()) != 0) {
    return errno == ENOENT ? Result<void>() : std::unexpected(failed("remove", path, errno));
  }
  return told(sync_directory(path.parent_path().native()));
}

Result<void> put_file(const fs::path& path, const std::optional<StoredFile>& file) {
  return file ? store_file(path, *file) : remove_file(path);
}

}  // namespace tcptrace::host
