// SPDX-License-Identifier: GPL-2.0
// A file of /etc as one program sees it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace tcptrace::live {

// A file that stands for one of /etc while a program runs behind wrapper().
class Instead {
 public:
  Instead(std::string path, const std::string& text) : path_(std::move(path)) {
    file_ = std::filesystem::temp_directory_path() / ("instead" + std::to_string(::getpid()));
    std::ofstream(file_) << text;
  }
  ~Instead() { std::filesystem::remove(file_); }
  Instead(const Instead&) = delete;
  Instead& operator=(const Instead&) = delete;

  [[nodiscard]] std::vector<std::string> wrapper() const {
    return {
        "unshare", "-m",           "sh", "-c", R"(mount --bind "$1" "$2" && shift 2 && exec "$@")",
        "sh",      file_.string(), path_};
  }

 private:
  std::string path_;
  std::filesystem::path file_;
};

}  // namespace tcptrace::live
