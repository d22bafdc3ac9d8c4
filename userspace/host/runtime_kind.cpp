// SPDX-License-Identifier: GPL-2.0
#include "host/runtime_kind.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "host/procfs.h"

namespace tcptrace::host {
namespace {

using model::RuntimeKind;

constexpr std::size_t kMapsBytes = 1U << 20;
constexpr std::size_t kCommandLineBytes = 4096;

struct Program {
  std::string_view name;
  RuntimeKind kind;
};

// Names of programs, to which a version may be added: python3.11, php-fpm8.2.
constexpr std::array kPrograms = {
    Program{"java", RuntimeKind::kJava},
    Program{"node", RuntimeKind::kNodejs},
    Program{"nodejs", RuntimeKind::kNodejs},
    Program{"python", RuntimeKind::kPython},
    Program{"pypy", RuntimeKind::kPython},
    Program{"php-fpm", RuntimeKind::kPhpFpm},
    Program{"php", RuntimeKind::kPhp},
    Program{"ruby", RuntimeKind::kRuby},
    Program{"dotnet", RuntimeKind::kDotnet},
    Program{"perl", RuntimeKind::kPerl},
    Program{"beam.smp", RuntimeKind::kErlang},
    Program{"nginx", RuntimeKind::kNginx},
    Program{"openresty", RuntimeKind::kNginx},
    Program{"haproxy", RuntimeKind::kHaproxy},
    Program{"envoy", RuntimeKind::kEnvoy},
    Program{"apache", RuntimeKind::kApache},
    Program{"httpd", RuntimeKind::kApache},
    Program{"postgres", RuntimeKind::kPostgresql},
    Program{"mysqld", RuntimeKind::kMysql},
    Program{"mariadbd", RuntimeKind::kMysql},
    Program{"redis-server", RuntimeKind::kRedis},
    Program{"redis-sentinel", RuntimeKind::kRedis},
    Program{"valkey-server", RuntimeKind::kRedis},
};

// By what libraries of theirs begin with: of programs that bring a runtime of their own.
constexpr std::array kLibraries = {
    Program{"libjvm.so", RuntimeKind::kJava},    Program{"libcoreclr.so", RuntimeKind::kDotnet},
    Program{"libnode.so", RuntimeKind::kNodejs}, Program{"libpython", RuntimeKind::kPython},
    Program{"libruby", RuntimeKind::kRuby},
};

bool is_version(std::string_view text) {
  return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

RuntimeKind by_name(std::string_view name) {
  for (const Program& program : kPrograms) {
    if (name.starts_with(program.name) && is_version(name.substr(program.name.size()))) {
      return program.kind;
    }
  }
  return RuntimeKind::kUnknown;
}

std::string_view basename(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Mapped files are at the end of their lines; a library is named by its first mapping.
RuntimeKind by_maps(std::string_view maps) {
  for (const std::string_view line : lines(maps)) {
    const std::size_t slash = line.rfind('/');
    if (slash == std::string_view::npos) {
      continue;
    }
    const auto* const found = std::ranges::find_if(kLibraries, [&](const Program& library) {
      return line.substr(slash + 1).starts_with(library.name);
    });
    if (found != kLibraries.end() && line.find(".so", slash) != std::string_view::npos) {
      return found->kind;
    }
  }
  return RuntimeKind::kUnknown;
}

// "/usr/bin/java\0-jar\0…", but also "nginx: worker process" and "php-fpm: pool www".
RuntimeKind by_command_line(std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\0'));
  const std::string_view word = first.substr(0, first.find_first_of(": "));
  return by_name(basename(word));
}

// The executable's path; empty: it may not be seen.
std::optional<std::string> executable_of(const std::filesystem::path& directory) {
  static constexpr std::string_view kDeleted = " (deleted)";
  std::error_code failure;
  std::string path = std::filesystem::read_symlink(directory / "exe", failure).native();
  if (failure) {
    return std::nullopt;
  }
  if (path.ends_with(kDeleted)) {
    path.resize(path.size() - kDeleted.size());
  }
  return path;
}

}  // namespace

RuntimeKind runtime_of(const std::filesystem::path& root, std::uint32_t pid) {
  const std::filesystem::path directory = proc_dir(root, pid);
  if (const auto executable = executable_of(directory)) {
    RuntimeKind kind = by_name(basename(*executable));
    if (kind == RuntimeKind::kUnknown) {
      const auto maps = read_file(directory / "maps", kMapsBytes);
      kind = by_maps(maps ? *maps : std::string_view());
    }
    if (kind == RuntimeKind::kUnknown && built_by_go(directory / "exe")) {
      kind = RuntimeKind::kGo;
    }
    return kind;
  }
  const auto command = read_file(directory / "cmdline", kCommandLineBytes);
  const RuntimeKind kind = by_command_line(command ? *command : std::string_view());
  return kind != RuntimeKind::kUnknown ? kind : by_name(comm_of(root, pid));
}

}  // namespace tcptrace::host
