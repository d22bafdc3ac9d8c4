// SPDX-License-Identifier: GPL-2.0
#include "output/host_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "golden.h"
#include "support/report_sample.h"

namespace tcptrace::output {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHostile = "</script><script>alert(1)</script><!--\x1b[31m\xff";

// Hostile wherever something comes from outside.
model::HostReport hostile_report() {
  model::HostReport report = samples::host_report();
  const std::string text(kHostile);
  for (std::string* name : {&report.sources.front().name,
                            &report.sources.front().host,
                            &report.sources.front().kernel,
                            &report.sources.front().ended_by,
                            &report.sources.front().missing.front(),
                            &report.causes.front().host,
                            &report.causes.front().party.comm,
                            &report.causes.front().container,
                            &report.totals.front().advice.front().text,
                            &report.retransmits.front().party.comm,
                            &report.alerts.front().name,
                            &report.alerts.front().subject,
                            &report.alerts.front().unit,
                            &report.findings.front().text,
                            &report.findings.front().why,
                            &report.findings.front().advice,
                            &report.settings.front().value,
                            &report.worst.front().host,
                            &report.worst.front().event.verdict->summary,
                            &report.sources.front().patterns.churn.front().party.comm,
                            &report.sources.front().coverage.front().name}) {
    *name = text;
  }
  samples::set_comm(*report.worst.front().event.owner, "</script><b>");
  return report;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

std::string data_of(const std::string& html) {
  constexpr std::string_view kBegin = R"(<script type="application/json" id="data">)";
  const std::size_t begin = html.find(kBegin) + kBegin.size();
  return html.substr(begin, html.find("</script>", begin) - begin);
}

TEST(HostReport, GoldenText) {
  test::expect_golden("report.txt", host_report_text(samples::host_report(), samples::context()));
}

TEST(HostReport, GoldenJson) {
  test::expect_golden("report.jsonl", host_report_json(samples::host_report()));
}

TEST(HostReport, AReportOfNothingSaysSo) {
  const std::string text = host_report_text({}, samples::context());
  EXPECT_THAT(text, HasSubstr("of nothing that has a time"));
  EXPECT_THAT(text, HasSubstr("none: no connection was reset or failed"));
  EXPECT_THAT(text, Not(HasSubstr("timeline")));
  EXPECT_THAT(text, Not(HasSubstr("idle")));
}

TEST(HostReport, RowsOfSeveralHostsAndNamespacesSayWhose) {
  model::HostReport report = samples::host_report();
  const Context context;
  EXPECT_THAT(host_report_text(report, context),
              AllOf(Not(HasSubstr(" blue\n")), Not(HasSubstr("of node-7")),
                    Not(HasSubstr("node-7: time_wait"))));
  report.retransmits.push_back(report.retransmits.front());
  report.retransmits.back().host = "node-8\x1b[31m";
  report.alerts.back().host = "node-8";
  report.settings.push_back(report.settings.front());
  report.settings.back().netns = "green\x1b[31m";
  const std::string text = host_report_text(report, context);
  EXPECT_THAT(text,
              AllOf(HasSubstr(", of node-7\n"), HasSubstr(", of node-8"),
                    HasSubstr("node-7: time_wait of host"), HasSubstr("node-8: error_rate of host"),
                    ContainsRegex("tcp_keepalive_time +7200 +blue\n"),
                    ContainsRegex("tcp_keepalive_time +7200 +green")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(HostReport, TextIsSafeToPrint) {
  const std::string text = host_report_text(hostile_report(), samples::context());
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("\\x1b[31m\\xff"));
}

TEST(HostReport, OneLineOfJson) {
  const std::string line = host_report_json(hostile_report());
  EXPECT_EQ(count(line, "\n"), 1U);
  EXPECT_FALSE(json::parse(line, nullptr, false).is_discarded());
}

TEST(HostReport, ThePageHoldsTheJson) {
  const std::string html = host_report_html(hostile_report(), samples::context());
  EXPECT_EQ(json::parse(data_of(html)), json::parse(host_report_json(hostile_report())));
}

TEST(HostReport, NothingFromOutsideIsMarkup) {
  const std::string plain = host_report_html(samples::host_report(), samples::context());
  const std::string html = host_report_html(hostile_report(), samples::context());
  for (const std::string_view markup : {"<script", "</script", "<!--", "<b>", "<title", "<pre"}) {
    EXPECT_EQ(count(html, markup), count(plain, markup)) << markup;
  }
  EXPECT_EQ(data_of(html).find('<'), std::string::npos);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
}

TEST(HostReport, ThePageAsksNobodyForAnything) {
  const std::string html = host_report_html(samples::host_report(), samples::context());
  EXPECT_THAT(html, HasSubstr("default-src 'none'; script-src 'sha256-"));
  for (const std::string_view loads : {"<link rel=\"stylesheet", " src=\"", "@import", "url("}) {
    EXPECT_EQ(count(html, loads), 0U) << loads;
  }
  EXPECT_THAT(html, HasSubstr("The MIT License")) << "the plotting library's";
}

TEST(HostReport, TheTitleNamesTheOnlyHost) {
  model::HostReport report = samples::host_report();
  EXPECT_THAT(host_report_html(report, samples::context()),
              HasSubstr("<title>tcptrace: node-7</title>"));
  report.sources.push_back(report.sources.front());
  EXPECT_THAT(host_report_html(report, samples::context()),
              HasSubstr("<title>tcptrace report</title>"));
}

}  // namespace
}  // namespace tcptrace::output
