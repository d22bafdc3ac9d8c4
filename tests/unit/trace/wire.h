// SPDX-License-Identifier: GPL-2.0
// Wire records as the BPF programs write them, for tests of what reads them.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstring>
#include <span>

#include "tcptrace.h"

namespace tcptrace::trace {

inline tt_common& common_of(tt_common& record) { return record; }
template <typename Record>
tt_common& common_of(Record& record) {
  return record.common;
}

// A record of `kind` with everything that decoding checks in order.
template <typename Record>
Record make_record(tt_kind kind) {
  Record record{};
  tt_common& common = common_of(record);
  common.header.kind = static_cast<__u16>(kind);
  common.header.size = sizeof(Record);
  common.header.flags = TT_F_OWNER;
  common.header.timestamp_ns = 5'000'000'000;
  common.connection.cookie = 8193;
  common.connection.netns = 4026531840;
  common.connection.family = AF_INET;
  common.connection.state = 1;
  common.connection.role = TT_ROLE_SERVER;
  common.connection.local_port = 8080;
  common.connection.peer_port = 41822;
  common.connection.local_addr[0] = 10;
  common.connection.local_addr[3] = 5;
  common.connection.peer_addr[0] = 10;
  common.connection.peer_addr[3] = 9;
  common.owner.pid = 812;
  common.owner.tid = 812;
  common.owner.uid = 1000;
  common.owner.source = TT_OWNER_ACCEPT;
  std::strcpy(common.owner.comm, "api");
  return record;
}

template <typename Record>
std::span<const std::byte> bytes_of(const Record& record) {
  return std::as_bytes(std::span(&record, 1));
}

}  // namespace tcptrace::trace
