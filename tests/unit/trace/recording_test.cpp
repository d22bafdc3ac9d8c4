// SPDX-License-Identifier: GPL-2.0
// Recordings: what is written comes back, and what is damaged costs no more than its block.
#include "trace/recording.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace/decode.h"
#include "trace/recording_frame.h"
#include "trace/recording_reader.h"
#include "trace/recording_writer.h"
#include "unit/trace/wire.h"

namespace tcptrace::trace {
namespace {

using namespace std::chrono_literals;
using recording::Content;
using testing::ElementsAre;
using testing::HasSubstr;

using Bytes = std::vector<std::byte>;

recording::Opening opening() {
  return {.hooks = {.boot_time = 5s,
                    .version = "1.2.3",
                    .kernel = "6.18.0",
                    .architecture = "x86_64",
                    .host = "node-7",
                    .hooks = {{.name = "accept",
                               .purpose = "owners",
                               .attached = {"tp_btf:inet_sock_set_state"},
                               .family = model::AttachFamily::kTracepoint,
                               .failures = {{.variant = "fentry:x", .reason = "no"}},
                               .limit = "io_uring",
                               .required = true}}},
          .reset_reasons = {"NOT_SPECIFIED", "TCP_ABORT_ON_CLOSE"},
          .boot_to_wall = 1'700'000'000s,
          .cgroups = {{4711, "/system.slice/api.service"}}};
}

std::shared_ptr<const model::Cgroup> cgroup(std::string path) {
  return std::make_shared<const model::Cgroup>(
      model::Cgroup{.path = std::move(path), .container = "3f0c", .runtime = "docker"});
}

tt_common record_at(std::uint64_t number) {
  auto record = make_record<tt_common>(TT_KIND_ACCEPT);
  record.connection.cookie = number;
  record.header.timestamp_ns = 5'000'000'000 + number;
  return record;
}

std::uint64_t number_of(const recording::Record& record) {
  tt_common wire{};
  EXPECT_EQ(record.bytes.size(), sizeof(wire));
  std::memcpy(&wire, record.bytes.data(), std::min(sizeof(wire), record.bytes.size()));
  return wire.connection.cookie;
}

// Writes a recording to memory, three records to a block.
class Tape {
 public:
  Tape() : writer([this](std::span<const std::byte> block) { return store(block); }) {}

  Result<void> store(std::span<const std::byte> block) {
    if (full) {
      return std::unexpected(system_error("cannot write tape", ENOSPC));
    }
    blocks.push_back(bytes.size());
    bytes.insert(bytes.end(), block.begin(), block.end());
    return {};
  }
  void begin() { EXPECT_TRUE(writer.begin("1.2.3", opening())); }
  Result<void> add_block() {
    for (int i = 0; i < 3; ++i) {
      writer.name(4711, 812, cgroup("/api"), [](recording::Name&) {});
      const tt_common record = record_at(++records);
      EXPECT_TRUE(writer.record(bytes_of(record)));
    }
    EXPECT_TRUE(writer.tick(6s));
    return writer.flush();
  }
  void end() {
    model::Summary summary;
    summary.boot_time = 9s;
    summary.duration = 4s;
    summary.ended_by = "signal";
    summary.coverage = {{.netns = 1, .name = "host", .unreadable = "", .rows = {}}};
    EXPECT_TRUE(writer.end(summary, {.ringbuf_full = 7}));
  }

