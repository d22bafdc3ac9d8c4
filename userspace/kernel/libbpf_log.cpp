// SPDX-License-Identifier: GPL-2.0
#include "kernel/libbpf_log.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace tcptrace::kernel {
namespace {

thread_local LibbpfLog* current_log = nullptr;

int print(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN || current_log == nullptr) {
    return 0;
  }
  std::array<char, 16384> text{};
  const int size = std::vsnprintf(text.data(), text.size(), format, arguments);
  if (size > 0) {
    current_log->add(text.data());
  }
  return size;
}

// The verifier's verdict stands in the last lines of its log, before the statistics.
std::string verdict(std::string_view log) {
  std::string last;
  while (!log.empty()) {
    const std::size_t end = log.find('\n');
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    if (line.starts_with("processed ") ||
        line.find("END PROG LOAD LOG") != std::string_view::npos ||
        line.starts_with("verification time")) {
      break;
    }
    if (!line.empty()) {
      last = line;
    }
  }
  return last;
}

}  // namespace

LibbpfLog::LibbpfLog() {
  current_log = this;
  libbpf_set_print(print);
}

LibbpfLog::~LibbpfLog() { current_log = nullptr; }

void LibbpfLog::add(std::string_view message) {
  constexpr std::string_view kPrefix = "libbpf: ";
  if (message.starts_with(kPrefix)) {
    message.remove_prefix(kPrefix.size());
  }
  if (message.ends_with('\n')) {
    message.remove_suffix(1);
  }
  constexpr std::string_view kProgram = "prog '";
  if (!message.starts_with(kProgram)) {
    if (reason_.empty()) {
      reason_ = message;
    }
    return;
  }
  const std::string_view rest = message.substr(kProgram.size());
  const std::size_t quote = rest.find('\'');
  failed_program_ = rest.substr(0, quote);
  const std::string_view said = rest.substr(std::min(rest.size(), quote + 3));
  if (said.find("BEGIN PROG LOAD LOG") != std::string_view::npos) {
    reason_ = verdict(said);
  } else if (said.find("failed to load:") == std::string_view::npos || reason_.empty()) {
    reason_ = said;
  }
}

}  // namespace tcptrace::kernel
