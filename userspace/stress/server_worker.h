// SPDX-License-Identifier: GPL-2.0
// One thread of a server: accepts, reads, answers and closes, with one epoll instance of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "stress/http_answers.h"
#include "stress/server_connection.h"
#include "stress/server_counters.h"

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

namespace tcptrace::stress {

// What the threads of a server share.
struct ServerShared {
  explicit ServerShared(model::ServeConfig wanted)
      : config(std::move(wanted)), http(config.body_bytes) {}

  const model::ServeConfig config;
  const HttpAnswers http;
  OpenCount open;
  std::function<void(int error)> exhausted;  // once: no descriptors or no memory to accept with
  std::atomic<bool> exhausted_said = false;
};

class ServerWorker {
 public:
  ServerWorker(ServerShared& shared, std::vector<UniqueFd> listeners);
  ServerWorker(const ServerWorker&) = delete;
  ServerWorker& operator=(const ServerWorker&) = delete;
  ~ServerWorker();

  [[nodiscard]] Result<void> open();
  // Until stop(); then closes every connection.
  void run();
  void stop() const;  // from any thread
  [[nodiscard]] const ServerCounters& counters() const { return counters_; }

 private:
  struct Earlier {
    bool operator()(const ServerConnection& a, const ServerConnection& b) const {
      return a.due < b.due;
    }
  };
  using Connections = boost::intrusive::list<ServerConnection>;
  using Timers = boost::intrusive::multiset<ServerConnection, boost::intrusive::compare<Earlier>>;

  [[nodiscard]] int wait_ms() const;
  void handle(Watched& what, std::uint32_t events);
  void run_timers();

  void accept_some(const ServerListener& listener);
  void accept_failed(int error);
  void pause_accepting(std::chrono::nanoseconds time);
  void listen_again();
  void watch_listeners(std::uint32_t events);
  void welcome(UniqueFd socket);
  [[nodiscard]] bool is_to_fail();

  // Each of these may end the connection: false, and it is gone.
  bool on_event(ServerConnection& connection, std::uint32_t events);
  bool on_timer(ServerConnection& connection);
  bool receive(ServerConnection& connection);
  bool take(ServerConnection& connection, std::string_view data);
  // Sends and answers until there is nothing more to, or it has to wait.
  bool go_on(ServerConnection& connection);
  bool send_out(ServerConnection& connection);
  bool close_unread(ServerConnection& connection);

  // Over HTTP: whether a whole one has come, whose answer is in `out` now.
  [[nodiscard]] bool next_request(ServerConnection& connection);
  void count_request(ServerConnection& connection);
  void answer_http(ServerConnection& connection, const HttpRequest& request);
  [[nodiscard]] std::size_t read_limit() const;
  [[nodiscard]] Moment next_due(const ServerConnection& connection) const;
  void rearm(ServerConnection& connection);
  void watch(ServerConnection& connection);

  void end_by_peer(ServerConnection& connection);
  void end_by_us(ServerConnection& connection, model::ServeClose reason);
  void end_by_error(ServerConnection& connection, int error);
  void remove(ServerConnection& connection);
  void count_error(int error);

  ServerShared& shared_;
  const model::ServeConfig& config_;
  std::deque<ServerListener> listeners_;
  ServerCounters counters_;
  UniqueFd epoll_;
  UniqueFd stop_;
  Watched stop_event_{Watched::Kind::kStop};
  Connections connections_;
  Timers timers_;
  std::vector<char> buffer_;
  Moment now_ = Clock::now();
  Moment accept_again_ = kNever;
  double to_fail_ = 0;  // what --fail-rate has added up to
  bool stopping_ = false;
};

}  // namespace tcptrace::stress
