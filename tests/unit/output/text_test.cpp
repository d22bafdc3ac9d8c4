// SPDX-License-Identifier: GPL-2.0
// The table, the hooks lines and the summary for people.
#include "output/text.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "all_samples.h"
#include "golden.h"

namespace tcptrace::output {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const model::Record& record, const Context& context = samples::context()) {
  std::string out;
  TextTable().append(out, record, context);
  return out;
}

model::Event without_container(model::Event event) {
  event.owner->cgroup.reset();
  return event;
}

std::vector<std::string> fields_of(std::string line) {
  std::vector<std::string> fields;
  line.erase(line.find('\n'));
  while (!line.empty()) {
    const std::size_t end = std::min(line.find("  "), line.size());
    fields.push_back(line.substr(0, end));
    line.erase(0, std::min(line.find_first_not_of(' ', end), line.size()));
  }
  return fields;
}

std::ptrdiff_t line_count(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

TEST(Text, OneLineAnEvent) {
  for (const model::Record& record : samples::all_records()) {
    if (std::holds_alternative<model::Event>(record)) {
      model::Event event = std::get<model::Event>(record);
      if (event.owner) {
        event.owner->cgroup.reset();
      }
      EXPECT_EQ(1, line_count(text_of(event)));
    }
  }
}

TEST(Text, HasTheHeadersColumns) {
  std::string header;
  TextTable().append_header(header, samples::context());
  EXPECT_EQ((std::vector<std::string>{"TIME", "PID", "COMM", "EVENT", "LOCAL", "PEER", "STATE",
                                      "DETAIL"}),
            fields_of(header));
  const std::string line = text_of(without_container(samples::reset_sent()));
  EXPECT_EQ(
      (std::vector<std::string>{
          "01:02:03.123", "812", "api", "RST sent", "10.0.0.5:8080", "10.0.0.9:41822",
          "ESTABLISHED", "TCP_ABORT_ON_CLOSE, 900 B unread, idle 60.0 s, rtt 1.2 ms, cwnd 10"}),
      fields_of(line));
  for (const char* column : {"RST sent", "10.0.0.5", "10.0.0.9", "ESTABLISHED", "TCP_ABORT"}) {
    EXPECT_EQ(' ', line[line.find(column) - 1]);
  }
  EXPECT_EQ(header.find("EVENT"), line.find("RST sent"));
  EXPECT_EQ(header.find("PEER"), line.find("10.0.0.9"));
  EXPECT_EQ(header.find("DETAIL"), line.find("TCP_ABORT"));
}

TEST(Text, TheWidestIpv4EndpointsKeepTheColumns) {
  model::Event event = without_container(samples::reset_sent());
  event.connection.local = event.connection.peer = samples::ipv4(255, 255, 255, 255);
  event.connection.local_port = event.connection.peer_port = 65535;
  std::string header;
  TextTable().append_header(header, samples::context());
  EXPECT_EQ(header.find("STATE"), text_of(event).find("ESTABLISHED"));
}

TEST(Text, WideIpv6KeepsFieldsApart) {
  model::Event event = without_container(samples::extreme_event());
  const auto fields = fields_of(text_of(event));
  ASSERT_EQ(8U, fields.size());
  EXPECT_EQ("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", fields[4]);
  EXPECT_EQ("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", fields[5]);
  EXPECT_EQ("ESTABLISHED", fields[6]);
}

TEST(Text, HostileCommCannotSteerTheTerminalNorAddALine) {
  model::Event event = without_container(samples::reset_sent());
  samples::set_comm(*event.owner, "\x1b[2J\n\rx\xff");
  const std::string line = text_of(event);
  EXPECT_EQ(1, line_count(line));
  EXPECT_EQ(std::string::npos, line.find('\x1b'));
  EXPECT_THAT(line, HasSubstr(R"(\x1b[2J\x0a\x0dx\xff)"));
}

TEST(Text, AnUnknownOwnerIsADash) {
  const auto fields = fields_of(text_of(samples::reset_without_socket()));
  EXPECT_EQ("-", fields[1]);
  EXPECT_EQ("-", fields[2]);
  EXPECT_EQ("NO_SOCKET, no such connection, answers PSH|ACK", fields[7]);
}

TEST(Text, ARefusedSynSaysThatNobodyListens) {
  model::Event event = samples::reset_without_socket();
  event.trigger_flags = 0x02;
  EXPECT_THAT(text_of(event), HasSubstr("nobody listens, answers SYN"));
}

TEST(Text, TheContainerColumnAppearsWithTheFirstContainerAndStays) {
  TextTable table;
  const Context context = samples::context();
  std::string out;
  table.append(out, without_container(samples::reset_sent()), context);
  EXPECT_THAT(out, Not(HasSubstr("CONTAINER")));
  out.clear();
  table.append(out, samples::reset_sent(), context);
  EXPECT_EQ(2, line_count(out));
  EXPECT_THAT(out, HasSubstr("CONTAINER"));
  EXPECT_THAT(out, HasSubstr("  3f0c9a1b2c3d  "));
  out.clear();
  table.append(out, without_container(samples::reset_sent()), context);
  EXPECT_EQ(1, line_count(out));
  EXPECT_EQ("-", fields_of(out)[3]);
}

TEST(Text, ColoursOnlyWhenAsked) {
  Context context = samples::context();
  EXPECT_EQ(std::string::npos, text_of(samples::reset_sent(), context).find('\x1b'));
  context.color = true;
  EXPECT_THAT(text_of(samples::reset_sent(), context), HasSubstr("\x1b[31mRST sent\x1b[0m"));
}

TEST(Text, TimeIsLocal) {
  Context context = samples::context();
  context.utc_offset = [](std::chrono::seconds wall) {
    EXPECT_EQ(1795222800 + 123, wall.count());
    return -std::chrono::hours(2);
  };
  EXPECT_TRUE(text_of(samples::reset_without_socket(), context).starts_with("23:02:03.123  "));
}

TEST(Text, VerboseAddsALineWithTheCookieAndTheCgroup) {
  Context context = samples::context();
  context.verbose = true;
  const std::string text = text_of(without_container(samples::reset_sent()), context);
  EXPECT_EQ(2, line_count(text));
  EXPECT_THAT(text, HasSubstr("cookie 8193, netns 4026531840"));
}

TEST(Text, VerboseShowsTheSecondsBefore) {
  output::Context verbose = samples::context();
  verbose.verbose = true;
  EXPECT_THAT(text_of(samples::connection_died(), verbose),
              HasSubstr("seen 6 times from 31.0 s to 26.0 s before, rtt 250 us to 450 us ▁▂▃▅▆█, "
                        "cwnd 10 to 1 ███▁▁▁, in flight 0 to 10 ▁▁████, "
                        "retransmitted 0 to 3 ▁▁▁▃▅█, unsent 0 B to 7.1 KiB ▁▂▃▅▆█\n"));
}

TEST(Text, OfASingleSampleOnlyWhatIsNotZero) {
  model::Event event = samples::connection_died();
  event.history.resize(1);
  output::Context verbose = samples::context();
  verbose.verbose = true;
  EXPECT_THAT(text_of(event, verbose), HasSubstr("seen 31.0 s before, rtt 250 us, cwnd 10\n"));
}

TEST(Text, LabelsOfEnds) {
  model::Event connect = without_container(samples::connect_failed());
  EXPECT_EQ("connect failed", fields_of(text_of(connect))[3]);
  EXPECT_THAT(text_of(connect), HasSubstr("EHOSTUNREACH, ICMP host unreachable, SYN sent 7 times"));
  connect.err = 0;
  connect.abandoned = true;
  EXPECT_EQ("connect gave up", fields_of(text_of(connect))[3]);
  model::Event close = without_container(samples::connection_died());
  EXPECT_EQ("died", fields_of(text_of(close))[3]);
  EXPECT_EQ("ESTABLISHED", fields_of(text_of(close))[6]);
  close.err = 0;
  EXPECT_EQ("aborted", fields_of(text_of(close))[3]);
  close.reset_sent = true;
  EXPECT_EQ("closed by RST", fields_of(text_of(close))[3]);
}

TEST(Text, AResetByAnotherTaskNamesIt) {
  EXPECT_THAT(text_of(samples::reset_by_another_task()), HasSubstr("by ss (9001)"));
}

TEST(Text, ARefusedConnectHasNoQueuesToTellOf) {
  model::Event reset = without_container(samples::reset_received());
  reset.connection.state = model::TcpState::kSynSent;
  reset.err = 111;
  reset.info->unacked_bytes = 1;  // the SYN
  EXPECT_EQ("ECONNREFUSED, ttl 41", fields_of(text_of(reset))[7]);
}

TEST(Text, LossIsALine) {
  EXPECT_EQ("01:02:00.000  lost 12: ring buffer full 10, undecodable 2\n",
            text_of(samples::lost()));
}

TEST(Text, HooksAreNotPartOfTheTable) { EXPECT_EQ("", text_of(samples::hooks())); }

TEST(HooksText, SaysWhatWillNotBeSeen) {
  const std::string text =
      hooks_text(samples::hooks(), {.reset = true, .retransmit = true}, samples::context());
  EXPECT_EQ(
      "tracing resets, retransmissions · 2 hooks attached (1 fentry, 1 tp) · "
      "Linux 6.12.0-1-amd64 x86_64\n"
      "not seen: SYN-ACK retransmissions\n"
      "seen in part: resets without a socket have no kernel reason\n"
      "polled by netlink: load: Operation not permitted\n",
      text);
}

TEST(HooksText, VerboseListsVariantsAndFailures) {
  Context context = samples::context();
  context.verbose = true;
  const std::string text = hooks_text(samples::hooks(), {.reset = true}, context);
  EXPECT_THAT(text, HasSubstr("reset_sent: tp_btf:tcp_send_reset, tp_btf:kfree_skb"));
  EXPECT_THAT(text, HasSubstr("not fentry:tcp_rtx_synack: not in this kernel's BTF"));
}

TEST(SummaryText, DifferencesComeFirstAndZerosNotAtAll) {
  const std::string text = summary_text(samples::summary(), samples::context());
  EXPECT_LT(text.find("Tcp.RetransSegs"), text.find("Tcp.OutRsts"));
  EXPECT_THAT(text, HasSubstr("12 not seen"));
  EXPECT_THAT(text, Not(HasSubstr("TCPAbortOnTimeout")));
  EXPECT_THAT(text, HasSubstr("its last process exited"));
}

TEST(SummaryText, FitsAScreenWhateverTheNumberOfNamespaces) {
  model::Summary summary = samples::extreme_summary();
  for (int i = 0; i < 100; ++i) {
    summary.coverage.push_back(summary.coverage[0]);
    summary.coverage.push_back(summary.coverage[1]);
  }
  const std::string text = summary_text(summary, samples::context());
  EXPECT_LE(line_count(text), 45);
  EXPECT_THAT(text, HasSubstr("18,446,744,073,709,551,615 not seen"));
  EXPECT_THAT(text, HasSubstr("18,446,744,073,709,551,615 more than the kernel counted"));
  EXPECT_THAT(text, HasSubstr("and 190 more, of which 190 differ"));
  EXPECT_THAT(text, HasSubstr("and 98 more whose counters are not readable"));
}

TEST(SummaryText, AnIdleRunIsShort) { EXPECT_LE(line_count(summary_text({}, {})), 5); }

TEST(Golden, Text) {
  TextTable table;
  Context context = samples::context();
  std::string text =
      hooks_text(samples::hooks(), {.reset = true, .retransmit = true, .failure = true}, context);
  table.append_header(text, context);
  for (const model::Record& record : samples::all_records()) {
    table.append(text, record, context);
  }
  context.verbose = true;
  table.append(text, samples::reset_sent(), context);
  test::expect_golden("records.txt", text);
}

}  // namespace
}  // namespace tcptrace::output
