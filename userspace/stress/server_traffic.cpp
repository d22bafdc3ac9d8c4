// SPDX-License-Identifier: GPL-2.0
// What a server's thread reads from its connections and answers.
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "stress/server_worker.h"
#include "stress/socket_options.h"

namespace tcptrace::stress {
namespace {

// A slow reader reads as often as this in a second, so that its window moves in steps that the
// peer sees as one rate.
constexpr std::uint32_t kReadsPerSecond = 10;

}  // namespace

bool ServerWorker::on_event(ServerConnection& connection, std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    if (const int error = pending_error(connection.fd.get()); error != 0) {
      end_by_error(connection, error);
    } else {
      end_by_peer(connection);
    }
    return false;
  }
  bool alive = true;
  if ((events & EPOLLOUT) != 0) {
    alive = go_on(connection);
  } else if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) {
    alive = config_.close_unread ? close_unread(connection) : receive(connection);
  }
  if (alive) {
    watch(connection);
    rearm(connection);
  }
  return alive;
}

bool ServerWorker::on_timer(ServerConnection& connection) {
  if (connection.resume <= now_) {
    connection.resume = kNever;
  }
  if (connection.answer_at <= now_) {
    connection.answer_at = kNever;
    if (!go_on(connection)) {
      return false;
    }
  } else if (config_.idle_timeout && !connection.delayed() &&
             connection.last_data + *config_.idle_timeout <= now_) {
    end_by_us(connection, model::ServeClose::kIdle);
    return false;
  }
  watch(connection);
  return true;
}

bool ServerWorker::close_unread(ServerConnection& connection) {
  int unread = 0;
  if (::ioctl(connection.fd.get(), SIOCINQ, &unread) == 0 && unread == 0) {
    end_by_peer(connection);
  } else {
    end_by_us(connection, model::ServeClose::kUnread);
  }
  return false;
}

std::size_t ServerWorker::read_limit() const {
  if (config_.read_rate == 0) {
    return buffer_.size();
  }
  return std::clamp<std::size_t>(config_.read_rate / kReadsPerSecond, 1, buffer_.size());
}

bool ServerWorker::receive(ServerConnection& connection) {
  // MSG_TRUNC on TCP (tcp(7)): the kernel drops the data and copies nothing.
  const int flags = config_.mode == model::ServeMode::kDiscard ? MSG_TRUNC : 0;
  const ssize_t size = ::recv(connection.fd.get(), buffer_.data(), read_limit(), flags);
  if (size < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      return true;
    }
    end_by_error(connection, errno);
    return false;
  }
  if (size == 0) {
    end_by_peer(connection);
    return false;
  }
  const auto bytes = static_cast<std::size_t>(size);
  counters_.bytes_received.add(bytes);
  connection.last_data = now_;
  if (config_.read_rate != 0) {
    const std::chrono::duration<double> cost(static_cast<double>(bytes) / config_.read_rate);
    connection.resume = now_ + std::chrono::duration_cast<std::chrono::nanoseconds>(cost);
  }
  return take(connection, {buffer_.data(), bytes});
}

bool ServerWorker::take(ServerConnection& connection, std::string_view data) {
  if (config_.mode == model::ServeMode::kHttp) {
    connection.in.append(data);
    return go_on(connection);
  }
  count_request(connection);
  if (config_.mode == model::ServeMode::kEcho) {
    connection.out = data;
    if (config_.respond_delay) {
      connection.answer_at = now_ + *config_.respond_delay;
    }
  }
  if (!go_on(connection)) {
    return false;
  }
  // The buffer is for the next connection.
  if (!connection.out.empty()) {
    connection.kept.assign(connection.out);
    connection.out = connection.kept;
  }
  return true;
}

void ServerWorker::count_request(ServerConnection& connection) {
  counters_.requests.add();
  if (++connection.requests == config_.close_after) {
    connection.close_when_sent = model::ServeClose::kCloseAfter;
  }
}

bool ServerWorker::go_on(ServerConnection& connection) {
  while (!connection.delayed()) {
    if (!send_out(connection)) {
      return false;
    }
    if (!connection.out.empty()) {
      return true;
    }
    if (connection.close_when_sent) {
      end_by_us(connection, *connection.close_when_sent);
      return false;
    }
    if (!next_request(connection)) {
      return true;
    }
  }
  return true;
}

bool ServerWorker::send_out(ServerConnection& connection) {
  while (!connection.out.empty()) {
    const ssize_t sent =
        ::send(connection.fd.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR) {
        return true;
      }
      end_by_error(connection, errno);
      return false;
    }
    connection.out.remove_prefix(static_cast<std::size_t>(sent));
    counters_.bytes_sent.add(static_cast<std::uint64_t>(sent));
    connection.last_data = now_;
  }
  return true;
}

bool ServerWorker::next_request(ServerConnection& connection) {
  if (config_.mode != model::ServeMode::kHttp) {
    return false;
  }
  std::string_view text = std::string_view(connection.in).substr(connection.in_done);
  const std::size_t of_body = std::min<std::size_t>(connection.body_left, text.size());
  connection.body_left -= of_body;
  text.remove_prefix(of_body);
  const HttpRequest request = parse_http_request(text);
  if (request.result == HttpParse::kIncomplete) {
    connection.in.erase(0, connection.in.size() - text.size());
    connection.in_done = 0;
    return false;
  }
  connection.in_done += of_body + request.size;
  connection.body_left = request.body_bytes;
  answer_http(connection, request);
  return true;
}

void ServerWorker::answer_http(ServerConnection& connection, const HttpRequest& request) {
  count_request(connection);
  if (request.result != HttpParse::kRequest) {
    counters_.bad_requests.add();
    connection.close_when_sent = model::ServeClose::kBadRequest;
  } else if (!request.keep_alive && !connection.close_when_sent) {
    connection.close_when_sent = model::ServeClose::kAsked;
  }
  connection.out = shared_.http.of(request, connection.close_when_sent.has_value());
  if (config_.respond_delay) {
    connection.answer_at = now_ + *config_.respond_delay;
  }
}

}  // namespace tcptrace::stress
