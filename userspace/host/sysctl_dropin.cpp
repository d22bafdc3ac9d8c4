// SPDX-License-Identifier: GPL-2.0
#include "host/sysctl_dropin.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <ranges>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "host/procfs.h"
#include "host/sysctl.h"
#include "host/sysctl_boot.h"

namespace tcptrace::host {
namespace {

namespace fs = std::filesystem;
using model::SettingChange;
using model::SettingOutcome;
using model::TuneOutcome;

// Held while a run reads and writes the backup: two at once would take each other's values for the
// original ones.
Result<UniqueFd> lock(const fs::path& directory) {
  std::error_code failure;
  fs::create_directories(directory, failure);
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    Error error = system_error(fmt::format("cannot open {}", terminal_safe(directory.native())),
                               failure ? failure.value() : errno);
    error.status = ExitStatus::kUnsupported;
    return std::unexpected(std::move(error));
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(Error{.what = "another tcptrace tune changes settings just now"});
  }
  return fd;
}

// The value without the end of its line: what is written back is what was read.
Result<std::string> exact_value(const fs::path& root, std::string_view name) {
  const auto path = sysctl_path(root, name);
  if (!path) {
    return std::unexpected(path.error());
  }
  auto text = read_file(*path);
  if (text && text->ends_with('\n')) {
    text->pop_back();
  }
  return text;
}

std::string value_now(const fs::path& root, std::string_view name) {
  return read_sysctl(root, name).value_or(std::nullopt).value_or("");
}

// Writes, and reads back.
void set_value(const fs::path& root, std::string_view value, SettingChange& change) {
  const auto written = write_sysctl(root, change.name, value);
  change.actual = value_now(root, change.name);
  if (!written) {
    change.outcome = SettingOutcome::kRefused;
    change.error = written.error().what;
  } else {
    change.outcome = change.actual == normalised_sysctl(value) ? SettingOutcome::kSet
                                                               : SettingOutcome::kAdjusted;
  }
}

// Says so in `change`.
bool cannot_be_set(const fs::path& root, SettingChange& change) {
  const SysctlAccess access = sysctl_access(root, change.name);
  if (access == SysctlAccess::kWritable) {
    return false;
  }
  change.outcome =
      access == SysctlAccess::kAbsent ? SettingOutcome::kAbsent : SettingOutcome::kReadOnly;
  change.error = why_not_writable(access);
  return true;
}

class Apply {
 public:
  Apply(const SettingsTarget& target, const std::vector<tune::DropinSetting>& settings,
        const Interrupted& interrupted)
      : target_(target), settings_(settings), interrupted_(interrupted) {
    outcome_.backup = backup_path(target.root, target.owner).native();
  }

  Result<TuneOutcome> run();

 private:
  Result<void> load();
  void look();
  Result<void> back_up();
  Result<void> write_dropin(bool only_taken);
  Result<void> undo_dropin();
  void set_all();
  void roll_back();
  void finish();
  [[nodiscard]] std::vector<tune::DropinSetting> wanted(bool only_taken) const;
  [[nodiscard]] bool nothing_taken() const;

