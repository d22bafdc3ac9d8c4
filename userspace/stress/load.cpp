// SPDX-License-Identifier: GPL-2.0
#include "stress/load.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "stress/load_socket.h"

namespace tcptrace::stress {

Result<std::unique_ptr<Load>> Load::start(LoadPlan plan) {
  std::unique_ptr<Load> load(new Load(std::move(plan)));
  load->ended_.reset(::eventfd(0, EFD_CLOEXEC));
  if (!load->ended_.valid()) {
    return std::unexpected(system_error("cannot make an eventfd", errno));
  }
  for (std::uint32_t i = 0; i < load->plan_.threads; ++i) {
    auto& worker = load->workers_.emplace_back(std::make_unique<LoadWorker>(load->plan_, i));
    if (auto opened = worker->open(); !opened) {
      return std::unexpected(opened.error());
    }
  }
  // Now that there is room for every connection: to make it is not a part of the load.
  load->start_ = boot_time();
  load->running_ = load->workers_.size();
  try {
    for (const auto& worker : load->workers_) {
      load->threads_.emplace_back([&all = *load, &one = *worker] { all.run(one); });
    }
  } catch (const std::system_error& error) {
    return std::unexpected(
        system_error("cannot start a thread", error.code().value(), "give fewer --threads"));
  }
  return load;
}

Load::~Load() { join(); }

void Load::join() {
  stop_ = true;
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

void Load::run(LoadWorker& worker) {
  worker.run(start_, stop_);
  if (--running_ == 0) {
    end_ = boot_time();
    ::eventfd_write(ended_.get(), 1);
  }
}

model::LoadProgress Load::progress() const {
  model::LoadProgress progress;
  progress.elapsed = boot_time() - start_;
  LatencyHistogram connect;
  for (const auto& worker : workers_) {
    const LoadState state = worker->state();
    progress.counts += state.counts;
    progress.in_flight += state.in_flight;
    connect += state.connect;
  }
  progress.connect = connect.summary();
  return progress;
}

model::LoadReport Load::finish(const std::string& interrupted_by) {
  join();
  LoadTally all;
  for (const auto& worker : workers_) {
    all += worker->tally();
  }
  model::LoadReport report;
  report.boot_time = end_;
  report.duration = report.boot_time - start_;
  report.options = plan_.options;
  report.connections = plan_.connections;
  report.threads = plan_.threads;
  const std::uint64_t begun = all.counts.succeeded + all.counts.failed;
  const bool complete = plan_.options.total && begun == *plan_.options.total;
  report.ended_by = !interrupted_by.empty() ? interrupted_by : complete ? "total" : "duration";
  std::ranges::transform(plan_.routes, std::back_inserter(report.addresses),
                         [](const LoadRoute& route) { return to_text(route.peer); });
  summarize(all, report);
  return report;
}

}  // namespace tcptrace::stress