  Bytes bytes;
  std::vector<std::size_t> blocks;  // where they begin; the file's header is the first
  std::uint64_t records = 0;
  bool full = false;
  RecordingWriter writer;
};

RecordingReader::Source source_of(const Bytes& bytes) {
  return [rest = std::span(bytes)](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(into.size(), rest.size());
    std::ranges::copy(rest.first(size), into.begin());
    rest = rest.subspan(size);
    return size;
  };
}

// What a reader makes of the bytes.
struct Read {
  std::string error;
  ExitStatus status = ExitStatus::kDone;
  std::vector<std::uint64_t> numbers;  // of the records
  std::vector<model::Cgroup> names;    // what was known at each
  std::uint64_t missing = 0;
  bool exact = true;
  bool ended = false;
};

Read read(const Bytes& bytes) {
  Read result;
  RecordingReader reader(source_of(bytes));
  if (const auto opened = reader.open("9.9.9"); !opened) {
    result.error = opened.error().what;
    result.status = opened.error().status;
    return result;
  }
  model::Cgroup name;
  for (;;) {
    const auto item = reader.next();
    EXPECT_TRUE(item);
    if (!item || !*item) {
      return result;
    }
    if (std::holds_alternative<BlockBegin>(**item)) {
      name = {};
    } else if (const auto* gap = std::get_if<Gap>(&**item)) {
      result.missing += gap->records;
      result.exact = result.exact && gap->exact;
    } else {
      const auto& content = std::get<Content>(**item);
      if (const auto* record = std::get_if<recording::Record>(&content)) {
        result.numbers.push_back(number_of(*record));
        result.names.push_back(name);
      } else if (const auto* told = std::get_if<recording::Name>(&content)) {
        name = told->cgroup;
      }
      result.ended = result.ended || std::holds_alternative<recording::End>(content);
    }
  }
}

std::vector<std::uint64_t> up_to(std::uint64_t last) {
  std::vector<std::uint64_t> numbers(last);
  std::iota(numbers.begin(), numbers.end(), 1);
  return numbers;
}

void fill(Tape& tape) {
  tape.begin();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(tape.add_block());
  }
  tape.end();
}

template <typename T>
T through_bytes(const T& content) {
  Bytes bytes;
  recording::append_entry(bytes, content);
  EXPECT_EQ(bytes.size() % 8, 0U);
  std::span<const std::byte> rest(bytes);
  const auto back = recording::take_entry(rest);
  EXPECT_TRUE(rest.empty());
  EXPECT_TRUE(back && std::holds_alternative<T>(*back));
  return back && std::holds_alternative<T>(*back) ? std::get<T>(*back) : T{};
}

TEST(RecordingEntry, AnOpeningComesBack) {
  const recording::Opening back = through_bytes(opening());
  EXPECT_EQ(back.hooks.boot_time, 5s);
  EXPECT_EQ(back.hooks.version, "1.2.3");
  EXPECT_EQ(back.hooks.kernel, "6.18.0");
  EXPECT_EQ(back.hooks.architecture, "x86_64");
  EXPECT_EQ(back.hooks.host, "node-7");
  ASSERT_EQ(back.hooks.hooks.size(), 1U);
  const model::HookStatus& hook = back.hooks.hooks.front();
  EXPECT_EQ(hook.name, "accept");
  EXPECT_EQ(hook.purpose, "owners");
  EXPECT_THAT(hook.attached, ElementsAre("tp_btf:inet_sock_set_state"));
  EXPECT_EQ(hook.family, model::AttachFamily::kTracepoint);
  ASSERT_EQ(hook.failures.size(), 1U);
  EXPECT_EQ(hook.failures.front().variant, "fentry:x");
  EXPECT_EQ(hook.failures.front().reason, "no");
  EXPECT_EQ(hook.limit, "io_uring");
  EXPECT_TRUE(hook.required);
  EXPECT_THAT(back.reset_reasons, ElementsAre("NOT_SPECIFIED", "TCP_ABORT_ON_CLOSE"));
  EXPECT_EQ(back.boot_to_wall, 1'700'000'000s);
  EXPECT_EQ(back.cgroups, opening().cgroups);
}

TEST(RecordingEntry, HowItWasPolledComesBack) {
  EXPECT_FALSE(through_bytes(opening()).hooks.polling);
  recording::Opening polled = opening();
  polled.hooks.polling = {.source = model::SocketSource::kNetlink,
                          .setback = "no BTF",
                          .interval = 500ms,
                          .depth = 12,
                          .limit_bytes = 1U << 20};
  const auto back = through_bytes(polled).hooks.polling;
  ASSERT_TRUE(back);
  EXPECT_EQ(back->source, model::SocketSource::kNetlink);
  EXPECT_EQ(back->setback, "no BTF");
  EXPECT_EQ(back->interval, 500ms);
  EXPECT_EQ(back->depth, 12U);
  EXPECT_EQ(back->limit_bytes, 1U << 20);
}

TEST(RecordingEntry, WhatAPollCameToComesBack) {
  const recording::Polled polled =
      through_bytes(recording::Polled{.boot_time = 9s, .took = 3ms, .complete = false});
  EXPECT_EQ(polled.boot_time, 9s);
  EXPECT_EQ(polled.took, 3ms);
  EXPECT_FALSE(polled.complete);
  const std::vector<model::ConnectionId> ended = {{.cookie = 1, .netns = 2},
                                                  {.cookie = 1ULL << 52, .netns = 3}};
  EXPECT_EQ(through_bytes(recording::Ended{.connections = ended}).connections, ended);
}

TEST(RecordingEntry, ANameComesBack) {
  const recording::Name back = through_bytes(recording::Name{.cgroup_id = 1,
                                                             .pid = 2,
                                                             .known = true,
                                                             .cgroup = *cgroup("/a/b"),
                                                             .of_cgroup = true,
                                                             .ancestors = {3, 4}});
  EXPECT_EQ(back.cgroup_id, 1U);
  EXPECT_EQ(back.pid, 2U);
  EXPECT_TRUE(back.known && back.of_cgroup);
  EXPECT_EQ(back.cgroup.path, "/a/b");
  EXPECT_EQ(back.cgroup.container, "3f0c");
  EXPECT_EQ(back.cgroup.runtime, "docker");
  EXPECT_THAT(back.ancestors, ElementsAre(3U, 4U));
}

TEST(RecordingEntry, TheSummaryComesBack) {
  const model::LossCounts counts{.ringbuf_full = 1,
                                 .sockets_map_full = 2,
                                 .netns_map_full = 3,
                                 .recursion_misses = 4,
                                 .undecodable = 5,
                                 .output = 6};
  const recording::End end = through_bytes(
      recording::End{.boot_time = 9s, .duration = 4s, .lost = counts, .ended_by = "signal"});
  EXPECT_EQ(end.boot_time, 9s);
  EXPECT_EQ(end.duration, 4s);
  EXPECT_EQ(end.lost, counts);
  EXPECT_EQ(end.ended_by, "signal");
  EXPECT_EQ(through_bytes(recording::Losses{.boot_time = 1s, .counts = counts}).counts, counts);
  const recording::Coverage coverage = through_bytes(recording::Coverage{
      .netns = {.netns = 7,
                .name = "host",
                .readable = false,
                .unreadable = "gone",
                .rows = {{.counter = "Tcp.OutRsts", .kernel = 3, .traced = 2},
                         {.counter = "TcpExt.X", .kernel = 1, .traced = std::nullopt}}}});
  EXPECT_EQ(coverage.netns.netns, 7U);
  EXPECT_EQ(coverage.netns.unreadable, "gone");
  EXPECT_FALSE(coverage.netns.readable);
  ASSERT_EQ(coverage.netns.rows.size(), 2U);
  EXPECT_EQ(coverage.netns.rows[0].traced, 2U);
  EXPECT_EQ(coverage.netns.rows[1].traced, std::nullopt);
}

TEST(RecordingEntry, OfAnUnknownKindIsPassedOver) {
  Bytes bytes;
  recording::append_entry(bytes, recording::Tick{.boot_time = 1s});
  bytes[0] = std::byte{99};
  recording::append_entry(bytes, recording::Tick{.boot_time = 2s});
  std::span<const std::byte> rest(bytes);
  const auto content = recording::take_entry(rest);
  ASSERT_TRUE(content);
  EXPECT_EQ(std::get<recording::Tick>(*content).boot_time, 2s);
}

// Its sum with a time of the trace, and the difference of two such sums, would overflow.
TEST(RecordingEntry, AWallClockThatNoMachineHasIsDamage) {
  for (const std::chrono::nanoseconds wall :
       {std::chrono::nanoseconds::max(), std::chrono::nanoseconds(24h * 365 * 200),
        std::chrono::nanoseconds(-48h)}) {
    recording::Opening begin = opening();
    begin.boot_to_wall = wall;
    Bytes bytes;
    recording::append_entry(bytes, begin);
    recording::append_entry(bytes, recording::WallClock{.boot_to_wall = wall});
    std::span<const std::byte> rest(bytes);
    EXPECT_FALSE(recording::take_entry(rest)) << wall.count();
  }
}

// Whatever the bytes, nothing behind them is read: the sanitizers watch.
TEST(RecordingEntry, DamagedBytesAreNoneOrAnother) {
  Bytes bytes;
  recording::Opening begin = opening();
  begin.hooks.polling.emplace().setback = "no BTF";
  recording::append_entry(bytes, begin);
  recording::append_entry(bytes, recording::Name{.known = true, .cgroup = *cgroup("/api")});
  recording::append_entry(
      bytes, recording::Coverage{.netns = {.name = "host", .unreadable = "", .rows = {{}}}});
  recording::append_entry(bytes, recording::Polled{.boot_time = 1s});
  recording::append_entry(bytes, recording::Ended{.connections = {{.cookie = 1, .netns = 2}}});
  const tt_common record = record_at(1);
  recording::append_entry(bytes, recording::Record{.bytes = bytes_of(record)});
  const Decoder decoder({});
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      Bytes damaged(bytes);
      damaged[i] ^= std::byte(flip);
      damaged.resize(flip == 0xffU ? i + 1 : damaged.size());
      damaged.shrink_to_fit();
      std::span<const std::byte> rest(damaged);
      while (const auto content = recording::take_entry(rest)) {
        if (const auto* wire = std::get_if<recording::Record>(&*content)) {
          (void)decoder.decode(wire->bytes);
        }
      }
    }
  }
}

