// SPDX-License-Identifier: GPL-2.0
// The command line as plain structs. parse() looks at nothing but its arguments and the lookup it
// is given, prints nothing and never exits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/parse_host.h"
#include "model/balancer.h"
#include "model/filter.h"
#include "model/load.h"
#include "model/probe.h"
#include "model/report.h"
#include "model/serve.h"
#include "model/socket.h"
#include "model/tune.h"
#include "stress/drill.h"
#include "trace/connection_table.h"

namespace tcptrace::cli {

// The family of hooks to use; empty: the best that works, hook by hook.
using AttachChoice = std::optional<model::AttachFamily>;

// Where sockets are read from; empty: a BPF iterator where it works, else netlink.
using SourceChoice = std::optional<model::SocketSource>;

enum class ColorChoice : std::uint8_t { kAuto, kAlways, kNever };

inline constexpr std::uint32_t kMinRingSizeBytes = 64U << 10;
inline constexpr std::uint32_t kMaxRingSizeBytes = 1U << 30;
inline constexpr std::uint32_t kDefaultRingSizeBytes = 8U << 20;
inline constexpr std::uint32_t kMinConnections = 1U << 10;
inline constexpr std::uint32_t kMaxConnections = 16U << 20;
inline constexpr std::uint32_t kDefaultConnections = 128U << 10;

inline constexpr std::uint64_t kDefaultTopRows = 10;
inline constexpr std::uint64_t kMaxTopRows = 100'000;

// Where a command prints to, and how.
struct OutputOptions {
  bool json = false;
  std::optional<std::string> output;  // a path; empty: stdout
  ColorChoice color = ColorChoice::kAuto;
  bool header = true;
  bool verbose = false;
};

// And which events.
struct EventOptions : OutputOptions {
  model::Filter filter;
  std::optional<std::uint64_t> count;
};

// The seconds before a reset.
struct HistoryOptions {
  std::uint32_t depth = 30;  // samples of a connection; 0: none
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  std::uint32_t limit_bytes = 128U << 20;  // of all samples
  SourceChoice source{};
};
inline constexpr std::uint32_t kMaxHistoryDepth = trace::ConnectionTable::kMaxDepth;
inline constexpr std::uint32_t kMinHistoryBytes = 64U << 10;
inline constexpr std::uint32_t kMaxHistoryBytes = 2U << 30;
inline constexpr std::chrono::nanoseconds kMinHistoryInterval = std::chrono::milliseconds(100);
inline constexpr std::chrono::nanoseconds kMaxHistoryInterval = std::chrono::hours(1);

struct TraceOptions : EventOptions {
  HistoryOptions history;
  std::optional<std::chrono::nanoseconds> duration;
  std::optional<std::string> recording;  // a path to record to
  AttachChoice attach;
  std::uint32_t ring_size_bytes = kDefaultRingSizeBytes;  // a power of two
  std::uint32_t max_connections = kDefaultConnections;
};

struct ReplayOptions : EventOptions {
  std::string recording;             // a path; "-": stdin
  std::vector<std::string> cgroups;  // paths: only the recording knows their ids
};

struct SnapshotOptions : OutputOptions {
  model::Filter filter;                 // which events does not matter
  std::optional<std::uint32_t> states;  // bit (1 << model::TcpState); empty: all
  bool listen = false;                  // listening sockets, with their queues
  SourceChoice source;
};

struct CheckOptions {
  bool json = false;
  AttachChoice attach;
};

struct DrillOptions {
  std::vector<const stress::Drill*> drills;  // in this order
  bool json = false;
  bool verbose = false;
  AttachChoice attach;
};

struct StressOptions : OutputOptions {
  model::LoadOptions load;
  bool trace = false;  // say why connections failed
  bool yes = false;    // any rate, to any machine
  bool quiet = false;
};

struct ServeOptions {
  model::ServeConfig server;
  bool json = false;
  std::optional<std::chrono::nanoseconds> duration;
  std::optional<std::chrono::nanoseconds> interval;  // between the lines of rates
};

struct ProbeOptions {
  model::ProbeConfig probe;
  bool json = false;
};

// One look at the whole host.
struct AnalyzeOptions : OutputOptions {
  std::vector<std::uint32_t> netns;  // inode numbers; empty: all
  std::size_t top = kDefaultTopRows;
  std::optional<std::chrono::nanoseconds> interval;  // between two readings of the counters
  SourceChoice source;
};

// Looks at the connections of this host, for a while.
struct PoolWatchOptions {
  model::Filter filter;  // which events does not matter
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  std::chrono::nanoseconds duration = std::chrono::seconds(10);
  bool once = false;  // one look, and no time between two
  SourceChoice source;
};

struct PoolsOptions : OutputOptions, PoolWatchOptions {};

struct MonitorOptions : OutputOptions {
  model::Filter filter;  // namespaces only
  SourceChoice source;
  std::chrono::nanoseconds interval = std::chrono::seconds(1);
  std::optional<std::chrono::nanoseconds> duration;
  std::optional<std::string> config;   // a path; empty: the defaults
  std::optional<std::string> command;  // for each change of an alert
  bool once = false;
  bool plain = false;
  bool trace = true;  // where the privileges allow it
};

enum class ReportFormat : std::uint8_t { kHtml, kText, kJson };

struct ReportOptions {
  std::vector<std::string> files;    // paths; "-": stdin; empty: a trace of its own, `live`
  TraceOptions live;                 // the filter is that of files too
  std::vector<std::string> cgroups;  // paths, of files: only they know their ids
  ReportFormat format = ReportFormat::kHtml;
  std::optional<std::string> output;  // a path; empty: stdout
  ColorChoice color = ColorChoice::kAuto;
};
inline constexpr std::chrono::nanoseconds kDefaultReportDuration = std::chrono::minutes(1);

struct TuneOptions : OutputOptions {
  model::TuneAction action = model::TuneAction::kDryRun;
  model::TuneProfile profile = model::TuneProfile::kNone;
  bool live_only = false;           // no drop-in
  std::optional<std::string> root;  // where proc, etc and var are; empty: "/"
};

struct GenerateOptions : OutputOptions {
  model::BalancerRequest balancer;
  // How to measure how long the backends keep an idle connection: ask them, or watch those who do.
  bool probe_backends = false;
  std::chrono::milliseconds probe_limit = std::chrono::seconds(75);
  std::optional<std::chrono::milliseconds> watch_backends;
};

// Nothing to run: a text for stdout (--help, --version, a completion script).
struct PrintText {
  std::string text;
  ExitStatus status = ExitStatus::kDone;
};

using Command =
    std::variant<TraceOptions, ReplayOptions, SnapshotOptions, CheckOptions, DrillOptions,
                 StressOptions, ServeOptions, ProbeOptions, AnalyzeOptions, PoolsOptions,
                 MonitorOptions, ReportOptions, TuneOptions, GenerateOptions, PrintText>;

// `arguments` is argv without argv[0]. A failure has ExitStatus::kUsage.
[[nodiscard]] Result<Command> parse(std::span<const char* const> arguments, const HostLookup& host);

// An error as the one line that goes to stderr: "tcptrace: what; hint\n".
[[nodiscard]] std::string diagnostic(const Error& error);

// Whether to colour what goes to `terminal`; `no_color` is the environment's NO_COLOR, null when
// unset.
[[nodiscard]] bool use_color(ColorChoice choice, bool terminal, const char* no_color);

}  // namespace tcptrace::cli
