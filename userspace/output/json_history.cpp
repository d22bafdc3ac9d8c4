// SPDX-License-Identifier: GPL-2.0
// The samples before the end of a connection as JSON: the names of tcp_info, the time from the
// event.
#include "model/ca_state.h"
#include "output/json_record.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

void write_sample(JsonWriter& json, const model::Sample& sample,
                  std::chrono::nanoseconds boot_time) {
  const auto at =
      std::chrono::duration_cast<std::chrono::milliseconds>(sample.boot_time - boot_time);
  json.open_object();
  json.number<"at_ms">(at.count());
  json.word<"state">(model::state_name(sample.state));
  json.number_unless_zero<"rtt_us">(sample.rtt_us);
  json.number<"snd_cwnd">(sample.snd_cwnd);
  json.word_unless_empty<"ca_state">(model::ca_state_name(sample.ca_state));
  json.number<"unacked">(sample.unacked);
  json.number<"retransmits">(sample.retransmits);
  json.number<"total_retrans">(sample.total_retrans);
  json.number<"unread_bytes">(sample.unread_bytes);
  json.number<"unsent_bytes">(sample.unsent_bytes);
  json.close_object();
}

}  // namespace

void write_history(JsonWriter& json, const model::Event& event) {
  json.array<"history">();
  for (const model::Sample& sample : event.history) {
    write_sample(json, sample, event.boot_time);
  }
  json.close_array();
}

}  // namespace tcptrace::output