TEST(Recording, ComesBackWhole) {
  Tape tape;
  fill(tape);
  const Read back = read(tape.bytes);
  EXPECT_EQ(back.error, "");
  EXPECT_EQ(back.numbers, up_to(9));
  EXPECT_EQ(back.missing, 0U);
  EXPECT_TRUE(back.ended);
  // Each block has the names that it needs.
  for (const model::Cgroup& name : back.names) {
    EXPECT_EQ(name.path, "/api");
  }
}

TEST(Recording, ManyThatEndedAreManyEntries) {
  Tape tape;
  tape.begin();
  std::vector<model::ConnectionId> ended(recording::kMaxEnded * 2 + 1);
  for (std::size_t i = 0; i < ended.size(); ++i) {
    ended[i].cookie = i;
  }
  ASSERT_TRUE(tape.writer.polled({.boot_time = 6s}, ended));
  ASSERT_TRUE(tape.writer.flush());
  std::vector<std::size_t> entries;
  std::vector<model::ConnectionId> back;
  RecordingReader reader(source_of(tape.bytes));
  ASSERT_TRUE(reader.open("1.2.3"));
  for (auto item = reader.next(); item && *item; item = reader.next()) {
    if (const auto* content = std::get_if<Content>(&**item)) {
      if (const auto* part = std::get_if<recording::Ended>(content)) {
        entries.push_back(part->connections.size());
        back.insert(back.end(), part->connections.begin(), part->connections.end());
      }
    }
  }
  EXPECT_THAT(entries, ElementsAre(recording::kMaxEnded, recording::kMaxEnded, 1U));
  EXPECT_EQ(back, ended);
}

