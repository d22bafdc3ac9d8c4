// SPDX-License-Identifier: GPL-2.0
// The sockets of a dump on their way from the thread that reads them to the one that takes them, in
// the order they are read. The memory of what was taken is filled again. Private to kernel/.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "model/socket.h"

namespace tcptrace::kernel {

class SocketBatches {
 public:
  // Ends the reader's part, however that comes about.
  class Finish {
   public:
    explicit Finish(SocketBatches& batches) : batches_(batches) {}
    ~Finish() { batches_.finish(); }
    Finish(const Finish&) = delete;
    Finish& operator=(const Finish&) = delete;

   private:
    SocketBatches& batches_;
  };

  // Before a dump, while nobody reads: what nobody has taken is gone.
  void start();

  // The reader's: a place for one more; what it holds is whatever was there before.
  [[nodiscard]] model::Socket& next();
  // Keeps what next() gave.
  void keep();

  // The taker's: visits every socket, and waits for those that are still to be read.
  template <typename Visit>
  void for_each(const Visit& visit) {
    while (std::unique_ptr<Batch> batch = take()) {
      for (std::size_t i = 0; i < batch->used; ++i) {
        visit(batch->sockets[i]);
      }
      give_back(std::move(batch));
    }
  }

 private:
  static constexpr std::size_t kBatch = 256;

  struct Batch {
    std::vector<model::Socket> sockets = std::vector<model::Socket>(kBatch);
    std::size_t used = 0;
  };

  void pass_on();
  void finish();
  [[nodiscard]] std::unique_ptr<Batch> take();  // null: that was the last one
  void give_back(std::unique_ptr<Batch> batch);

  std::unique_ptr<Batch> filling_;  // the reader's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Batch>> full_;
  std::vector<std::unique_ptr<Batch>> empty_;
  bool finished_ = false;
};

}  // namespace tcptrace::kernel