  const SettingsTarget& target_;
  const std::vector<tune::DropinSetting>& settings_;
  const Interrupted& interrupted_;
  TuneOutcome outcome_;
  std::vector<std::string> former_;  // exact values, by the place in outcome_.settings
  std::optional<StoredFile> old_backup_;
  std::optional<SysctlBackup> backup_;
  std::optional<StoredFile> old_dropin_;
};

// kSet stands for "can be written" until it is.
bool writable(const SettingChange& change) { return change.outcome == SettingOutcome::kSet; }

bool taken(const SettingChange& change) {
  return change.outcome == SettingOutcome::kSet || change.outcome == SettingOutcome::kAdjusted;
}

Result<void> Apply::load() {
  auto file = load_file(outcome_.backup);
  auto backup = load_backup(outcome_.backup);
  auto dropin = load_file(dropin_path(target_.root));
  if (!file || !backup) {
    return std::unexpected(!file ? file.error() : backup.error());
  }
  if (target_.dropin && !dropin) {
    return std::unexpected(dropin.error());
  }
  if (auto free = check_dropin_is_free(target_); !free) {
    return free;
  }
  old_backup_ = std::move(*file);
  backup_ = std::move(*backup);
  if (backup_) {
    backup_->forget_what_is_over(target_.owner);
  }
  old_dropin_ = dropin ? std::move(*dropin) : std::nullopt;
  return {};
}

void Apply::look() {
  for (const tune::DropinSetting& setting : settings_) {
    SettingChange change{.name = setting.name, .former = {}, .wanted = setting.value};
    auto exact = exact_value(target_.root, setting.name);
    if (!cannot_be_set(target_.root, change) && !exact) {
      change.outcome = SettingOutcome::kRefused;
      change.error = exact.error().what;
    }
    change.former = value_now(target_.root, setting.name);
    change.actual = change.former;
    former_.push_back(exact ? std::move(*exact) : std::string());
    outcome_.settings.push_back(std::move(change));
  }
}

Result<void> Apply::back_up() {
  SysctlBackup backup = backup_.value_or(SysctlBackup{.owner = target_.owner});
  if (target_.dropin && !backup.dropin_written) {
    backup.dropin_written = true;
    backup.dropin = old_dropin_;
  }
  for (std::size_t i = 0; i < former_.size(); ++i) {
    const SettingChange& change = outcome_.settings[i];
    if (writable(change) && backup.find(change.name) == nullptr) {
      backup.settings.push_back({.name = change.name, .value = former_[i]});
    }
  }
  return store_backup(outcome_.backup, backup);
}

std::vector<tune::DropinSetting> Apply::wanted(bool only_taken) const {
  std::vector<tune::DropinSetting> wanted;
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    const SettingChange& change = outcome_.settings[i];
    if (only_taken ? taken(change) : writable(change)) {
      wanted.push_back(settings_[i]);
    }
  }
  return wanted;
}

Result<void> Apply::write_dropin(bool only_taken) {
  const std::string_view existing =
      old_dropin_ ? std::string_view(old_dropin_->content) : std::string_view();
  StoredFile file = old_dropin_.value_or(StoredFile{});
  file.content = tune::dropin_text(existing, wanted(only_taken));
  auto stored = store_file(dropin_path(target_.root), file);
  if (stored) {
    outcome_.dropin = dropin_path(target_.root).native();
    outcome_.dropin_text = std::move(file.content);
  }
  return stored;
}

Result<void> Apply::undo_dropin() {
  if (target_.dropin) {
    if (auto put = put_file(dropin_path(target_.root), old_dropin_); !put) {
      return put;
    }
    outcome_.dropin.clear();
    outcome_.dropin_text.reset();
  }
  return {};
}

void Apply::set_all() {
  for (SettingChange& change : outcome_.settings) {
    if (!writable(change)) {
      continue;
    }
    if (outcome_.interrupted || interrupted_()) {
      outcome_.interrupted = true;
      change.outcome = SettingOutcome::kLeft;
      continue;
    }
    set_value(target_.root, change.wanted, change);
  }
}

void Apply::roll_back() {
  for (std::size_t i = outcome_.settings.size(); i-- > 0;) {
    SettingChange& change = outcome_.settings[i];
    if (!taken(change)) {
      continue;
    }
    set_value(target_.root, former_[i], change);
    change.outcome = change.outcome == SettingOutcome::kSet ? SettingOutcome::kRolledBack
                                                            : SettingOutcome::kNotBack;
  }
}

bool Apply::nothing_taken() const { return std::ranges::none_of(outcome_.settings, taken); }

void Apply::finish() {
  const auto any = [this](SettingOutcome outcome) {
    return std::ranges::find(outcome_.settings, outcome, &SettingChange::outcome) !=
           outcome_.settings.end();
  };
  Result<void> done;
  if (outcome_.interrupted) {
    roll_back();
  }
  if (nothing_taken()) {
    // The drop-in first: while it is there, the backup must be. What is not back needs it too.
    done = undo_dropin();
    done = done && !any(SettingOutcome::kNotBack) ? put_file(outcome_.backup, old_backup_) : done;
  } else if (any(SettingOutcome::kRefused) && target_.dropin) {
    done = write_dropin(true);
  }
  if (!done) {
    outcome_.problem = done.error().what;
  }
}