TEST(Recording, ANameIsToldAgainWhenItChanges) {
  Tape tape;
  tape.begin();
  for (const char* path : {"/a", "/a", "/b"}) {
    tape.writer.name(1, 2, cgroup(path), [](recording::Name&) {});
    const tt_common record = record_at(1);
    ASSERT_TRUE(tape.writer.record(bytes_of(record)));
  }
  ASSERT_TRUE(tape.writer.flush());
  const Read back = read(tape.bytes);
  ASSERT_EQ(back.names.size(), 3U);
  EXPECT_EQ(back.names[0].path, "/a");
  EXPECT_EQ(back.names[1].path, "/a");
  EXPECT_EQ(back.names[2].path, "/b");
}

TEST(Recording, AClockIsToldInEachBlockAndWhenItChanges) {
  Tape tape;
  tape.begin();
  const tt_common record = record_at(1);
  std::vector<std::chrono::nanoseconds> offsets;
  for (const auto offset : {10s, 10s, 11s}) {
    tape.writer.set_boot_to_wall(offset);
    ASSERT_TRUE(tape.writer.record(bytes_of(record)));
  }
  ASSERT_TRUE(tape.writer.flush());
  ASSERT_TRUE(tape.writer.record(bytes_of(record)));
  ASSERT_TRUE(tape.writer.flush());
  RecordingReader reader(source_of(tape.bytes));
  ASSERT_TRUE(reader.open(""));
  for (auto item = reader.next(); item && *item; item = reader.next()) {
    const auto* content = std::get_if<Content>(&**item);
    if (content != nullptr && std::holds_alternative<recording::WallClock>(*content)) {
      offsets.push_back(std::get<recording::WallClock>(*content).boot_to_wall);
    }
  }
  EXPECT_THAT(offsets, ElementsAre(10s, 11s, 11s));
}

