// SPDX-License-Identifier: GPL-2.0
#include "model/socket.h"

namespace tcptrace::model {

std::string_view socket_source_name(SocketSource source) {
  switch (source) {
    case SocketSource::kIter:
      return "iter";
    case SocketSource::kNetlink:
      return "netlink";
  }
  return "";
}

std::string_view socket_timer_name(SocketTimer timer) {
  switch (timer) {
    case SocketTimer::kNone:
      return "";
    case SocketTimer::kRetransmit:
      return "retransmit";
    case SocketTimer::kKeepalive:
      return "keepalive";
    case SocketTimer::kTimeWait:
      return "time_wait";
    case SocketTimer::kProbe:
      return "zero_window_probe";
  }
  return "";
}

}  // namespace tcptrace::model
