// SPDX-License-Identifier: GPL-2.0
#include "host/sysctl_backup.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/unique_fd.h"
#include "host/netns.h"
#include "host/procfs.h"
#include "host/sysctl.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kVersion = 1;
constexpr std::string_view kName = "sysctl-backup";
constexpr std::string_view kSuffix = ".json";
constexpr int kSoNetnsCookie = 71;  // since v5.14; of include/uapi/asm-generic/socket.h

std::uint64_t netns_cookie() {
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  return fd.valid() && ::getsockopt(fd.get(), SOL_SOCKET, kSoNetnsCookie, &cookie, &size) == 0
             ? cookie
             : 0;
}

// A file may hold any bytes, JSON may not.
std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto byte = parse_number<std::uint8_t>(hex.substr(i, 2), 16);
    if (!byte || i + 1 == hex.size()) {
      return std::nullopt;
    }
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

json to_json(const SysctlBackup& backup) {
  json settings = json::array();
  for (const SysctlBackup::Setting& setting : backup.settings) {
    settings.push_back({{"name", setting.name}, {"value", setting.value}});
  }
  json object{{"tcptrace_sysctl_backup", kVersion},
              {"boot_id", backup.owner.boot_id},
              {"host", backup.owner.host},
              {"netns", backup.owner.netns},
              {"netns_cookie", backup.owner.cookie},
              {"dropin_written", backup.dropin_written},
              {"settings", settings}};
  if (backup.dropin) {
    object["dropin"] = {{"content_hex", to_hex(backup.dropin->content)},
                        {"mode", backup.dropin->attributes.mode},
                        {"uid", backup.dropin->attributes.uid},
                        {"gid", backup.dropin->attributes.gid}};
  }
  return object;
}

// Throws json::exception for what is missing or of another type.
std::optional<SysctlBackup> from_json(const json& object) {
  if (object.at("tcptrace_sysctl_backup").get<int>() != kVersion) {
    return std::nullopt;
  }
  SysctlBackup backup;
  backup.owner = {.host = object.at("host").get<bool>(),
                  .netns = object.at("netns").get<std::uint32_t>(),
                  .cookie = object.at("netns_cookie").get<std::uint64_t>(),
                  .boot_id = object.at("boot_id").get<std::string>()};
  backup.dropin_written = object.at("dropin_written").get<bool>();
  for (const json& setting : object.at("settings")) {
    backup.settings.push_back({.name = setting.at("name").get<std::string>(),
                               .value = setting.at("value").get<std::string>()});
    if (!sysctl_path("/", backup.settings.back().name)) {
      return std::nullopt;
    }
  }
  if (object.contains("dropin")) {
    const json& dropin = object.at("dropin");
    auto content = from_hex(dropin.at("content_hex").get<std::string>());
    if (!content) {
      return std::nullopt;
    }
    backup.dropin = StoredFile{.content = std::move(*content),
                               .attributes = {.mode = dropin.at("mode").get<mode_t>(),
                                              .uid = dropin.at("uid").get<uid_t>(),
                                              .gid = dropin.at("gid").get<gid_t>()}};
  }
  return backup;
}

}  // namespace

bool is_own_root(const fs::path& root) {
  std::error_code ignored;
  return fs::equivalent(root, "/", ignored);
}

SettingsOwner settings_owner(const fs::path& root, bool tree) {
  SettingsOwner owner;
  owner.boot_id = read_sysctl(root, "kernel.random.boot_id").value_or(std::nullopt).value_or("");
  if (tree) {
    return owner;
  }
  owner.netns = own_netns(root).value_or(0);
  owner.cookie = netns_cookie();
  // Whose settings the files below /etc/sysctl.d are: those of this system's first process, in a
  // container its own. Without privileges nobody knows, and nobody can set anything either.
  const auto init = netns_of_pid(root, 1);
  const auto home = init ? init : host_netns(root);
  owner.host = !home || *home == owner.netns;
  return owner;
}

const SysctlBackup::Setting* SysctlBackup::find(std::string_view name) const {
  const auto found = std::ranges::find(settings, name, &Setting::name);
  return found == settings.end() ? nullptr : &*found;
}

void SysctlBackup::forget_what_is_over(const SettingsOwner& now) {
  if (owner != now && !(owner.host && dropin_written)) {
    settings.clear();
    owner = now;
  }
}

fs::path backup_path(const fs::path& root, const SettingsOwner& owner) {
  return root / "var/lib/tcptrace" /
         (owner.host ? fmt::format("{}{}", kName, kSuffix)
                     : fmt::format("{}-netns-{}{}", kName, owner.netns, kSuffix));
}

Result<std::optional<fs::path>> other_dropin_backup(const fs::path& own) {
  std::error_code failure;
  for (fs::directory_iterator it(own.parent_path(), failure), end; !failure && it != end;
       it.increment(failure)) {
    const std::string name = it->path().filename().native();
    if (!name.starts_with(kName) || !name.ends_with(kSuffix) || it->path() == own) {
      continue;
    }
    const auto other = load_backup(it->path());
    if (!other) {
      return std::unexpected(other.error());
    }
    if (*other && (*other)->dropin_written) {
      return it->path();
    }
  }
  return std::nullopt;
}

Result<std::optional<SysctlBackup>> load_backup(const fs::path& path) {
  const auto file = load_file(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (!*file) {
    return std::nullopt;
  }
  try {
    if (auto backup = from_json(json::parse((*file)->content))) {
      return backup;
    }
  } catch (const json::exception&) {
    // Said below: what of it is wrong helps nobody.
  }
  return std::unexpected(Error{
      .what = fmt::format("{} is damaged, or of another version", terminal_safe(path.native())),
      .hint = "it holds the former values: repair it, or move it away"});
}

Result<void> store_backup(const fs::path& path, const SysctlBackup& backup) {
  try {
    return store_file(path, {.content = to_json(backup).dump(2) + "\n"});
  } catch (const json::exception&) {
    return std::unexpected(Error{.what = "a setting has a value that is no UTF-8 text"});
  }
}

}  // namespace tcptrace::host
