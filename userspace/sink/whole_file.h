// SPDX-License-Identifier: GPL-2.0
// A file that is replaced only by a complete one: whoever reads it sees the old or the new.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tcptrace::sink {

// Whether write_whole_file() has a chance, before there is anything to write.
[[nodiscard]] Result<void> check_whole_file(const std::string& path);

// By replace_file(): of a symbolic link, what it points to. What is no regular file, such as a
// FIFO, is written to, and so is /dev/stdout, whatever it is, where it stands; likewise what cannot
// be replaced but written, such as a file that is mounted by itself. `interrupt_fd`:
// sink/fd_sink.h.
[[nodiscard]] Result<void> write_whole_file(const std::string& path, std::string_view bytes,
                                            int interrupt_fd = -1);

}  // namespace tcptrace::sink
