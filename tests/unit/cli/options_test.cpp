// SPDX-License-Identifier: GPL-2.0
// The command line as a whole: which command, defaults, one line for everything that is wrong.
#include "cli/options.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stress/drill.h"
#include "unit/cli/fake_host.h"

namespace tcptrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

TraceOptions trace_of(const Words& words) { return options_of<TraceOptions>(words); }

TEST(CommandLine, NothingIsATraceOfTheWholeHost) {
  const TraceOptions options = trace_of({});
  EXPECT_TRUE(options.filter.events.reset && options.filter.events.retransmit &&
              options.filter.events.failure);
  EXPECT_FALSE(options.filter.events.accept || options.filter.events.connect ||
               options.filter.events.close || options.filter.events.state);
  EXPECT_TRUE(options.filter.pids.empty());
  EXPECT_FALSE(options.json || options.verbose || options.output || options.count ||
               options.duration || options.attach);
  EXPECT_TRUE(options.header);
}

TEST(CommandLine, TraceIsTheDefaultCommand) {
  EXPECT_THAT(trace_of({"--pid", "812"}).filter.pids, ElementsAre(812U));
  EXPECT_THAT(trace_of({"trace", "--pid", "812"}).filter.pids, ElementsAre(812U));
}

TEST(CommandLine, ShortAndLongSpellingsAgree) {
  const TraceOptions brief = trace_of({"-p", "812", "-d10s", "-c", "5", "-Jv", "-H", "-oout"});
  const TraceOptions full = trace_of({"--pid=812", "--duration=10s", "--count=5", "--json",
                                      "--verbose", "--no-header", "--output=out"});
  for (const TraceOptions& options : {brief, full}) {
    EXPECT_THAT(options.filter.pids, ElementsAre(812U));
    EXPECT_EQ(options.duration, std::chrono::seconds(10));
    EXPECT_EQ(options.count, 5U);
    EXPECT_TRUE(options.json && options.verbose && !options.header);
    EXPECT_EQ(options.output, "out");
  }
}

TEST(CommandLine, ChoicesAndSizes) {
  const TraceOptions options = trace_of(
      {"--attach", "kprobe", "--color", "never", "--ring-size", "64K", "--max-connections", "1M"});
  EXPECT_EQ(options.attach, model::AttachFamily::kKprobe);
  EXPECT_EQ(options.color, ColorChoice::kNever);
  EXPECT_EQ(options.ring_size_bytes, 65536U);
  EXPECT_EQ(options.max_connections, 1048576U);
  EXPECT_EQ(trace_of({"--attach", "auto"}).attach, std::nullopt);
}

TEST(CommandLine, OfAScalarGivenTwiceTheLastCounts) {
  EXPECT_EQ(trace_of({"-c", "1", "-c", "2"}).count, 2U);
  EXPECT_EQ(trace_of({"--color", "never", "--color", "always"}).color, ColorChoice::kAlways);
}

TEST(CommandLine, ADashForOutputIsStdout) { EXPECT_EQ(trace_of({"-o", "-"}).output, std::nullopt); }

TEST(CommandLine, History) {
  const TraceOptions usual = trace_of({});
  EXPECT_EQ(usual.history.depth, 30U);
  EXPECT_EQ(usual.history.interval, std::chrono::seconds(1));
  EXPECT_EQ(usual.history.limit_bytes, 128U << 20);
  EXPECT_EQ(usual.history.source, std::nullopt);
  const TraceOptions options = trace_of({"--history", "240", "--history-interval", "100ms",
                                         "--history-memory", "2G", "--source", "netlink"});
  EXPECT_EQ(options.history.depth, 240U);
  EXPECT_EQ(options.history.interval, std::chrono::milliseconds(100));
  EXPECT_EQ(options.history.limit_bytes, 2U << 30);
  EXPECT_EQ(options.history.source, model::SocketSource::kNetlink);
  EXPECT_EQ(trace_of({"--history", "0"}).history.depth, 0U);
}

TEST(CommandLine, Check) {
  const auto command = parse_words({"check", "--json", "--attach", "tp"});
  ASSERT_TRUE(command);
  const auto* options = std::get_if<CheckOptions>(&*command);
  ASSERT_NE(options, nullptr);
  EXPECT_TRUE(options->json);
  EXPECT_EQ(options->attach, model::AttachFamily::kTracepoint);
}

