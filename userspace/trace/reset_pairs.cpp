// SPDX-License-Identifier: GPL-2.0
#include "trace/reset_pairs.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace tcptrace::trace {
namespace {

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

// Two ends of one connection, each as it sees it.
bool opposite(const model::Connection& a, const model::Connection& b) {
  return a.local_port == b.peer_port && a.peer_port == b.local_port && a.family == b.family &&
         a.local == b.peer && a.peer == b.local;
}

}  // namespace

ResetPairs::ResetPairs() : places_(kPlaces) {}

void ResetPairs::remember(const model::Event& sent) {
  const model::Connection& c = sent.connection;
  Sent& place = places_[place_of(c.local, c.local_port, c.peer, c.peer_port)];
  place.boot_time = sent.boot_time;
  place.connection = c;
  place.sender = {
      .cookie = c.cookie,
      .netns = c.netns,
      .process = sent.owner,
      .cause = sent.verdict ? sent.verdict->cause : model::Cause::kUnknown,
      .confidence = sent.verdict ? sent.verdict->confidence : model::Confidence::kUnknown};
}

const ResetPairs::Sent& ResetPairs::sent_to(const model::Connection& receiver) const {
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
  received.sender = sent_to(received.connection).sender;
  output(std::move(received));
}

void ResetPairs::push(model::Event&& received, const Output& output) {
  const Sent& sent = sent_to(received.connection);
  if (opposite(sent.connection, received.connection) && received.boot_time >= sent.boot_time &&
      received.boot_time - sent.boot_time < kWindow) {
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
