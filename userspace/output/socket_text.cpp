// SPDX-License-Identifier: GPL-2.0
// Sockets as a table for people: columns, widths, words. Knows no terminal.
#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/ca_state.h"
#include "output/socket.h"
#include "output/text_cell.h"
#include "output/words.h"

namespace tcptrace::output {
namespace {

using model::Socket;
using model::TcpInfo;
using model::TcpState;

struct Column {
  std::string_view title;
  bool number = false;  // aligned to the right
};

// The first one appears only where there are several namespaces.
constexpr std::array kConnectionColumns = {
    Column{"NETNS"},         Column{"PID", true},    Column{"COMM"},         Column{"STATE"},
    Column{"LOCAL"},         Column{"PEER"},         Column{"RTT", true},    Column{"CWND", true},
    Column{"RETRANS", true}, Column{"RECV-Q", true}, Column{"SEND-Q", true}, Column{"DETAIL"}};
constexpr std::array kListenerColumns = {Column{"NETNS"},         Column{"PID", true},
                                         Column{"COMM"},          Column{"LOCAL"},
                                         Column{"BACKLOG", true}, Column{"LIMIT", true}};

std::span<const Column> columns(bool listeners) {
  return listeners ? std::span<const Column>(kListenerColumns)
                   : std::span<const Column>(kConnectionColumns);
}

std::string local_of(const model::Connection& connection) {
  return model::endpoint_text(connection.family, connection.local, connection.local_port);
}

void add_timer(Clauses& clauses, const Socket& socket) {
  if (socket.timer == model::SocketTimer::kNone) {
    return;
  }
  clauses.add("{} in {}", model::socket_timer_name(socket.timer),
              human_duration(std::chrono::milliseconds(socket.timer_ms)));
  if (socket.timer_retries != 0) {
    clauses.add("#{}", socket.timer_retries);
  }
}

void add_flight(Clauses& clauses, const TcpInfo& info) {
  if (info.unacked != 0) {
    clauses.add("{} in flight", info.unacked);
  }
  if (info.lost != 0) {
    clauses.add("{} lost", info.lost);
  }
  if (info.ca_state != 0) {
    clauses.add("{}", model::ca_state_name(info.ca_state));
  }
  if (info.sk_err != 0) {
    clauses.add("{}", errno_text(info.sk_err));
  }
}

std::string detail(const Socket& socket) {
  std::string text;
  Clauses clauses(text);
  if (socket.info && socket.connection.state == TcpState::kListen) {
    clauses.add("accept queue {}/{}", socket.info->backlog, socket.info->backlog_limit);
    return text;
  }
  if (socket.info) {
    add_flight(clauses, *socket.info);
  }
  if (socket.never_accepted) {
    clauses.add("not accepted");
  }
  add_timer(clauses, socket);
  return text;
}

void add_info(Clauses& clauses, const Socket& socket) {
  const TcpInfo& info = *socket.info;
  clauses.add("rto {}", human_duration(std::chrono::microseconds(info.rto_us)));
  if (ssthresh_is_set(info)) {
    clauses.add("ssthresh {}", info.snd_ssthresh);
  }
  clauses.add("mss {}/{}", info.snd_mss, info.rcv_mss);
  clauses.add("wnd {}/{}", info.snd_wnd,
              socket.receive_window_known ? std::to_string(info.rcv_wnd) : "?");
  clauses.add("bytes {}/{}", info.bytes_sent, info.bytes_received);
  clauses.add("segs {}/{}", info.segs_out, info.segs_in);
  clauses.add("unsent {}", human_bytes(info.unsent_bytes));
  if (info.reord_seen != 0) {
    clauses.add("{} reordered", info.reord_seen);
  }
  if (socket.connection.state != TcpState::kSynSent) {
    clauses.add("idle {}",
                human_duration(std::chrono::milliseconds(std::min(
                    {info.last_data_sent_ms, info.last_data_recv_ms, info.last_ack_recv_ms}))));
  }
}

void add_owner(Clauses& clauses, const model::Process& owner) {
  if (owner.cgroup == nullptr) {
    return;
  }
  if (!owner.cgroup->path.empty()) {
    clauses.add("cgroup {}", terminal_safe(owner.cgroup->path));
  }
  if (!owner.cgroup->container.empty()) {
    clauses.add("container {}", terminal_safe(owner.cgroup->container));
  }
}

std::string verbose(const Socket& socket) {
  std::string text;
  Clauses clauses(text);
  if (socket.connection.cookie != 0) {
    clauses.add("cookie {}", socket.connection.cookie);
  }
  clauses.add("netns {}", socket.connection.netns);
  if (socket.inode != 0) {
    clauses.add("inode {}", socket.inode);
  }
  if (socket.info) {
    clauses.add("uid {}", socket.uid);
  }
  if (socket.owner) {
    add_owner(clauses, *socket.owner);
  }
  if (socket.info && socket.connection.state != TcpState::kListen) {
    add_info(clauses, socket);
  }
  return text;
}

std::string_view next_piece(std::string_view& cells) {
  const std::size_t end = cells.find('\n');
  const std::string_view piece = cells.substr(0, end);
  cells.remove_prefix(end + 1);
  return piece;
}

}  // namespace

std::string_view source_words(model::SocketSource source) {
  switch (source) {
    case model::SocketSource::kIter:
      return "a BPF iterator";
    case model::SocketSource::kNetlink:
      return "netlink (sock_diag)";
  }
  return {};
}

SocketTable::SocketTable(bool listeners, const Context& context,
                         std::function<std::string(std::uint32_t)> netns_name)
    : listeners_(listeners), context_(context), netns_name_(std::move(netns_name)) {
  static_assert(kConnectionColumns.size() <= kMaxColumns);
  std::ranges::transform(columns(listeners_), widths_.begin(),
                         [](const Column& column) { return column.title.size(); });
}

void SocketTable::cell(std::string_view text) {
  const std::string_view shown = text.empty() ? "-" : text;
  widths_[column_] = std::max(widths_[column_], display_width(shown));
  ++column_;
  cells_ += shown;
  cells_ += '\n';
}

void SocketTable::add(const Socket& socket) {
  const std::uint32_t netns = socket.connection.netns;
  if (netns != netns_ || cells_.empty()) {
    several_netns_ |= !cells_.empty();
    netns_ = netns;
    netns_text_ = terminal_safe(netns_name_(netns));
  }
  column_ = 0;
  cell(netns_text_);
  const bool owned = socket.owner && socket.owner->pid != 0;
  cell(owned ? fmt::format_int(socket.owner->pid).str() : "");
  cell(owned ? terminal_safe(socket.owner->comm_view()) : "");
  if (listeners_) {
    listener_cells(socket);
  } else {
    connection_cells(socket);
  }
  if (context_.verbose) {
    cells_ += verbose(socket);
    cells_ += '\n';
  }
}

void SocketTable::listener_cells(const Socket& socket) {
  cell(local_of(socket.connection));
  cell(socket.info ? std::to_string(socket.info->backlog) : "");
  cell(socket.info ? std::to_string(socket.info->backlog_limit) : "");
}

void SocketTable::connection_cells(const Socket& socket) {
  const model::Connection& connection = socket.connection;
  cell(model::state_name(connection.state));
  cell(local_of(connection));
  if (connection.state == TcpState::kListen) {
    cell("");
  } else {
    cell(model::endpoint_text(connection.family, connection.peer, connection.peer_port));
  }
  if (socket.info && connection.state != TcpState::kListen) {
    const TcpInfo& info = *socket.info;
    cell(info.rtt_us == 0 ? "" : human_duration(std::chrono::microseconds(info.rtt_us)));
    cell(std::to_string(info.snd_cwnd));
    cell(fmt::format("{}/{}", info.retrans, info.total_retrans));
    cell(std::to_string(info.unread_bytes));
    cell(std::to_string(info.unacked_bytes));
  } else {
    for (int i = 0; i < 5; ++i) {
      cell("");
    }
  }
  cell(detail(socket));
}

void SocketTable::append_line(std::string& out, std::string_view& cells) const {
  const std::span<const Column> all = columns(listeners_);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string_view text = next_piece(cells);
    if (i == 0 && !several_netns_) {
      continue;
    }
    const std::size_t width = display_width(text);
    if (all[i].number) {
      out.append(widths_[i] - width, ' ');
    }
    out += text;
    if (i + 1 < all.size()) {
      out.append(2 + (all[i].number ? 0 : widths_[i] - width), ' ');
    }
  }
  out += '\n';
}

void SocketTable::append_header(std::string& out) const {
  std::string titles;
  for (const Column& column : columns(listeners_)) {
    titles += column.title;
    titles += '\n';
  }
  std::string line;
  std::string_view cells(titles);
  append_line(line, cells);
  line.pop_back();
  append_colored(out, line, Color::kBold, context_);
  out += '\n';
}

void SocketTable::render(const std::function<bool(std::string_view)>& write) const {
  std::string out;
  std::string_view cells(cells_);
  bool wanted = true;
  while (wanted && !cells.empty()) {
    out.clear();
    append_line(out, cells);
    if (context_.verbose) {
      fmt::format_to(std::back_inserter(out), "    {}\n", next_piece(cells));
    }
    wanted = write(out);
  }
}

}  // namespace tcptrace::output