TEST(Recording, LargeOnesAreManyBlocks) {
  Tape tape;
  tape.begin();
  constexpr std::uint64_t kRecords = 10'000;
  for (std::uint64_t i = 1; i <= kRecords; ++i) {
    const tt_common record = record_at(i);
    ASSERT_TRUE(tape.writer.record(bytes_of(record)));
  }
  tape.end();
  EXPECT_GT(tape.blocks.size(), 5U);
  EXPECT_LT(tape.bytes.size(), kRecords * sizeof(tt_common) / 2);
  EXPECT_EQ(read(tape.bytes).numbers, up_to(kRecords));
}

TEST(Recording, ABlockThatDoesNotFitIsLostAlone) {
  Tape tape;
  tape.begin();
  ASSERT_TRUE(tape.add_block());
  tape.full = true;
  EXPECT_FALSE(tape.add_block());
  tape.full = false;
  ASSERT_TRUE(tape.add_block());
  tape.end();
  EXPECT_EQ(tape.writer.lost_records(), 3U);
  const Read back = read(tape.bytes);
  EXPECT_THAT(back.numbers, ElementsAre(1, 2, 3, 7, 8, 9));
  // The trace has told this loss itself.
  EXPECT_EQ(back.missing, 0U);
}

TEST(Recording, OfAnotherFormatIsRefused) {
  Tape tape;
  fill(tape);
  tape.bytes[8] = std::byte{2};
  const Read back = read(tape.bytes);
  EXPECT_EQ(back.error,
            "recorded by tcptrace 1.2.3 in format 2, and tcptrace 9.9.9 reads format 1");
  EXPECT_EQ(back.status, ExitStatus::kUsage);
}

TEST(Recording, OfAnotherAbiIsRefused) {
  recording::FileHeader header = recording::make_file_header("0.9");
  header.abi += 1;
  const auto bytes = std::as_bytes(std::span(&header, 1));
  const Bytes damaged(bytes.begin(), bytes.end());
  EXPECT_EQ(read(damaged).error, "its beginning is damaged");
  recording::seal(header);
  const Read back = read(Bytes(bytes.begin(), bytes.end()));
  EXPECT_EQ(back.error,
            "recorded by tcptrace 0.9 with records of layout 2, and tcptrace 9.9.9 reads layout 1");
  EXPECT_EQ(back.status, ExitStatus::kUsage);
}

