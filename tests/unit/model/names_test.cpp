// SPDX-License-Identifier: GPL-2.0
// The names of model values are JSON values: stable, and safe for numbers that corrupt input
// brings.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "model/event.h"
#include "model/report.h"

namespace tcptrace::model {
namespace {

TEST(Names, StatesAreTheKernelsNumbers) {
  const char* const expected[] = {
      "UNKNOWN", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",   "TIME_WAIT",
      "CLOSE",   "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV"};
  for (std::size_t number = 0; number < std::size(expected); ++number) {
    EXPECT_EQ(expected[number], state_name(static_cast<TcpState>(number)));
  }
}

TEST(Names, ANumberOutOfRangeHasAName) {
  EXPECT_EQ("UNKNOWN", state_name(static_cast<TcpState>(255)));
  EXPECT_EQ("unknown", role_name(static_cast<Role>(255)));
  EXPECT_EQ("unknown", family_name(static_cast<Family>(255)));
  EXPECT_EQ("unknown", owner_source_name(static_cast<OwnerSource>(255)));
  EXPECT_EQ("unknown", retransmit_type_name(static_cast<RetransmitType>(255)));
  EXPECT_EQ("unknown", reset_origin_name(static_cast<ResetOrigin>(255)));
  EXPECT_EQ("unknown", event_type_name(static_cast<EventKind>(255)));
  EXPECT_EQ("unknown", attach_family_name(static_cast<AttachFamily>(255)));
}

TEST(Names, RetransmitTypesAreDistinct) {
  std::set<std::string_view> names;
  for (std::uint8_t number = 0; number <= 6; ++number) {
    names.insert(retransmit_type_name(static_cast<RetransmitType>(number)));
  }
  EXPECT_EQ(
      (std::set<std::string_view>{"unknown", "rto", "fast", "tlp", "syn", "synack", "slow_start"}),
      names);
}

TEST(Names, BothDirectionsAreResets) {
  EXPECT_EQ("reset", event_type_name(EventKind::kResetSent));
  EXPECT_EQ("reset", event_type_name(EventKind::kResetReceived));
  EXPECT_EQ("retransmit", event_type_name(EventKind::kRetransmit));
}

TEST(Names, Errnos) {
  EXPECT_EQ("ECONNRESET", errno_name(104));
  EXPECT_EQ("EPIPE", errno_name(32));
  EXPECT_EQ("", errno_name(0));
  EXPECT_EQ("", errno_name(524));  // ENOTSUPP, the kernel's own
  EXPECT_EQ("", errno_name(4294967295));
}

}  // namespace
}  // namespace tcptrace::model
