// SPDX-License-Identifier: GPL-2.0
#include "trace/recording.h"

#include <array>
#include <optional>

#include "tcptrace.h"
#include "trace/byte_codec.h"

namespace tcptrace::trace::recording {
namespace {

using std::chrono::nanoseconds;

// Values are file format: append only.
enum class Kind : std::uint32_t {
  kOpening = 1,
  kRecord = 2,
  kWallClock = 3,
  kName = 4,
  kTick = 5,
  kLosses = 6,
  kCoverage = 7,
  kEnd = 8,
  kPolled = 9,
  kEnded = 10,
};

struct EntryHeader {
  std::uint32_t kind = 0;
  std::uint32_t size = 0;
};
static_assert(sizeof(EntryHeader) == 8);

constexpr std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

// A time that no clock of a running machine shows would overflow in the first sum.
bool plausible(nanoseconds time) {
  return time.count() >= 0 && time < std::chrono::hours(24 * 365 * 100);
}

// From the beginning of 1970 to long after 2100, and the sum with any plausible() time fits.
bool plausible_wall(nanoseconds boot_to_wall) {
  return boot_to_wall > -std::chrono::hours(24) &&
         boot_to_wall < std::chrono::hours(24 * 365 * 150);
}

// One function for both directions would need two kinds of const; these two are kept side by side.
struct Encoder {
  ByteWriter out;

  void text(std::string_view value) { out.text(value, kMaxTextBytes); }
  void counts(const model::LossCounts& counts) {
    for (const std::uint64_t count :
         {counts.ringbuf_full, counts.sockets_map_full, counts.netns_map_full,
          counts.recursion_misses, counts.undecodable, counts.output}) {
      out.number(count);
    }
  }
  void hook(const model::HookStatus& hook) {
    text(hook.name);
    text(hook.purpose);
    out.list(hook.attached, [this](const std::string& variant) { text(variant); });
    out.number(static_cast<std::uint8_t>(hook.family ? 1 + static_cast<int>(*hook.family) : 0));
    out.list(hook.failures, [this](const model::HookFailure& failure) {
      text(failure.variant);
      text(failure.reason);
    });
    text(hook.limit);
    out.number(static_cast<std::uint8_t>(hook.required));
  }
  void polling(const model::Polling& polling) {
    out.number(static_cast<std::uint8_t>(polling.source));
    text(polling.setback);
    out.time(polling.interval);
    out.number(polling.depth);
    out.number(polling.limit_bytes);
  }

  Kind operator()(const Opening& opening) {
    const model::Hooks& hooks = opening.hooks;
    out.time(hooks.boot_time);
    out.time(opening.boot_to_wall);
    for (const std::string* value :
         {&hooks.version, &hooks.kernel, &hooks.architecture, &hooks.host}) {
      text(*value);
    }
    out.list(hooks.hooks, [this](const model::HookStatus& status) { hook(status); });
    out.list(opening.reset_reasons, [this](const std::string& name) { text(name); });
    out.list(opening.cgroups, [this](const auto& cgroup) {
      out.number(cgroup.first);
      text(cgroup.second);
    });
    if (hooks.polling) {
      polling(*hooks.polling);
    }
    return Kind::kOpening;
  }
  Kind operator()(const Record& record) {
    out.bytes(record.bytes);
    return Kind::kRecord;
  }
  Kind operator()(const WallClock& clock) {
    out.time(clock.boot_to_wall);
    return Kind::kWallClock;
  }
  Kind operator()(const Name& name) {
    out.number(name.cgroup_id);
    out.number(name.pid);
    out.number(static_cast<std::uint8_t>(name.known));
    text(name.cgroup.path);
    text(name.cgroup.container);
    text(name.cgroup.runtime);
    out.number(static_cast<std::uint8_t>(name.of_cgroup));
    out.list(name.ancestors, [this](std::uint64_t id) { out.number(id); });
    return Kind::kName;
  }
  Kind operator()(const Tick& tick) {
    out.time(tick.boot_time);
    return Kind::kTick;
  }
  Kind operator()(const Losses& losses) {
    out.time(losses.boot_time);
    counts(losses.counts);
    return Kind::kLosses;
  }
  Kind operator()(const Coverage& coverage) {
    const model::NetnsCoverage& netns = coverage.netns;
    out.number(netns.netns);
    out.number(static_cast<std::uint8_t>(netns.readable));
    text(netns.name);
    text(netns.unreadable);
    out.list(netns.rows, [this](const model::CoverageRow& row) {
      text(row.counter);
      out.number(row.kernel);
      out.number(static_cast<std::uint8_t>(row.traced.has_value()));
      out.number(row.traced.value_or(0));
    });
    return Kind::kCoverage;
  }
  Kind operator()(const End& end) {
    out.time(end.boot_time);
    out.time(end.duration);
    counts(end.lost);
    text(end.ended_by);
    return Kind::kEnd;
  }
  Kind operator()(const Polled& polled) {
    out.time(polled.boot_time);
    out.time(polled.took);
    out.number(static_cast<std::uint8_t>(polled.complete));
    return Kind::kPolled;
  }
  Kind operator()(const Ended& ended) {
    out.list(ended.connections, [this](const model::ConnectionId& id) {
      out.number(id.cookie);
      out.number(id.netns);
    });
    return Kind::kEnded;
  }
};

struct EntryDecoder {
  ByteReader& in;