TEST(Recording, WhatIsNoneIsRefused) {
  for (const std::string_view text : {"", "x", "{\"schema\":1}\n"}) {
    const auto bytes = std::as_bytes(std::span(text));
    const Read back = read(Bytes(bytes.begin(), bytes.end()));
    EXPECT_EQ(back.error, "this is no recording of tcptrace");
    EXPECT_EQ(back.status, ExitStatus::kUsage);
  }
  EXPECT_EQ(read(Bytes(100'000)).error, "this is no recording of tcptrace");
}

TEST(Recording, ADamagedBlockIsPassedOverAndCounted) {
  Tape tape;
  fill(tape);
  // blocks: file header, opening, three of records, the end
  tape.bytes[tape.blocks[3] + 60] ^= std::byte{1};
  const Read back = read(tape.bytes);
  EXPECT_THAT(back.numbers, ElementsAre(1, 2, 3, 7, 8, 9));
  EXPECT_EQ(back.missing, 3U);
  EXPECT_TRUE(back.exact && back.ended);
}

TEST(Recording, AMissingBlockIsCounted) {
  Tape tape;
  fill(tape);
  tape.bytes.erase(tape.bytes.begin() + static_cast<std::ptrdiff_t>(tape.blocks[3]),
                   tape.bytes.begin() + static_cast<std::ptrdiff_t>(tape.blocks[4]));
  const Read back = read(tape.bytes);
  EXPECT_THAT(back.numbers, ElementsAre(1, 2, 3, 7, 8, 9));
  EXPECT_EQ(back.missing, 3U);
}

TEST(Recording, CutOffAnywhereHasEveryWholeBlock) {
  Tape tape;
  fill(tape);
  const auto cut = [&](std::size_t size) {
    return read(Bytes(tape.bytes.begin(), tape.bytes.begin() + static_cast<std::ptrdiff_t>(size)));
  };
  for (std::size_t size = 0; size < tape.bytes.size(); ++size) {
    const Read back = cut(size);
    if (size < tape.blocks[2]) {
      EXPECT_NE(back.error, "") << size;
      continue;
    }
    const auto whole = static_cast<std::uint64_t>(
        std::ranges::count_if(tape.blocks, [&](std::size_t begin) { return begin <= size; }) - 3);
    EXPECT_EQ(back.numbers, up_to(3 * std::min<std::uint64_t>(whole, 3))) << size;
    EXPECT_FALSE(back.ended) << size;
    const bool between = std::ranges::find(tape.blocks, size) != tape.blocks.end();
    EXPECT_EQ(back.missing > 0 || size >= tape.blocks[5], !between || size >= tape.blocks[5])
        << size;
  }
}

TEST(Recording, NoFlippedBitIsMoreThanItsBlock) {
  Tape tape;
  fill(tape);
  for (std::size_t i = 0; i < tape.bytes.size(); ++i) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      Bytes damaged(tape.bytes);
      damaged[i] ^= std::byte(flip);
      const Read back = read(damaged);
      // Not every bit of a packed block means something.
      if (i < tape.blocks[2] && !back.error.empty()) {
        EXPECT_EQ(back.status, ExitStatus::kUsage) << i;
        continue;
      }
      EXPECT_EQ(back.error, "") << i;
      EXPECT_TRUE(std::ranges::is_sorted(back.numbers)) << i;
      EXPECT_GE(back.numbers.size(), 6U) << i;
      if (back.exact) {
        EXPECT_EQ(back.numbers.size() + back.missing, 9U) << i;
      }
    }
  }
}

// A header says how much memory its block takes: that is believed up to a bound.
TEST(Recording, ABlockThatClaimsTooMuchIsNone) {
  using recording::kMaxPlainBytes;
  const auto parse = [](std::size_t stored, std::size_t plain) {
    const auto header = recording::make_block_header(stored, plain, 0, 0);
    return recording::parse_block_header(std::as_bytes(std::span(&header, 1))).has_value();
  };
  EXPECT_TRUE(parse(1, kMaxPlainBytes));
  EXPECT_FALSE(parse(1, kMaxPlainBytes + 1));
  EXPECT_FALSE(parse(recording::kMaxStoredBytes + 1, 1));
  EXPECT_FALSE(recording::parse_block_header({}));
}

TEST(Recording, AFailureToReadIsTold) {
  RecordingReader reader([](std::span<std::byte>) -> Result<std::size_t> {
    return std::unexpected(system_error("cannot read tape", EIO));
  });
  const auto opened = reader.open("");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, HasSubstr("cannot read tape"));
}

}  // namespace
}  // namespace tcptrace::trace
