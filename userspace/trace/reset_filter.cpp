// SPDX-License-Identifier: GPL-2.0
#include "trace/reset_filter.h"

#include <algorithm>

namespace tcptrace::trace {

void ResetFilter::push(model::Event&& event, const Output& output) {
  if (event.kind == model::EventKind::kResetReceived && event.ambiguous) {
    held_.push_back(std::move(event));
    return;
  }
  if (event.kind == model::EventKind::kResetSent && event.origin != model::ResetOrigin::kActive) {
    // The orphan's socket may be forgotten by the time of the reply, so the tuple decides, not the
    // cookie.
    const auto false_one = std::ranges::find_if(held_, [&](const model::Event& held) {
      return same_ends(held.connection, event.connection) &&
             event.boot_time - held.boot_time < kWait;
    });
    if (false_one != held_.end()) {
      held_.erase(false_one);
      ++suppressed_;
    }
  }
  output(std::move(event));
}

void ResetFilter::advance(std::chrono::nanoseconds now, const Output& output) {
  while (!held_.empty() && now - held_.front().boot_time >= kWait) {
    held_.front().ambiguous = false;
    output(std::move(held_.front()));
    held_.pop_front();
  }
}

void ResetFilter::flush(const Output& output) { advance(std::chrono::nanoseconds::max(), output); }

}  // namespace tcptrace::trace
