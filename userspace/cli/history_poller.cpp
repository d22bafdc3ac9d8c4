// SPDX-License-Identifier: GPL-2.0
#include "cli/history_poller.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "base/start_thread.h"
#include "cli/namespaces.h"
#include "cli/root.h"

namespace tcptrace::cli {
namespace {

using std::chrono::nanoseconds;

constexpr int kShareOfTime = 20;

std::string setback_of(const kernel::BpfSession& session, const HistoryOptions& options) {
  return session.poll_setback() && !options.source ? session.poll_setback()->what : "";
}

}  // namespace

HistoryPoller::HistoryPoller(kernel::BpfSession& session, const model::Filter& filter,
                             const HistoryOptions& options)
    : options_(options),
      netns_(filter.netns),
      setback_(setback_of(session, options)),
      poll_(session, filter, options.source) {}

model::Polling HistoryPoller::describe() const {
  return {.source = poll_.source(),
          .setback = setback_,
          .interval = options_.interval,
          .depth = options_.depth,
          .limit_bytes = options_.limit_bytes};
}

void HistoryPoller::for_each_record(
    const Round& round, const std::function<void(std::span<const std::byte>)>& handler) {
  std::span<const std::byte> records(round.records);
  while (!records.empty()) {
    handler(records.first(kernel::SocketPoll::kRecordBytes));
    records = records.subspan(kernel::SocketPoll::kRecordBytes);
  }
}

HistoryPoller::Round HistoryPoller::poll(nanoseconds now) {
  Round round;
  round.began = now;
  const auto namespaces = [this] { return namespaces_to_read(host::list_netns(kRoot), netns_); };
  const auto unread = poll_.run(namespaces, [&round](std::span<const std::byte> record) {
    round.records.insert(round.records.end(), record.begin(), record.end());
  });
  // One that is gone has no connections any more.
  const auto is_there = [](const kernel::UnreadNamespace& netns) {
    return netns.error.errno_code != ENOENT;
  };
  round.complete = unread && std::ranges::none_of(*unread, is_there);
  round.took = boot_time() - now;
  return round;
}

std::optional<HistoryPoller::Round> HistoryPoller::advance(nanoseconds now) {
  std::optional<Round> round;
  if (running_.valid()) {
    if (running_.wait_for(nanoseconds(0)) != std::future_status::ready) {
      return round;
    }
    round = running_.get();
    next_ = round->began + std::max(options_.interval, round->took * kShareOfTime);
  }
  if (now < next_) {
    return round;
  }
  if (auto started = start_thread([this, now] { return poll(now); })) {
    running_ = *std::move(started);
    return round;
  }
  // The next poll may get a thread, and this one could read nothing.
  next_ = now + options_.interval;
  return round ? std::move(round)
               : Round{.began = now, .took = {}, .records = {}, .complete = false};
}

}  // namespace tcptrace::cli
