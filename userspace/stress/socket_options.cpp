// SPDX-License-Identifier: GPL-2.0
#include "stress/socket_options.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace tcptrace::stress {

bool abort_on_close(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  return ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0;
}

bool try_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

std::optional<tcp_info> read_tcp_info(int fd) {
  std::optional<tcp_info> info(std::in_place);
  socklen_t size = sizeof(*info);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &*info, &size) != 0) {
    info.reset();
  }
  return info;
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace tcptrace::stress
