// SPDX-License-Identifier: GPL-2.0
// The BPF programs of one trace: chosen by trial, loaded, attached, seeded; their records and their
// counters. Nothing is pinned: when the process ends, however it ends, nothing stays in the kernel.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "kernel/attach_plan.h"
#include "kernel/features.h"
#include "kernel/handles.h"
#include "kernel/iterator.h"
#include "model/filter.h"
#include "model/report.h"

namespace tcptrace::kernel {

struct SessionOptions {
  model::Filter filter;
  std::optional<model::AttachFamily> family;
  std::uint32_t ring_size_bytes = 0;  // a power of two
  std::uint32_t max_connections = 0;
  bool polls = false;  // load what poll() needs
};

// What the kernel counted of one network namespace since the hooks were attached, whatever the
// filter.
struct NetnsTotals {
  model::TracedCounters traced;
  std::uint64_t resets_received = 0;
  std::uint64_t resets_ambiguous = 0;
  std::uint64_t resets_sent_netfilter = 0;
};

class BpfSession {
 public:
  // Fails with ExitStatus::kUnsupported where a required hook has no variant left.
  [[nodiscard]] static Result<std::unique_ptr<BpfSession>> open(const SessionOptions& options);
  ~BpfSession();
  BpfSession(const BpfSession&) = delete;
  BpfSession& operator=(const BpfSession&) = delete;

  [[nodiscard]] const std::vector<model::HookStatus>& hooks() const { return hooks_; }
  [[nodiscard]] const std::vector<std::string>& reset_reasons() const {
    return features_.reset_reasons;
  }

  // Readable when much is unread. What is little is there without a sign: consume() on a timer.
  [[nodiscard]] int fd() const;

  // Hands unread records to `handler`, in the order of the buffer and not more than kBatchRecords;
  // the bytes are valid during the call. True: more is unread.
  static constexpr std::size_t kBatchRecords = 8192;
  [[nodiscard]] Result<bool> consume(const RecordHandler& handler);

  // Hands out what the connections that the filter lets through look like now, in all network
  // namespaces, as tt_sample_records: those are marked to which nothing has happened since the poll
  // before began. May run beside everything else but the session's end. Fails where poll_setback()
  // says why.
  [[nodiscard]] Result<void> poll(const RecordHandler& handler);
  // Why there are no polls, though they were asked for.
  [[nodiscard]] const std::optional<Error>& poll_setback() const { return poll_setback_; }

  // Detaches every hook; the records already written can still be consumed.
  void detach();

  [[nodiscard]] model::LossCounts losses() const;
  [[nodiscard]] std::map<std::uint32_t, NetnsTotals> netns_totals() const;

 private:
  // A variant that the facts allowed and that failed: it is rejected and the choice made again.
  struct Setback {
    std::string key;
    std::string reason;
  };

  BpfSession(SessionOptions options, Features features);

  [[nodiscard]] Result<void> start();
  [[nodiscard]] std::optional<Setback> try_choices(std::span<const Choice> choices);
  [[nodiscard]] Result<void> load(std::span<const Choice> choices, std::string& failed_program);
  [[nodiscard]] std::optional<Setback> attach(std::span<const Choice> choices);
  [[nodiscard]] Result<LinkPtr> attach_program(const ProgramRow& row);
  [[nodiscard]] Result<void> seed();
  void open_polls();
  [[nodiscard]] Result<void> open_ring();
  [[nodiscard]] std::uint64_t recursion_misses() const;

  SessionOptions options_;
  Features features_;
  std::vector<model::HookStatus> hooks_;
  SkeletonPtr skeleton_;
  std::vector<LinkPtr> links_;
  std::uint64_t detached_misses_ = 0;  // of links that are gone
  LinkPtr polls_;
  std::chrono::steady_clock::time_point last_poll_{};
  std::optional<Error> poll_setback_;
  RingBufferPtr ring_;
  struct Batch {
    const RecordHandler* handler = nullptr;
    std::size_t left = 0;
  };
  Batch batch_;  // during consume()
};

// What a session would attach, by loading and attaching it once. For `tcptrace check`.
[[nodiscard]] Result<std::vector<model::HookStatus>> check_hooks(
    std::optional<model::AttachFamily> family);

}  // namespace tcptrace::kernel