TEST(CommandLine, Drill) {
  const auto command =
      parse_words({"drill", "-J", "abortive-close", "--attach", "tp", "disconnect"});
  ASSERT_TRUE(command);
  const auto* options = std::get_if<DrillOptions>(&*command);
  ASSERT_NE(options, nullptr);
  EXPECT_TRUE(options->json);
  EXPECT_EQ(options->attach, model::AttachFamily::kTracepoint);
  ASSERT_EQ(options->drills.size(), 2U);
  EXPECT_EQ(options->drills[0]->name, "abortive-close");
  EXPECT_EQ(options->drills[1]->name, "disconnect");
}

TEST(CommandLine, AllDrillsAreThoseOfTheList) {
  const auto command = parse_words({"drill", "all"});
  ASSERT_TRUE(command);
  const std::string list = printed({"drill", "--list"});
  for (const stress::Drill* drill : std::get<DrillOptions>(*command).drills) {
    EXPECT_THAT(list, HasSubstr(std::string(drill->name) + " "));
    EXPECT_THAT(list, HasSubstr(std::string(model::cause_name(drill->cause))));
  }
  EXPECT_EQ(std::ranges::count(list, '\n'), std::get<DrillOptions>(*command).drills.size());
}

TEST(CommandLine, HelpNamesEveryOptionOfTheCommand) {
  const std::string help = printed({"--help"});
  EXPECT_EQ(help, printed({"trace", "-h"}));
  std::istringstream names(
      "--pid --comm --cgroup --netns --localport --remoteport --port --addr --ipv4 --ipv6 --events "
      "--duration --count --json --output --verbose --attach --ring-size --max-connections --color "
      "--no-header --history --history-interval --history-memory --source");
  for (std::string option; names >> option;) {
    EXPECT_THAT(help, HasSubstr(option));
  }
  EXPECT_THAT(help, HasSubstr("Examples:"));
  EXPECT_THAT(printed({"check", "--help"}), HasSubstr("--attach"));
  EXPECT_THAT(printed({"completion", "--help"}), HasSubstr("fish"));
}

TEST(CommandLine, HelpFitsATerminalOf80Columns) {
  const std::string help = printed({"--help"});
  std::size_t start = 0;
  while (start < help.size()) {
    const std::size_t end = std::min(help.find('\n', start), help.size());
    EXPECT_LE(end - start, 80U) << help.substr(start, end - start);
    start = end + 1;
  }
}