Result<TuneOutcome> Apply::run() {
  if (settings_.empty()) {
    return std::move(outcome_);
  }
  const auto locked = lock(fs::path(outcome_.backup).parent_path());
  if (!locked) {
    return std::unexpected(locked.error());
  }
  if (auto loaded = load(); !loaded) {
    return std::unexpected(loaded.error());
  }
  look();
  if (std::ranges::none_of(outcome_.settings, writable)) {
    return std::move(outcome_);
  }
  if (auto kept = back_up(); !kept) {
    return std::unexpected(kept.error());
  }
  if (target_.dropin) {
    if (auto written = write_dropin(false); !written) {
      // It may have been replaced and not be on disk yet; mostly it is as it was.
      (void)put_file(dropin_path(target_.root), old_dropin_);
      (void)put_file(outcome_.backup, old_backup_);
      return std::unexpected(written.error());
    }
  }
  set_all();
  finish();
  if (!outcome_.dropin.empty()) {
    outcome_.overrides = boot_overrides(target_.root, kDropinName, wanted(true));
  }
  return std::move(outcome_);
}

SettingChange restored(const fs::path& root, const SysctlBackup::Setting& setting) {
  SettingChange change{.name = setting.name,
                       .former = value_now(root, setting.name),
                       .wanted = normalised_sysctl(setting.value)};
  if (cannot_be_set(root, change)) {
    change.actual = change.former;
  } else {
    set_value(root, setting.value, change);
  }
  return change;
}

// What is gone needs no value; what has another than the former one is not back.
bool back(const SettingChange& change) {
  return change.outcome == SettingOutcome::kAbsent || change.actual == change.wanted;
}

}  // namespace

Result<void> check_dropin_is_free(const SettingsTarget& target) {
  if (!target.dropin) {
    return {};
  }
  const auto other = other_dropin_backup(backup_path(target.root, target.owner));
  if (!other) {
    return std::unexpected(other.error());
  }
  if (*other) {
    return std::unexpected(
        Error{.what = fmt::format("the drop-in was written for another network namespace, whose "
                                  "former values are in {}",
                                  terminal_safe((*other)->native())),
              .hint = "tcptrace tune --restore there first; if it is gone, remove the drop-in and "
                      "that backup"});
  }
  return {};
}

fs::path dropin_path(const fs::path& root) { return root / "etc/sysctl.d" / kDropinName; }

Result<TuneOutcome> apply_settings(const SettingsTarget& target,
                                   const std::vector<tune::DropinSetting>& settings,
                                   const Interrupted& interrupted) {
  return Apply(target, settings, interrupted).run();
}

Result<TuneOutcome> restore_settings(const SettingsTarget& target) {
  TuneOutcome outcome;
  const fs::path path = backup_path(target.root, target.owner);
  outcome.backup = path.native();
  const Error nothing{
      .what = fmt::format("nothing to restore: there is no {}", terminal_safe(path.native()))};
  // No directory is made for a run that has nothing to do.
  if (std::error_code ignored; !fs::exists(path, ignored)) {
    return std::unexpected(nothing);
  }
  const auto locked = lock(path.parent_path());
  if (!locked) {
    return std::unexpected(locked.error());
  }
  auto backup = load_backup(path);
  if (!backup || !*backup) {
    return std::unexpected(!backup ? backup.error() : nothing);
  }
  (*backup)->forget_what_is_over(target.owner);
  if ((*backup)->empty()) {
    return std::unexpected(
        Error{.what = fmt::format("nothing to restore: {} is of a network namespace or a boot that "
                                  "is over, and its values with it",
                                  terminal_safe(path.native()))});
  }
  for (const auto& setting : (*backup)->settings | std::views::reverse) {
    outcome.settings.push_back(restored(target.root, setting));
  }
  Result<void> done;
  if ((*backup)->dropin_written) {
    outcome.dropin = dropin_path(target.root).native();
    done = put_file(outcome.dropin, (*backup)->dropin);
    if ((*backup)->dropin) {
      outcome.dropin_text = (*backup)->dropin->content;
    }
  }
  const bool all_back = std::ranges::all_of(outcome.settings, back);
  if (done && all_back) {
    done = remove_file(path);
  }
  if (!done) {
    outcome.problem = done.error().what;
  } else if (!all_back) {
    outcome.problem = "not every value is back: the backup stays";
  }
  return outcome;
}

}  // namespace tcptrace::host
