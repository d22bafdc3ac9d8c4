// SPDX-License-Identifier: GPL-2.0
// A load on its threads: started, watched while it runs, ended, summed up.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/load.h"
#include "stress/load_plan.h"
#include "stress/load_worker.h"

namespace tcptrace::stress {

class Load {
 public:
  // Its threads run when this returns; they inherit the network namespace and the signal mask of
  // the caller.
  [[nodiscard]] static Result<std::unique_ptr<Load>> start(LoadPlan plan);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Readable once every thread has ended.
  [[nodiscard]] int fd() const { return ended_.get(); }
  [[nodiscard]] model::LoadProgress progress() const;
  // Closes every connection that is still open. `interrupted_by` is what ended the run; empty: it
  // ended by itself.
  [[nodiscard]] model::LoadReport finish(const std::string& interrupted_by = {});

 private:
  explicit Load(LoadPlan plan) : plan_(std::move(plan)) {}
  void run(LoadWorker& worker);
  void join();

  LoadPlan plan_;
  UniqueFd ended_;
  std::chrono::nanoseconds start_{};
  std::atomic<bool> stop_ = false;
  std::atomic<std::size_t> running_ = 0;
  std::chrono::nanoseconds end_{};  // by the last thread; read when all have been joined
  std::vector<std::unique_ptr<LoadWorker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace tcptrace::stress
