// SPDX-License-Identifier: GPL-2.0
// A TCP server for the other end of a test: echo, discard or HTTP, with faults on demand.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "model/serve.h"

namespace tcptrace::stress {

class Server {
 public:
  // Listens and serves until stop(). `exhausted` is called once, by a thread of the server, when
  // there are no descriptors or memory left to accept with.
  [[nodiscard]] static Result<Server> start(const model::ServeConfig& config,
                                            std::function<void(int error)> exhausted);
  Server(Server&&) noexcept;
  Server& operator=(Server&&) = delete;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  [[nodiscard]] const std::vector<model::ListenAddress>& addresses() const;
  // So far; the threads go on counting meanwhile.
  [[nodiscard]] model::ServeCounts counts() const;
  // Closes everything.
  void stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tcptrace::stress
