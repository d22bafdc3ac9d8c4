// SPDX-License-Identifier: GPL-2.0
#include "stress/server.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include "stress/listener.h"
#include "stress/server_worker.h"

namespace tcptrace::stress {

struct Server::State {
  explicit State(const model::ServeConfig& config) : shared(config) {}

  ServerShared shared;
  std::vector<model::ListenAddress> addresses;
  std::vector<std::unique_ptr<ServerWorker>> workers;
  std::vector<std::thread> threads;
};

namespace {

void add(model::ServeCounts& counts, const ServerCounters& of_thread) {
  counts.accepted += of_thread.accepted.get();
  counts.closed_by_peer += of_thread.closed_by_peer.get();
  counts.resets_received += of_thread.resets_received.get();
  counts.failed += of_thread.failed.get();
  counts.resets_sent += of_thread.resets_sent.get();
  counts.requests += of_thread.requests.get();
  counts.bad_requests += of_thread.bad_requests.get();
  counts.bytes_received += of_thread.bytes_received.get();
  counts.bytes_sent += of_thread.bytes_sent.get();
  counts.accept_pauses += of_thread.accept_pauses.get();
  for (std::size_t i = 0; i < counts.closed_by_us.size(); ++i) {
    counts.closed_by_us[i] += of_thread.closed_by_us[i].get();
  }
}

}  // namespace

Result<Server> Server::start(const model::ServeConfig& config,
                             std::function<void(int error)> exhausted) {
  auto listeners = open_listeners(config);
  if (!listeners) {
    return std::unexpected(listeners.error());
  }
  auto state = std::make_unique<State>(config);
  state->shared.exhausted = std::move(exhausted);
  state->addresses = std::move(listeners->addresses);
  for (std::vector<UniqueFd>& own : listeners->threads) {
    auto worker = std::make_unique<ServerWorker>(state->shared, std::move(own));
    if (auto opened = worker->open(); !opened) {
      return std::unexpected(opened.error());
    }
    state->workers.push_back(std::move(worker));
  }
  Server server(std::move(state));
  try {
    for (const auto& worker : server.state_->workers) {
      server.state_->threads.emplace_back([&worker = *worker] { worker.run(); });
    }
  } catch (const std::system_error& error) {
    return std::unexpected(
        system_error("cannot start a thread", error.code().value(), "give fewer --threads"));
  }
  return server;
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;

Server::~Server() {
  if (state_) {
    stop();
  }
}

const std::vector<model::ListenAddress>& Server::addresses() const { return state_->addresses; }

model::ServeCounts Server::counts() const {
  model::ServeCounts counts;
  std::array<std::uint64_t, kErrnoLimit> errors{};
  for (const auto& worker : state_->workers) {
    add(counts, worker->counters());
    std::ranges::transform(errors, worker->counters().errors, errors.begin(),
                           [](std::uint64_t sum, const Counter& own) { return sum + own.get(); });
  }
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (errors[i] != 0) {
      counts.errors.push_back({.err = static_cast<std::uint32_t>(i), .count = errors[i]});
    }
  }
  std::ranges::stable_sort(counts.errors, std::ranges::greater(), &model::ErrnoCount::count);
  counts.open = state_->shared.open.now();
  counts.max_open = state_->shared.open.max();
  return counts;
}

void Server::stop() {
  for (const auto& worker : state_->workers) {
    worker->stop();
  }
  for (std::thread& thread : state_->threads) {
    thread.join();
  }
  state_->threads.clear();
}

}  // namespace tcptrace::stress
