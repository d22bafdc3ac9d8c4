// SPDX-License-Identifier: GPL-2.0
#include "sink/sink.h"

#include <cerrno>

namespace tcptrace::sink {

Result<void> write_out(Sink& sink, std::string_view lines) {
  auto written = sink.write(lines);
  return written ? sink.flush() : written;
}

bool output_closed(const Error& error) { return error.errno_code == EPIPE; }

bool output_interrupted(const Error& error) { return error.errno_code == EINTR; }

}  // namespace tcptrace::sink
