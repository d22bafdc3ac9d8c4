// SPDX-License-Identifier: GPL-2.0
// What happened to a connection, as plain data. Knows nobody but base: neither the wire format it
// came from nor the text it becomes.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/sample.h"
#include "model/tcp_state.h"
#include "model/tuple.h"
#include "model/verdict.h"

namespace tcptrace::model {

struct Connection {
  std::uint64_t cookie = 0;  // 0: a reply without a socket
  std::uint32_t netns = 0;   // inode number
  Family family = Family::kIpv4;
  bool v4_mapped = false;  // IPv4 over an AF_INET6 socket; family says kIpv4
  bool synthetic_cookie = false;
  Role role = Role::kUnknown;
  TcpState state = TcpState::kUnknown;      // before the event; for a state change, the new one
  TcpState old_state = TcpState::kUnknown;  // state, connect, close: the state left
  Address local;
  Address peer;
  std::uint16_t local_port = 0;
  std::uint16_t peer_port = 0;
  std::optional<std::chrono::nanoseconds> age;
  bool age_is_lower_bound = false;  // it existed before the trace began
};

enum class OwnerSource : std::uint8_t {
  kNone,
  kAccept,
  kConnect,
  kOperation,
  kSeed,
  kListener,
  kClosed,
};

// Where a cgroup belongs: shared by every process in it, filled by host/.
struct Cgroup {
  std::string path;       // as below the cgroup mount: "/system.slice/api.service"
  std::string container;  // full id, empty outside containers
  std::string runtime;    // "docker", "containerd", "crio", "podman", ""
};

struct Process {
  std::uint32_t pid = 0;  // 0: unknown
  std::uint32_t tid = 0;
  std::uint32_t uid = 0;
  OwnerSource source = OwnerSource::kNone;
  std::uint64_t cgroup_id = 0;
  std::array<char, 16> comm{};           // zero-terminated
  std::shared_ptr<const Cgroup> cgroup;  // may be null

  [[nodiscard]] std::string_view comm_view() const { return {comm.data()}; }
};

// struct tcp_info's fields (include/uapi/linux/tcp.h) with ss's neighbours, at the instant of the
// event.
struct TcpInfo {
  std::uint64_t bytes_acked, bytes_received, bytes_sent, bytes_retrans;
  std::uint32_t rtt_us, rttvar_us, min_rtt_us, rto_us;
  std::uint32_t snd_cwnd, snd_ssthresh, snd_mss, rcv_mss, snd_wnd, rcv_wnd;
  std::uint32_t unacked, sacked, lost, retrans, total_retrans, reord_seen, dsack_dups, rcv_ooopack;
  std::uint32_t segs_in, segs_out, data_segs_in, data_segs_out, delivered;
  std::uint32_t unread_bytes, unsent_bytes, unacked_bytes;
  std::uint32_t last_data_sent_ms, last_data_recv_ms, last_ack_recv_ms;
  std::uint32_t user_timeout_ms, sk_err, sk_err_soft, backlog, backlog_limit;
  std::int32_t linger2, lingertime_ms;  // lingertime_ms -1: SO_LINGER not set
  std::uint8_t ca_state, retransmits, probes, backoff, pending, shutdown;
  bool keepalive, repair;
  bool signs_md5, signs_ao;  // it has keys of TCP-MD5, of TCP-AO
};

enum class EventKind : std::uint8_t {
  kState,
  kConnect,
  kAccept,
  kClose,
  kRetransmit,  // of a SYN-ACK too: RetransmitType::kSynAck
  kResetSent,
  kResetReceived,
};
inline constexpr std::size_t kEventKinds = 7;

enum class RetransmitType : std::uint8_t { kUnknown, kRto, kFast, kTlp, kSyn, kSynAck, kSlowStart };

// This side's close() or shutdown(), before a reset.
struct Closing {
  std::chrono::nanoseconds ago{};    // before the event
  std::chrono::milliseconds idle{};  // no data either way for so long when it came
  std::uint32_t fin_seq = 0;         // the sequence number of its FIN
};

enum class ResetOrigin : std::uint8_t { kUnknown, kActive, kReply, kNetfilter };

// Who sent a reset that came, where that was on this host too.
struct ResetSender {
  std::uint64_t cookie = 0;  // of the sender's socket; 0: it had none
  std::uint32_t netns = 0;
  std::optional<Process> process{};
  Cause cause = Cause::kUnknown;  // the verdict on the reset as it was sent
  Confidence confidence = Confidence::kUnknown;
};

// The reset with which this end had ended the connection already.
struct EarlierReset {
  std::chrono::nanoseconds ago{};  // before the event
  Cause cause = Cause::kUnknown;
  Confidence confidence = Confidence::kUnknown;  // that it is the cause of the event too
  std::string_view advice{};                     // outlives the event
};

struct Event {
  EventKind kind = EventKind::kState;
  std::chrono::nanoseconds boot_time{};  // CLOCK_BOOTTIME
  Connection connection;
  std::optional<Process> owner;
  std::optional<Process> by;  // resets: the task that was operating on the socket, where one was
  std::optional<TcpInfo> info;
  bool by_exiting = false;
  bool orphan = false;          // SOCK_DEAD
  bool no_socket = false;       // a reply for a segment that belongs to no socket
  bool never_accepted = false;  // a child its listener never handed out
  bool mptcp = false;
  bool reset_sent = false;      // connect, close: a reset was already reported
  bool reset_received = false;  // connect, close: likewise
  bool ambiguous =
      false;  // reset received: settled by trace::ResetFilter before anybody else sees it

