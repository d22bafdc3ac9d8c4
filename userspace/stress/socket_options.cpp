// SPDX-License-Identifier: GPL-2.0
#include "stress/socket_options.h"

#include <sys/socket.h>

#include <cerrno>

namespace tcptrace::stress {

bool abort_on_close(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  return ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0;
}

int pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace tcptrace::stress
