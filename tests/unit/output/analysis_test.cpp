// SPDX-License-Identifier: GPL-2.0
#include "output/analysis.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "golden.h"
#include "support/analysis_sample.h"
#include "support/schema.h"

namespace tcptrace::output {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

json parsed(const model::Analysis& analysis) {
  const std::string line = analysis_json(analysis, samples::context());
  EXPECT_EQ(test::validate(line), "");
  return json::parse(line);
}

TEST(AnalysisText, Golden) {
  test::expect_golden("analysis.txt", analysis_text(samples::analysis(), samples::context()));
}

TEST(AnalysisText, OfNothingSaysSo) {
  const std::string text = analysis_text({}, samples::context());
  EXPECT_THAT(text, HasSubstr("nothing found that is wrong"));
  EXPECT_THAT(text, HasSubstr("0 TCP sockets in 0 network namespaces"));
}

TEST(AnalysisText, ColoursTellTheLevels) {
  Context context = samples::context();
  EXPECT_THAT(analysis_text(samples::analysis(), context), Not(HasSubstr("\x1b")));
  context.color = true;
  EXPECT_THAT(analysis_text(samples::analysis(), context), HasSubstr("\x1b[31mCRITICAL\x1b[0m"));
}

TEST(AnalysisText, HostileNamesStayOnTheirLine) {
  model::Analysis analysis = samples::analysis();
  samples::set_comm(analysis.census.processes[0].process, "a\nb\x1b[2J");
  samples::set_comm(analysis.census.listeners[0].process, "c\rd");
  analysis.facts.namespaces[0].interfaces[0].name = "eth\x1b[0m";
  analysis.facts.namespaces[0].sysctls["net.ipv4.tcp_congestion_control"] = "cubic\nbbr";
  analysis.findings[0].subject = "pid 1 (\x1b]0;x\x07)";
  analysis.facts.unread[0].why = "no\ntty";
  for (const bool verbose : {false, true}) {
    Context context = samples::context();
    context.verbose = verbose;
    const std::string text = analysis_text(analysis, context);
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
    EXPECT_THAT(text, HasSubstr("a\\x0ab"));
    EXPECT_THAT(text, HasSubstr("cubic\\x0abbr"));
  }
  EXPECT_EQ(parsed(analysis)["sockets"]["processes"][0]["process"]["comm"], "a\nb\x1b[2J");
}

TEST(AnalysisText, MoreListenersThanRows) {
  model::Analysis analysis = samples::analysis();
  analysis.top = 2;
  analysis.census.listeners.resize(5, analysis.census.listeners[0]);
  EXPECT_THAT(analysis_text(analysis, samples::context()), HasSubstr("and 3 listeners more"));
  Context verbose = samples::context();
  verbose.verbose = true;
  EXPECT_THAT(analysis_text(analysis, verbose), Not(HasSubstr("listeners more")));
}

TEST(AnalysisText, NamespacesAreNamedWhereThereAreSeveral) {
  model::Analysis analysis = samples::analysis();
  EXPECT_THAT(analysis_text(analysis, samples::context()), Not(HasSubstr("NETNS")));
  analysis.census.namespaces.push_back({.netns = 4026532001, .states = {}});
  analysis.facts.namespaces.push_back({.inode = 4026532001, .name = "netns blue"});
  const std::string text = analysis_text(analysis, samples::context());
  EXPECT_THAT(text, HasSubstr("NETNS"));
  EXPECT_THAT(text, HasSubstr("netns blue"));
  EXPECT_THAT(text, HasSubstr("1 network namespace more"));
}

TEST(AnalysisJson, IsValidWhateverIsMissing) {
  parsed({});
  parsed(samples::analysis());
  model::Analysis analysis = samples::analysis();
  analysis.interval.reset();
  analysis.census.processes[0].process.cgroup.reset();
  analysis.census.listeners[0].process = {};
  analysis.facts.namespaces[0].conntrack->limit = 0;
  const json record = parsed(analysis);
  EXPECT_FALSE(record.contains("interval_ms"));
  EXPECT_FALSE(record["sockets"]["listeners"][0].contains("process"));
  EXPECT_FALSE(record["namespaces"][0]["counters"][0].contains("recent"));
}

TEST(AnalysisJson, EveryFindingIsKnown) {
  model::Analysis analysis = samples::analysis();
  for (std::size_t i = 0; i < model::kFindingIds; ++i) {
    analysis.findings[0].id = static_cast<model::FindingId>(i);
    analysis.findings[0].level = static_cast<model::FindingLevel>(i % 3);
    parsed(analysis);
  }
}

TEST(AnalysisJson, ExtremeNumbersAreValid) {
  model::Analysis analysis = samples::analysis();
  analysis.findings[0].percent = 1e300;
  analysis.findings[0].number = INT64_MAX;
  analysis.facts.namespaces[0].interfaces[0].rx_bytes = INT64_MAX;
  analysis.counters[0].per_second = 1e30;
  parsed(analysis);
}

}  // namespace
}  // namespace tcptrace::output