  // connect, close, reset received: positive errno; retransmit: positive errno with which the
  // attempt failed
  std::uint32_t err = 0;
  bool abandoned = false;  // connect: closed by the application while connecting
  bool icmp_seen = false;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;

  RetransmitType retransmit_type = RetransmitType::kUnknown;
  std::uint32_t segs = 0;
  std::uint32_t seq = 0;
  std::uint32_t length_bytes = 0;
  std::uint8_t attempt = 0;    // SYN-ACK: sent so often before
  std::uint8_t tcp_flags = 0;  // of the segment retransmitted

  ResetOrigin origin = ResetOrigin::kUnknown;
  TcpState socket_state = TcpState::kUnknown;  // resets: the socket's state when the hook ran
  std::string_view
      kernel_reason;  // "TCP_ABORT_ON_CLOSE"; empty: this kernel has none. Outlives the event.
  std::uint8_t trigger_flags = 0;  // the segment that was answered, or the RST that came
  std::uint8_t trigger_ttl = 0;
  std::uint32_t trigger_seq = 0;
  std::uint32_t trigger_ack = 0;
  std::uint32_t trigger_bytes = 0;
  std::uint8_t peer_ttl = 0;  // resets: of the peer's segment that ended the handshake; 0 not seen
  // Resets of which nothing else was seen: their own flags. Without ACK, trigger_ack is set too.
  std::uint8_t rst_flags = 0;
  std::optional<Closing> closing{};  // resets

  std::optional<ResetSender> sender{};    // resets received
  std::optional<EarlierReset> earlier{};  // resets sent, in reply to what came for that connection
  // Resets sent for a segment of no connection: one of this host that it may have been meant for.
  std::optional<Tuple> translated{};
  std::vector<Sample> history{};     // of what ended a connection: before it, the oldest first
  std::optional<Verdict> verdict{};  // of what went wrong, by diagnose/
};

// sk_acceptq_is_full() (include/net/sock.h): then the kernel drops SYNs and the ends of handshakes.
[[nodiscard]] constexpr bool accept_queue_full(std::uint32_t backlog, std::uint32_t limit) {
  return backlog > limit;
}

// The same two ends in the same namespace, whatever the cookie.
[[nodiscard]] bool same_ends(const Connection& a, const Connection& b);

// Resets sent in reply. Where the segment was not seen, the reset's own flags tell: one with an ACK
// answers a segment without (RFC 9293, 3.5.2).
[[nodiscard]] bool answers_syn(const Event& event);
// To a segment that found no connection, and was not to make one.
[[nodiscard]] bool answers_stranger(const Event& event);

// A reset that says nothing new: it answers what was under way when this end reset the connection.
[[nodiscard]] bool is_echo(const Event& event);

// The socket's info describes a connection: not a listener's, whose fields hold something else.
[[nodiscard]] bool describes_connection(const Event& event);
// It got beyond SYN_SENT: only then do last_data_*_ms and last_ack_recv_ms mean something, and the
// queues hold more than the SYN.
[[nodiscard]] bool was_open(const Event& event);

[[nodiscard]] std::string_view role_name(Role role);                   // "client"
[[nodiscard]] std::string_view family_name(Family family);             // "ipv4"
[[nodiscard]] std::string_view owner_source_name(OwnerSource source);  // "accept"
[[nodiscard]] std::string_view retransmit_type_name(
    RetransmitType type);  // "rto", "fast", "tlp", "syn", "synack"
[[nodiscard]] std::string_view reset_origin_name(
    ResetOrigin origin);  // "active", "reply", "netfilter"
[[nodiscard]] std::string_view event_type_name(
    EventKind kind);  // the JSON type: "reset", "retransmit" …
[[nodiscard]] std::string_view errno_name(std::uint32_t err);  // "ECONNRESET"; empty when unknown

}  // namespace tcptrace::model
