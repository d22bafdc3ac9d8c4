// SPDX-License-Identifier: GPL-2.0
// Records per second that one core takes from the ring buffer's bytes to a line of output: decode,
// name the container, settle, render. The records are those of connections that are accepted and
// then reset, as --events all sees them.
#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "cli/pipeline.h"
#include "cli/writer.h"
#include "diagnose/diagnose.h"
#include "host/cgroup_names.h"
#include "support/samples.h"
#include "tcptrace.h"
#include "trace/connection_table.h"
#include "trace/recording_writer.h"

namespace tcptrace {
namespace {

// Enough that neither the records nor what is made of them stay in the first-level cache.
constexpr std::uint32_t kConnections = 256;

enum class Mix { kAll, kResets };

class NullSink final : public sink::Sink {
 public:
  Result<void> write(std::string_view lines) override {
    bytes_ += lines.size();
    return {};
  }
  Result<void> flush() override { return {}; }
  [[nodiscard]] std::uint64_t lost_lines() const override { return 0; }

 private:
  std::uint64_t bytes_ = 0;
};

// Records one behind the other, each on 8 bytes, as in the ring buffer.
class Recording {
 public:
  template <typename Wire>
  void add(const Wire& record) {
    static_assert(sizeof(Wire) % sizeof(std::uint64_t) == 0);
    const std::size_t begin = words_.size();
    words_.resize(begin + sizeof(Wire) / sizeof(std::uint64_t));
    std::memcpy(&words_[begin], &record, sizeof(Wire));
    records_.push_back({begin, sizeof(Wire)});
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    const auto bytes = std::as_bytes(std::span(words_));
    for (const Position& record : records_) {
      visit(bytes.subspan(record.word * sizeof(std::uint64_t), record.size));
    }
  }

  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  struct Position {
    std::size_t word;
    std::size_t size;
  };
  std::vector<std::uint64_t> words_;
  std::vector<Position> records_;
};

// One end of a loopback connection.
struct End {
  std::uint32_t number;
  std::uint8_t role;
  tt_tcp_info info;
  tt_task owner;
};

tt_tcp_info wire_info(std::uint32_t number) {
  tt_tcp_info info{};
  info.bytes_acked = 1;
  info.rtt_us = 20 + number;
  info.rttvar_us = 10 + number / 2;
  info.min_rtt_us = 20;
  info.rto_us = 204000;
  info.snd_cwnd = 10;
  info.snd_ssthresh = 0x7fffffff;
  info.snd_mss = 32741;
  info.rcv_mss = 536;
  info.snd_wnd = 65483;
  info.rcv_wnd = 65495;
  info.segs_in = 1;
  info.segs_out = 2;
  info.delivered = 1;
  info.lingertime_ms = -1;
  info.shutdown = 3;
  return info;
}

tt_task wire_task(std::uint8_t source) {
  tt_task task{};
  // A process that exists: its cgroup is looked up.
  task.pid = static_cast<std::uint32_t>(::getpid());
  task.tid = task.pid;
  task.source = source;
  task.cgroup_id = 1;
  std::memcpy(task.comm, "tcptrace_cycle", sizeof("tcptrace_cycle"));
  return task;
}

End client(std::uint32_t number) {
  return {number, TT_ROLE_CLIENT, wire_info(number), wire_task(TT_OWNER_CONNECT)};
}

End server(std::uint32_t number) {
  return {number, TT_ROLE_SERVER, wire_info(number), wire_task(TT_OWNER_ACCEPT)};
}

struct Transition {
  std::uint8_t from;
  std::uint8_t to;
};

tt_common common(const End& end, tt_kind kind, std::size_t size, Transition states) {
  const auto client_port = static_cast<std::uint16_t>(32768 + end.number);
  const bool client = end.role == TT_ROLE_CLIENT;
  const in_addr_t address = htonl(INADDR_LOOPBACK + (client ? 0 : end.number % 16));
  const in_addr_t peer = htonl(INADDR_LOOPBACK + (client ? end.number % 16 : 0));
  tt_common record{};
  record.header = {.kind = static_cast<__u16>(kind),
                   .size = static_cast<__u16>(size),
                   .flags = TT_F_OWNER | TT_F_INFO,
                   .timestamp_ns = 3'600'000'000'000 + end.number * 25'000ULL};
  record.connection.cookie = 100'000 + 2ULL * end.number + (client ? 0 : 1);
  record.connection.age_ns = 20'000 + end.number * 317ULL;
  record.connection.netns = 4026531840;
  record.connection.family = AF_INET;
  record.connection.state = states.to;
  record.connection.old_state = states.from;
  record.connection.role = end.role;
  record.connection.local_port = client ? client_port : 8080;
  record.connection.peer_port = client ? 8080 : client_port;
  std::memcpy(record.connection.local_addr, &address, sizeof(address));
  std::memcpy(record.connection.peer_addr, &peer, sizeof(peer));
  record.owner = end.owner;
  return record;
}

constexpr std::uint8_t kNone = 0;
constexpr std::uint8_t kEstablished = 1;
constexpr std::uint8_t kSynSent = 2;
constexpr std::uint8_t kSynRecv = 3;
constexpr std::uint8_t kClose = 7;
constexpr std::uint8_t kListen = 10;

tt_common state(const End& end, Transition states) {
  tt_common record = common(end, TT_KIND_STATE, sizeof(tt_common), states);
  record.header.flags &= ~TT_F_INFO;
  return record;
}

tt_end_record ending(const End& end, tt_kind kind, Transition states, std::uint32_t err) {
  tt_end_record record{};
  record.common = common(end, kind, sizeof(record), states);
  record.err = err;
  record.info = end.info;
  return record;
}

tt_reset_record reset(const End& end, tt_kind kind) {
  tt_reset_record record{};
  record.common = common(end, kind, sizeof(record), {kNone, kEstablished});
  record.reason = -1;
  record.sk_state = kEstablished;
  record.info = end.info;
  if (kind == TT_KIND_RESET_SENT) {
    record.common.header.flags |= TT_F_LOCKED;
    record.by = end.owner;
    record.reason = 1;
    record.origin = TT_RESET_ORIGIN_ACTIVE;
    record.sk_state = kClose;
  } else {
    record.err = ECONNRESET;
  }
  return record;
}

// Six records for each end of the connection.
void add_connection(Recording& to, std::uint32_t number) {
  const End near = client(number);
  const End far = server(number);
  to.add(state(near, {kClose, kSynSent}));
  to.add(state(far, {kListen, kSynRecv}));
  to.add(state(near, {kSynSent, kEstablished}));
  to.add(ending(near, TT_KIND_CONNECT, {kSynSent, kEstablished}, 0));
  to.add(state(far, {kSynRecv, kEstablished}));
  tt_common accepted = state(far, {kNone, kEstablished});
  accepted.header.kind = TT_KIND_ACCEPT;
  to.add(accepted);
  to.add(state(near, {kEstablished, kClose}));
  to.add(ending(near, TT_KIND_CLOSE, {kEstablished, kClose}, 0));
  to.add(reset(far, TT_KIND_RESET_RECEIVED));
  to.add(state(far, {kEstablished, kClose}));
  to.add(ending(far, TT_KIND_CLOSE, {kEstablished, kClose}, ECONNRESET));
  to.add(reset(near, TT_KIND_RESET_SENT));
}

Recording record(Mix mix) {
  Recording recording;
  for (std::uint32_t number = 0; number < kConnections; ++number) {
    if (mix == Mix::kAll) {
      add_connection(recording, number);
    } else {
      recording.add(reset(server(number), TT_KIND_RESET_RECEIVED));
      recording.add(reset(client(number), TT_KIND_RESET_SENT));
    }
  }
  return recording;
}

const std::array<std::string, 2>& reset_reasons() {
  static const std::array<std::string, 2> names = {"NOT_SPECIFIED", "TCP_STATE"};
  return names;
}

void pipeline(benchmark::State& state, Mix mix, bool json) {
  const Recording recording = record(mix);
  cli::Writer writer(std::make_unique<NullSink>(), samples::context(), json);
  host::CgroupNames names;
  cli::Pipeline pipeline(
      &writer, reset_reasons(), std::nullopt,
      [&names](std::uint64_t id, std::uint32_t pid, std::chrono::nanoseconds now) {
        return names.lookup(id, pid, now);
      });
  for (auto _ : state) {
    recording.for_each([&](std::span<const std::byte> bytes) { pipeline.take(bytes); });
  }
  pipeline.finish();
  const auto taken = static_cast<std::uint64_t>(state.iterations()) * recording.size();
  std::uint64_t reported = 0;
  for (const std::uint64_t count : pipeline.summary().events) {
    reported += count;
  }
  if (reported != taken) {
    state.SkipWithError("not every record was reported");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(taken));
}

// The part of it that reads the bytes.
void decode(benchmark::State& state, Mix mix) {
  const Recording recording = record(mix);
  const trace::Decoder decoder(reset_reasons());
  for (auto _ : state) {
    recording.for_each([&](std::span<const std::byte> bytes) {
      auto event = decoder.decode(bytes);
      benchmark::DoNotOptimize(event);
    });
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(recording.size()));
}

// What a recording adds: a name that is known already, the bytes, their share of a block.
void recording(benchmark::State& state, Mix mix) {
  const Recording records = record(mix);
  std::uint64_t stored = 0;
  trace::RecordingWriter writer([&stored](std::span<const std::byte> block) -> Result<void> {
    stored += block.size();
    return {};
  });
  const auto cgroup = std::make_shared<const model::Cgroup>();
  for (auto _ : state) {
    records.for_each([&](std::span<const std::byte> bytes) {
      writer.name(1, 812, cgroup, [](trace::recording::Name&) {});
      benchmark::DoNotOptimize(writer.record(bytes));
    });
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(records.size()));
}

// The verdict on each.
void diagnose(benchmark::State& state, Mix mix) {
  const Recording records = record(mix);
  const trace::Decoder decoder(reset_reasons());
  std::vector<model::Event> events;
  records.for_each(
      [&](std::span<const std::byte> bytes) { events.push_back(*decoder.decode(bytes)); });
  for (auto _ : state) {
    for (const model::Event& event : events) {
      benchmark::DoNotOptimize(diagnose::diagnose({.event = event}));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events.size()));
}

// A poll of a hundred thousand connections that are all busy, when the table has its full depth.
void history(benchmark::State& state) {
  constexpr std::uint64_t kPolled = 100'000;
  constexpr std::uint32_t kDepth = 30;
  const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
  trace::ConnectionTable table(kDepth, 1U << 30);
  std::int64_t second = 0;
  const auto poll = [&] {
    ++second;
    for (std::uint64_t cookie = 1; cookie <= kPolled; ++cookie) {
      table.apply({.cookie = cookie, .netns = 4026531840}, {},
                  {.boot_time = std::chrono::seconds(second), .rtt_us = 20});
    }
    benchmark::DoNotOptimize(table.end_poll());
  };
  for (std::uint32_t i = 0; i < kDepth; ++i) {
    poll();
  }
  const std::size_t after = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
  for (auto _ : state) {
    poll();
  }
  state.counters["bytes_per_connection"] =
      static_cast<double>(after - before) / static_cast<double>(kPolled);
  state.counters["stated_bytes"] =
      static_cast<double>(table.bytes()) / static_cast<double>(kPolled);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kPolled));
}

BENCHMARK_CAPTURE(recording, all, Mix::kAll);
BENCHMARK_CAPTURE(diagnose, resets, Mix::kResets);
BENCHMARK(history)->Name("history/full");
BENCHMARK_CAPTURE(pipeline, json_all, Mix::kAll, true);
BENCHMARK_CAPTURE(pipeline, json_resets, Mix::kResets, true);
BENCHMARK_CAPTURE(pipeline, text_resets, Mix::kResets, false);
BENCHMARK_CAPTURE(decode, all, Mix::kAll);
BENCHMARK_CAPTURE(decode, resets, Mix::kResets);

}  // namespace
}  // namespace tcptrace
