// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tcptrace::test {

// Of the whole file; empty where it cannot be read.
inline std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace tcptrace::test