TEST(CommandLine, VersionIsOneLine) {
  EXPECT_THAT(printed({"--version"}), testing::MatchesRegex("tcptrace [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(printed({"check", "-V"}), printed({"-V"}));
}

TEST(CommandLine, CompletionScripts) {
  EXPECT_THAT(printed({"completion", "bash"}), HasSubstr("complete -F _tcptrace tcptrace"));
  EXPECT_THAT(printed({"completion", "zsh"}), testing::StartsWith("#compdef tcptrace"));
  EXPECT_THAT(printed({"completion", "fish"}), HasSubstr("complete -c tcptrace"));
}

struct Rejected {
  Words words;
  std::string line;
};

class Rejection : public testing::TestWithParam<Rejected> {};

TEST_P(Rejection, IsOneLineAndExitStatus2) {
  const auto command = parse_words(GetParam().words);
  ASSERT_FALSE(command);
  EXPECT_EQ(diagnostic(command.error()), "tcptrace: " + GetParam().line + "\n");
  EXPECT_EQ(command.error().status, ExitStatus::kUsage);
}

INSTANTIATE_TEST_SUITE_P(
    Commands, Rejection,
    testing::Values(
        Rejected{{"chek"}, R"(unknown command "chek"; did you mean check?)"},
        Rejected{{"drill"}, "drill: needs a name; see tcptrace drill --list"},
        Rejected{{"drill", "abortive-clos"},
                 R"(drill: there is no "abortive-clos"; did you mean abortive-close?)"},
        Rejected{{"frobnicate"}, R"(unknown command "frobnicate"; see tcptrace --help)"},
        Rejected{{""}, R"(unknown command ""; see tcptrace --help)"},
        Rejected{{"--prot", "80"}, R"(unknown option "--prot"; did you mean --port?)"},
        Rejected{{"--prot=80"}, R"(unknown option "--prot"; did you mean --port?)"},
        Rejected{{"-pid"}, R"(--pid: "id" is not a process id)"},
        Rejected{{"-x"}, R"(unknown option "-x"; see tcptrace --help)"},
        Rejected{{"check", "--pid", "1"}, R"(unknown option "--pid"; see tcptrace --help)"},
        Rejected{{"--pid", "812", "900"}, R"(unexpected argument "900"; see tcptrace --help)"},
        Rejected{{"--json", "check"}, R"(unexpected argument "check"; see tcptrace --help)"},
        Rejected{{"--", "x"}, R"(unexpected argument "x"; see tcptrace --help)"},
        Rejected{{"--pid"}, "--pid: needs a value"},
        Rejected{{"--output=", "-J"}, "--output: needs a value"},
        Rejected{{"--comm=", "--json"}, "--comm: needs a value"},
        Rejected{{"--pid", "--json"}, "--pid: needs a value; the next argument is --json"},
        Rejected{{"--json=1"}, "--json: takes no value"},
        Rejected{{"completion"}, "completion: needs one of bash, zsh, fish"},
        Rejected{{"completion", "ksh"}, R"(completion: "ksh" is not one of bash, zsh, fish)"}));

INSTANTIATE_TEST_SUITE_P(
    Values, Rejection,
    testing::Values(
        Rejected{{"--port", "70000"}, R"(--port: "70000" is not a port (1-65535))"},
        Rejected{{"-L", "0"}, R"(--localport: "0" is not a port (1-65535))"},
        Rejected{{"-D", "80,http"}, R"(--remoteport: "http" is not a port (1-65535))"},
        Rejected{{"--pid", "99999"}, "--pid: no process 99999"},
        Rejected{{"--pid", "813"}, "--pid: 813 is a thread of process 812; did you mean 812?"},
        Rejected{{"--pid", "812,"}, R"(--pid: "" is not a process id)"},
        Rejected{{"--pid", "1\n2"}, R"(--pid: "1\x0a2" is not a process id)"},
        Rejected{{"--netns", "red"}, R"(--netns: no network namespace "red")"},
        Rejected{{"--netns", "99999999999"},
                 R"(--netns: "99999999999" is not the number of a network namespace)"},
        Rejected{{"--cgroup", "/no"}, R"(--cgroup: no cgroup "/no")"},
        Rejected{{"--comm", "a-name-too-long-by-far"},
                 R"(--comm: "a-name-too-long-by-far" is longer than the 15 bytes that the kernel )"
                 R"(keeps of a name; did you mean "a-name-too-long"?)"},
        Rejected{{"--addr", "10.1.2.3/8"},
                 R"(--addr: "10.1.2.3/8" has bits set beyond its prefix length; )"
                 R"(did you mean 10.0.0.0/8?)"},
        Rejected{{"-4", "-6"}, "-4 and -6 exclude each other"},
        Rejected{{"-6", "--addr", "10.0.0.0/8"}, "-6 excludes every --addr that was given"},
        Rejected{{"-e", "rest"}, R"(--events: "rest" is not an event type; did you mean reset?)"},
        Rejected{{"-d", "soon"},
                 R"(--duration: "soon" is not a duration (10, 10s, 1.5m, 2h, 500ms))"},
        Rejected{{"-c", "-1"}, R"(--count: "-1" is not a number from 1 on)"},
        Rejected{{"-o", ""}, R"(--output: "" is not a file name)"},
        Rejected{{"--ring-size", "3M"},
                 R"(--ring-size: "3M" is not a power of two; did you mean 4M?)"},
        Rejected{{"--max-connections", "7"},
                 R"(--max-connections: "7" is not a size from 1K to 16M)"},
        Rejected{{"--history", "241"}, R"(--history: "241" is not a size from 0 to 240)"},
        Rejected{{"--history-interval", "99ms"},
                 R"(--history-interval: "99ms" is not between 100ms and 1h)"},
        Rejected{{"--history-memory", "1K"},
                 R"(--history-memory: "1K" is not a size from 64K to 2G)"},
        Rejected{{"--source", "procfs"}, R"(--source: "procfs" is not one of auto, iter, netlink)"},
        Rejected{{"--attach", "tracepoint"},
                 R"(--attach: "tracepoint" is not one of auto, fentry, tp, kprobe)"},
        Rejected{{"check", "--attach", "x"},
                 R"(--attach: "x" is not one of auto, fentry, tp, kprobe)"},
        Rejected{{"--color", "alway"},
                 R"(--color: "alway" is not one of auto, always, never; did you mean always?)"}));

TEST(RejectionLine, StaysOneLineWhateverWasTyped) {
  for (const std::string& word :
       {std::string("--\n--"), std::string("a\nb"), std::string("--port=\x1b[31m\n"),
        std::string(100000, 'x'), "--" + std::string(100000, 'y')}) {
    const std::string line = rejection({word});
    EXPECT_EQ(std::ranges::count(line, '\n'), 1) << line.substr(0, 200);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_LT(line.size(), 300U);
  }
}

TEST(UseColor, FollowsTerminalAndEnvironment) {
  EXPECT_TRUE(use_color(ColorChoice::kAuto, true, nullptr));
  EXPECT_FALSE(use_color(ColorChoice::kAuto, false, nullptr));
  EXPECT_FALSE(use_color(ColorChoice::kAuto, true, "1"));
  EXPECT_TRUE(use_color(ColorChoice::kAuto, true, ""));
  EXPECT_TRUE(use_color(ColorChoice::kAlways, false, "1"));
  EXPECT_FALSE(use_color(ColorChoice::kNever, true, nullptr));
}

ReplayOptions replay_of(const Words& words) { return options_of<ReplayOptions>(words); }

TEST(ReplayLine, HasTheFiltersAndTheOutputOfATrace) {
  const ReplayOptions options =
      replay_of({"replay", "-p", "7", "--comm", "api", "-P", "443", "-e", "reset", "-c", "5", "-Jv",
                 "-H", "-o", "out", "--color", "never", "recording"});
  EXPECT_EQ(options.recording, "recording");
  EXPECT_THAT(options.filter.pids, ElementsAre(7U)) << "no process of this host";
  EXPECT_THAT(options.filter.comms, ElementsAre("api"));
  EXPECT_EQ(options.filter.ports.size(), 1U);
  EXPECT_TRUE(options.filter.events.reset);
  EXPECT_FALSE(options.filter.events.retransmit || options.header);
  EXPECT_TRUE(options.json && options.verbose);
  EXPECT_EQ(options.count, 5U);
  EXPECT_EQ(options.output, "out");
  EXPECT_EQ(options.color, ColorChoice::kNever);
  EXPECT_EQ(replay_of({"replay", "-"}).recording, "-");
}

TEST(ReplayLine, LooksNothingUpOnThisHost) {
  const ReplayOptions options = replay_of(
      {"replay", "--netns", "17", "--cgroup", "4242,/api/,/sys/fs/cgroup/web,db", "recording"});
  EXPECT_THAT(options.filter.netns, ElementsAre(17U));
  EXPECT_THAT(options.filter.cgroups, ElementsAre(4242U));
  EXPECT_THAT(options.cgroups, ElementsAre("/api", "/web", "/db"));
  EXPECT_EQ(rejection({"replay", "--netns", "blue", "x"}),
            "tcptrace: --netns: \"blue\" is not an inode number, which is all that a recording "
            "knows\n");
}

TEST(ReplayLine, NeedsOneFile) {
  for (const Words& words : {Words{"replay"}, Words{"replay", "a", "b"}, Words{"replay", ""}}) {
    EXPECT_EQ(rejection(words), "tcptrace: replay: needs one file, or - for stdin\n");
  }
  EXPECT_EQ(rejection({"replay", "-d", "1", "a"}).find("tcptrace: unknown option \"-d\""), 0U);
}

TEST(CommandLine, ARecordingGoesToAFileOfItsOwn) {
  EXPECT_EQ(trace_of({"-w", "a"}).recording, "a");
  EXPECT_EQ(trace_of({"trace", "--write=a", "-o", "b"}).recording, "a");
  EXPECT_EQ(rejection({"-w", "-"}),
            "tcptrace: --write: a recording goes to a file, not to stdout\n");
  EXPECT_EQ(rejection({"-w", ""}), "tcptrace: --write: \"\" is not a file name\n");
  EXPECT_EQ(rejection({"-w", "a", "-o", "a"}),
            "tcptrace: --write and --output name the same file\n");
}

}  // namespace
}  // namespace tcptrace::cli
