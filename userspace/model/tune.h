// SPDX-License-Identifier: GPL-2.0
// What `tcptrace tune` proposes for a host's settings, and what became of it. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/host_facts.h"
#include "model/socket_census.h"

namespace tcptrace::model {

// What a host is for: brings in general advice that nothing measured asks for.
enum class TuneProfile : std::uint8_t { kNone, kWeb, kProxy, kLowMemory };

// Why a setting should change.
enum class TuneBasis : std::uint8_t {
  kEvidence,       // measured on this host
  kHarmful,        // what it is set to does harm on any host
  kGeneralAdvice,  // of the profile: nothing here was measured
};

// Of one network namespace.
struct TuneInput {
  const HostFacts& host;
  const NetnsFacts& netns;
  const SocketCensus* census = nullptr;  // null: the sockets could not be listed
  TuneProfile profile = TuneProfile::kNone;
};

struct TuneProposal {
  std::string name;
  std::string current;
  std::string proposed;
  TuneBasis basis = TuneBasis::kEvidence;
  std::vector<std::string> evidence;  // with numbers; none for general advice
  std::string reason;
  std::string risk;
  std::string source;
  std::string not_writable{};  // why it cannot be set from here; empty: it can
};

// As the screen and the drop-in say it: "no evidence; general advice" where nothing was measured.
[[nodiscard]] std::string evidence_text(const TuneProposal& proposal);

// What was looked at and stays as it is.
struct TuneKept {
  std::string name;
  std::string current;  // empty: this kernel, or this namespace, has no such setting
  std::string reason;
};

// Advice that is around and is not given.
struct TuneRefusal {
  std::string_view advice;
  std::string_view reason;
  std::string_view source;
};

struct TunePlan {
  std::chrono::nanoseconds boot_time{};
  std::string kernel;
  std::string netns;  // its label
  TuneProfile profile = TuneProfile::kNone;
  bool sockets_counted = false;
  std::vector<TuneProposal> proposals;
  std::vector<TuneKept> kept;
  std::vector<TuneRefusal> refusals;
  std::vector<UnreadFact> unread;
};

// What became of one setting.
enum class SettingOutcome : std::uint8_t {
  kSet,         // it reads as it was wanted
  kAdjusted,    // the kernel made another value of it
  kRefused,     // the kernel did not take it
  kReadOnly,    // its file cannot be written here: `error` says why
  kAbsent,      // there is no such setting
  kRolledBack,  // it was set, and put back because of a signal
  kNotBack,     // it was set, and could not be put back then
  kLeft,        // not touched, because of a signal
};

struct SettingChange {
  std::string name;
  std::string former;
  std::string wanted;
  std::string actual{};  // read back; empty: it could not be read
  SettingOutcome outcome = SettingOutcome::kSet;
  std::string error{};
};

// Another file that sets a setting to something else, and is read later at boot.
struct BootOverride {
  std::string name;
  std::string value;
  std::string file;
};

// Of --apply and --restore.
struct TuneOutcome {
  std::vector<SettingChange> settings;
  std::string backup;                        // where the former values are, or were
  std::string dropin{};                      // empty: none is written
  std::optional<std::string> dropin_text{};  // as it is now; absent: there is no such file
  std::vector<BootOverride> overrides{};
  std::string problem{};  // with a file, after values were changed
  bool interrupted = false;

  // Something is not as it was wanted. What cannot be set from here at all is no failure.
  [[nodiscard]] bool failed() const;
};

enum class TuneAction : std::uint8_t { kDryRun, kApply, kRestore };

// All that is printed of one run.
struct TuneReport {
  TuneAction action = TuneAction::kDryRun;
  TunePlan plan;              // not of --restore
  std::string dropin{};       // where it is, or would be; empty: none is wanted
  std::string dropin_text{};  // dry run: as it would be
  std::vector<BootOverride> overrides{};
  std::string obstacle{};                // dry run: why --apply would refuse, and what to do
  std::optional<TuneOutcome> outcome{};  // not of a dry run
};

}  // namespace tcptrace::model
