// SPDX-License-Identifier: GPL-2.0
#include "kernel/iterator.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/unique_fd.h"

namespace tcptrace::kernel {

// The output is whole records as long as the place for it is not smaller than the kernel's own
// buffer of eight pages (bpf_seq_read() in kernel/bpf/bpf_iter.c).
Result<void> read_iterator(const LinkPtr& link, std::size_t record_size,
                           const RecordHandler& handler) {
  const UniqueFd iterator(bpf_iter_create(bpf_link__fd(link.get())));
  if (!iterator.valid()) {
    return std::unexpected(system_error("cannot open the iterator", errno));
  }
  std::vector<std::byte> buffer(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) * 8);
  for (;;) {
    const ssize_t size = ::read(iterator.get(), buffer.data(), buffer.size());
    if (size == 0) {
      return {};
    }
    if (size < 0) {
      // EAGAIN: a million objects in a row of which none was to be shown.
      if (errno == EINTR || errno == EAGAIN) {
        continue;
      }
      return std::unexpected(system_error("cannot read the iterator", errno));
    }
    std::span<const std::byte> bytes(buffer.data(), static_cast<std::size_t>(size));
    while (!bytes.empty()) {
      const std::size_t length = std::min(record_size, bytes.size());
      handler(bytes.first(length));
      bytes = bytes.subspan(length);
    }
  }
}

}  // namespace tcptrace::kernel
