// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_batches.h"

namespace tcptrace::kernel {

void SocketBatches::start() {
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<Batch>& batch : full_) {
    batch->used = 0;
    empty_.push_back(std::move(batch));
  }
  full_.clear();
  finished_ = false;
}

model::Socket& SocketBatches::next() {
  if (!filling_) {
    const std::lock_guard lock(mutex_);
    if (!empty_.empty()) {
      filling_ = std::move(empty_.back());
      empty_.pop_back();
    }
  }
  if (!filling_) {
    filling_ = std::make_unique<Batch>();
  }
  return filling_->sockets[filling_->used];
}

void SocketBatches::keep() {
  if (++filling_->used == kBatch) {
    pass_on();
  }
}

void SocketBatches::pass_on() {
  const std::lock_guard lock(mutex_);
  full_.push_back(std::move(filling_));
  changed_.notify_one();
}

void SocketBatches::finish() {
  if (filling_) {
    pass_on();
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_one();
}

std::unique_ptr<SocketBatches::Batch> SocketBatches::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return finished_ || !full_.empty(); });
  if (full_.empty()) {
    return nullptr;
  }
  std::unique_ptr<Batch> batch = std::move(full_.front());
  full_.pop_front();
  return batch;
}

void SocketBatches::give_back(std::unique_ptr<Batch> batch) {
  batch->used = 0;
  const std::lock_guard lock(mutex_);
  empty_.push_back(std::move(batch));
}

}  // namespace tcptrace::kernel
