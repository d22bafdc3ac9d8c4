// SPDX-License-Identifier: GPL-2.0
// A socket of a snapshot as JSON. The hot path of a dump: no DOM, no allocation once `out` has its
// capacity.
#include "output/json_record.h"
#include "output/socket.h"

namespace tcptrace::output {
namespace {

using model::Socket;
using model::TcpState;

InfoScope scope_of(const Socket& socket) {
  const TcpState state = socket.connection.state;
  return {.connection = state != TcpState::kListen,
          .opened = state != TcpState::kListen && state != TcpState::kSynSent,
          .receive_window = socket.receive_window_known};
}

void write_sample_connection(JsonWriter& json, const Socket& socket) {
  open_connection(json, socket.connection);
  if (socket.info && scope_of(socket).opened) {
    json.number<"idle_rx_ms">(socket.info->last_data_recv_ms);
    json.number<"idle_tx_ms">(socket.info->last_data_sent_ms);
  }
  json.flag<"orphan">(socket.orphan);
  json.flag<"never_accepted">(socket.never_accepted);
  json.flag<"mptcp">(socket.mptcp);
  json.close_object();
}

void write_socket(JsonWriter& json, const Socket& socket) {
  json.object<"socket">();
  json.word<"source">(model::socket_source_name(socket.source));
  json.number_unless_zero<"inode">(socket.inode);
  if (socket.info) {
    json.number<"uid">(socket.uid);
  }
  if (socket.timer != model::SocketTimer::kNone) {
    json.word<"timer">(model::socket_timer_name(socket.timer));
    json.number<"timer_ms">(socket.timer_ms);
    json.number_unless_zero<"timer_retries">(socket.timer_retries);
  }
  json.close_object();
}

}  // namespace

void append_sample_json(std::string& out, const Socket& socket, const Context& context) {
  JsonWriter json(out);
  write_head(json, "sample", socket.boot_time, context);
  write_sample_connection(json, socket);
  if (socket.owner) {
    write_process(json, *socket.owner);
  }
  write_socket(json, socket);
  if (socket.info) {
    write_tcp_info(json, *socket.info, scope_of(socket));
  }
  json.close_object();
  json.end_line();
}

}  // namespace tcptrace::output
