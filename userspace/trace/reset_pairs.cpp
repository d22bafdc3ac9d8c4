// SPDX-License-Identifier: GPL-2.0
#include "trace/reset_pairs.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "model/tcp_flags.h"

namespace tcptrace::trace {
namespace {

using model::kAck;

constexpr std::size_t kPlaces = 4096;  // a power of two

std::uint64_t word(const model::Address& address, std::size_t offset) {
  std::uint64_t value = 0;
  std::memcpy(&value, address.bytes.data() + offset, sizeof(value));
  return value;
}

// Of the segment that `from` sends to `to`. The finaliser of MurmurHash3, over each word.
std::size_t place_of(const model::Address& from, std::uint16_t from_port, const model::Address& to,
                     std::uint16_t to_port) {
  std::uint64_t mixed = 0;
  for (const std::uint64_t part : {word(from, 0), word(from, 8), word(to, 0), word(to, 8),
                                   std::uint64_t{from_port} << 16U | std::uint64_t{to_port}}) {
    mixed = (mixed ^ part) * 0xff51afd7ed558ccdULL;
    mixed ^= mixed >> 33U;
  }
  return mixed & (kPlaces - 1);
}

// Of what its own end sends.
std::size_t sender_place(const model::Connection& c) {
  return place_of(c.local, c.local_port, c.peer, c.peer_port);
}

// Two ends of one connection, each as it sees it.
bool opposite(const model::Connection& a, const model::Connection& b) {
  return a.local_port == b.peer_port && a.peer_port == b.local_port && a.family == b.family &&
         a.local == b.peer && a.peer == b.local;
}

// A connection that is being opened goes on after the reply to a wrong segment.
bool ends_connection(const model::Event& sent) {
  switch (sent.socket_state) {
    case model::TcpState::kSynSent:
    case model::TcpState::kSynRecv:
    case model::TcpState::kNewSynRecv:
      return sent.origin == model::ResetOrigin::kActive;
    default:
      return sent.origin == model::ResetOrigin::kActive ||
             (sent.origin == model::ResetOrigin::kReply && !answers_syn(sent));
  }
}

bool follows(std::chrono::nanoseconds later, std::chrono::nanoseconds earlier) {
  return later >= earlier && later - earlier < ResetPairs::kWindow;
}

// More than any connection has under way (RFC 7323 allows 1 GiB, which nobody's buffers have).
constexpr std::int64_t kUnderWayBytes = std::int64_t{1} << 26U;

bool in_line(std::optional<std::uint32_t> a, std::optional<std::uint32_t> b) {
  if (!a || !b) {
    return true;
  }
  const auto apart = std::int64_t{static_cast<std::int32_t>(*a - *b)};
  return std::abs(apart) < kUnderWayBytes;
}

}  // namespace

ResetPairs::ResetPairs() : places_(kPlaces) {}

ResetPairs::Numbers ResetPairs::answered_by(const model::Event& sent) {
  if (sent.trigger_flags != 0) {
    return {
        .seq = sent.trigger_seq,
        .ack = (sent.trigger_flags & kAck) != 0 ? std::optional(sent.trigger_ack) : std::nullopt};
  }
  const bool only_ack = sent.rst_flags != 0 && (sent.rst_flags & kAck) == 0;
  return {.ack = only_ack ? std::optional(sent.trigger_ack) : std::nullopt};
}

ResetPairs::Same ResetPairs::same_connection(const Sent& before, const model::Event& now) {
  const std::uint64_t cookie = now.connection.cookie;
  const Numbers numbers = answered_by(now);
  if (!same_ends(before.connection, now.connection) || answers_syn(now) ||
      !in_line(before.answered.seq, numbers.seq) || !in_line(before.answered.ack, numbers.ack)) {
    return Same::kNo;
  }
  // Without one then and with one now: it was not there yet.
  if (cookie != 0) {
    return cookie == before.sender.cookie ? Same::kYes : Same::kNo;
  }
  // What the peer has had from here: another connection would have begun with another number.
  return numbers.ack && before.answered.ack == numbers.ack ? Same::kYes : Same::kPerhaps;
}

std::optional<model::EarlierReset> ResetPairs::earlier(const model::Event& reply) const {
  const Sent& before = places_[sender_place(reply.connection)];
  if (!before.ended_it || !answers_stranger(reply) || !follows(reply.boot_time, before.boot_time)) {
    return std::nullopt;
  }
  const Same is_same = same_connection(before, reply);
  if (is_same == Same::kNo) {
    return std::nullopt;
  }
  const model::Confidence known = before.sender.confidence;
  return model::EarlierReset{
      .ago = reply.boot_time - before.boot_time,
      .cause = before.sender.cause,
      .confidence = is_same == Same::kYes ? known : std::min(known, model::Confidence::kLikely),
      .advice = before.advice};
}

// What was on its way to a connection that has been reset draws a reset too, which will find
// nobody: the first is the one that ends the other end.
void ResetPairs::remember(const model::Event& sent) {
  if (is_echo(sent)) {
    return;
  }
  const model::Connection& c = sent.connection;
  Sent& place = places_[sender_place(c)];
  if (same_connection(place, sent) != Same::kNo && !place.arrived &&
      follows(sent.boot_time, place.boot_time)) {
    return;
  }
  place.boot_time = sent.boot_time;
  place.connection = c;
  place.ended_it = ends_connection(sent);
  place.answered = answered_by(sent);
  place.advice = sent.verdict ? sent.verdict->advice : std::string_view();
  place.arrived = false;
  place.sender = {
      .cookie = c.cookie,
      .netns = c.netns,
      .process = sent.owner,
      .cause = sent.verdict ? sent.verdict->cause : model::Cause::kUnknown,
      .confidence = sent.verdict ? sent.verdict->confidence : model::Confidence::kUnknown};
}

ResetPairs::Sent& ResetPairs::sent_to(const model::Connection& receiver) {
  return places_[place_of(receiver.peer, receiver.peer_port, receiver.local, receiver.local_port)];
}

void ResetPairs::settle(const model::Connection& sender, const Output& output) {
  const auto other_end = std::ranges::find_if(
      held_, [&](const model::Event& held) { return opposite(held.connection, sender); });
  if (other_end == held_.end()) {
    return;
  }
  model::Event received = std::move(*other_end);
  held_.erase(other_end);
  Sent& sent = sent_to(received.connection);
  sent.arrived = true;
  received.sender = sent.sender;
  output(std::move(received));
}

void ResetPairs::push(model::Event&& received, const Output& output) {
  Sent& sent = sent_to(received.connection);
  if (opposite(sent.connection, received.connection) &&
      follows(received.boot_time, sent.boot_time)) {
    sent.arrived = true;
    received.sender = sent.sender;
    output(std::move(received));
    return;
  }
  held_.push_back(std::move(received));
}

void ResetPairs::advance(std::chrono::nanoseconds now, const Output& output) {
  while (!held_.empty() && now - held_.front().boot_time >= kWait) {
    model::Event event = std::move(held_.front());
    held_.pop_front();
    output(std::move(event));
  }
}

void ResetPairs::flush(const Output& output) { advance(std::chrono::nanoseconds::max(), output); }

}  // namespace tcptrace::trace