  void clock(nanoseconds& time) {
    in.time(time);
    if (!plausible(time)) {
      in.fail();
    }
  }
  void wall(nanoseconds& boot_to_wall) {
    in.time(boot_to_wall);
    if (!plausible_wall(boot_to_wall)) {
      in.fail();
    }
  }
  void counts(model::LossCounts& counts) {
    for (std::uint64_t* count :
         {&counts.ringbuf_full, &counts.sockets_map_full, &counts.netns_map_full,
          &counts.recursion_misses, &counts.undecodable, &counts.output}) {
      in.number(*count);
    }
  }
  void hook(model::HookStatus& hook) {
    in.text(hook.name);
    in.text(hook.purpose);
    in.list(hook.attached, [this](std::string& variant) { in.text(variant); });
    std::uint8_t family = 0;
    in.number(family);
    if (family > 1 + static_cast<int>(model::AttachFamily::kKprobe)) {
      in.fail();
    } else if (family > 0) {
      hook.family = static_cast<model::AttachFamily>(family - 1);
    }
    in.list(hook.failures, [this](model::HookFailure& failure) {
      in.text(failure.variant);
      in.text(failure.reason);
    });
    in.text(hook.limit);
    in.flag(hook.required);
  }
  void polling(model::Polling& polling) {
    std::uint8_t source = 0;
    in.number(source);
    if (source > static_cast<std::uint8_t>(model::SocketSource::kNetlink)) {
      in.fail();
    }
    polling.source = static_cast<model::SocketSource>(source);
    in.text(polling.setback);
    clock(polling.interval);
    in.number(polling.depth);
    in.number(polling.limit_bytes);
  }

  void operator()(Opening& opening) {
    model::Hooks& hooks = opening.hooks;
    clock(hooks.boot_time);
    wall(opening.boot_to_wall);
    for (std::string* value : {&hooks.version, &hooks.kernel, &hooks.architecture, &hooks.host}) {
      in.text(*value);
    }
    in.list(hooks.hooks, [this](model::HookStatus& status) { hook(status); });
    in.list(opening.reset_reasons, [this](std::string& name) { in.text(name); });
    in.list(opening.cgroups, [this](auto& cgroup) {
      in.number(cgroup.first);
      in.text(cgroup.second);
    });
    if (!in.at_end()) {
      polling(hooks.polling.emplace());
    }
  }
  void operator()(WallClock& clock) { wall(clock.boot_to_wall); }
  void operator()(Name& name) {
    in.number(name.cgroup_id);
    in.number(name.pid);
    in.flag(name.known);
    in.text(name.cgroup.path);
    in.text(name.cgroup.container);
    in.text(name.cgroup.runtime);
    in.flag(name.of_cgroup);
    in.list(name.ancestors, [this](std::uint64_t& id) { in.number(id); });
  }
  void operator()(Tick& tick) { clock(tick.boot_time); }
  void operator()(Losses& losses) {
    clock(losses.boot_time);
    counts(losses.counts);
  }
  void operator()(Coverage& coverage) {
    model::NetnsCoverage& netns = coverage.netns;
    in.number(netns.netns);
    in.flag(netns.readable);
    in.text(netns.name);
    in.text(netns.unreadable);
    in.list(netns.rows, [this](model::CoverageRow& row) {
      bool counted = false;
      std::uint64_t traced = 0;
      in.text(row.counter);
      in.number(row.kernel);
      in.flag(counted);
      in.number(traced);
      if (counted) {
        row.traced = traced;
      }
    });
  }
  void operator()(End& end) {
    clock(end.boot_time);
    clock(end.duration);
    counts(end.lost);
    in.text(end.ended_by);
  }
  void operator()(Polled& polled) {
    clock(polled.boot_time);
    clock(polled.took);
    in.flag(polled.complete);
  }
  void operator()(Ended& ended) {
    in.list(ended.connections, [this](model::ConnectionId& id) {
      in.number(id.cookie);
      in.number(id.netns);
    });
  }
};

template <typename T>
std::optional<Content> decode_as(std::span<const std::byte> bytes) {
  T content;
  ByteReader in(bytes);
  EntryDecoder{.in = in}(content);
  return in.good() ? std::optional<Content>(std::move(content)) : std::nullopt;
}

// Whether it can be decoded is another's matter, but its time must be one to reckon with.
std::optional<Content> decode_record(std::span<const std::byte> bytes) {
  const std::optional<nanoseconds> time = record_time(bytes);
  return Record{.bytes = time && plausible(*time) ? bytes : std::span<const std::byte>()};
}

std::optional<Content> decode(Kind kind, std::span<const std::byte> bytes) {
  switch (kind) {
    case Kind::kOpening:
      return decode_as<Opening>(bytes);
    case Kind::kRecord:
      return decode_record(bytes);
    case Kind::kWallClock:
      return decode_as<WallClock>(bytes);
    case Kind::kName:
      return decode_as<Name>(bytes);
    case Kind::kTick:
      return decode_as<Tick>(bytes);
    case Kind::kLosses:
      return decode_as<Losses>(bytes);
    case Kind::kCoverage:
      return decode_as<Coverage>(bytes);
    case Kind::kEnd:
      return decode_as<End>(bytes);
    case Kind::kPolled:
      return decode_as<Polled>(bytes);
    case Kind::kEnded:
      return decode_as<Ended>(bytes);
  }
  return std::nullopt;
}

}  // namespace

std::optional<nanoseconds> record_time(std::span<const std::byte> bytes) {
  tt_header header{};
  if (bytes.size() < sizeof(header)) {
    return std::nullopt;
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  return nanoseconds(header.timestamp_ns);
}

void append_entry(std::vector<std::byte>& out, const Content& content) {
  const std::size_t begin = out.size();
  out.resize(begin + sizeof(EntryHeader));
  const Kind kind = std::visit(Encoder{.out = ByteWriter(out)}, content);
  const std::size_t size = out.size() - begin - sizeof(EntryHeader);
  const EntryHeader header{.kind = static_cast<std::uint32_t>(kind),
                           .size = static_cast<std::uint32_t>(size)};
  std::memcpy(out.data() + begin, &header, sizeof(header));
  out.resize(begin + sizeof(EntryHeader) + padded(size));
}

std::optional<Content> take_entry(std::span<const std::byte>& entries) {
  while (entries.size() >= sizeof(EntryHeader)) {
    EntryHeader header;
    std::memcpy(&header, entries.data(), sizeof(header));
    entries = entries.subspan(sizeof(header));
    if (padded(header.size) > entries.size()) {
      return std::nullopt;
    }
    const auto bytes = entries.first(header.size);
    entries = entries.subspan(padded(header.size));
    if (header.kind >= static_cast<std::uint32_t>(Kind::kOpening) &&
        header.kind <= static_cast<std::uint32_t>(Kind::kEnded)) {
      return decode(static_cast<Kind>(header.kind), bytes);
    }
  }
  return std::nullopt;
}

}  // namespace tcptrace::trace::recording
