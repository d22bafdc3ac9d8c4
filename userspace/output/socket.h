// SPDX-License-Identifier: GPL-2.0
// The sockets of a snapshot, as JSON Lines and as a table. Value in, text out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "model/socket.h"
#include "output/context.h"

namespace tcptrace::output {

// "a BPF iterator", "netlink (sock_diag)"
[[nodiscard]] std::string_view source_words(model::SocketSource source);

// One line of type `sample`, '\n' included. `out` keeps its capacity, so reuse it.
void append_sample_json(std::string& out, const model::Socket& socket, const Context& context);

// A table whose columns are as wide as what is in them: it is rendered when all of it is there.
class SocketTable {
 public:
  // `listeners`: the columns of listening sockets, which have a queue and no path. `netns_name`
  // names a network namespace, for the column that appears where there are several.
  SocketTable(bool listeners, const Context& context,
              std::function<std::string(std::uint32_t)> netns_name);

  void add(const model::Socket& socket);

  void append_header(std::string& out) const;

  // Calls `write` with pieces of whole lines until it returns false.
  void render(const std::function<bool(std::string_view)>& write) const;

 private:
  static constexpr std::size_t kMaxColumns = 12;

  void cell(std::string_view text);
  void connection_cells(const model::Socket& socket);
  void listener_cells(const model::Socket& socket);
  void append_line(std::string& out, std::string_view& cells) const;

  bool listeners_;
  const Context& context_;
  std::function<std::string(std::uint32_t)> netns_name_;
  std::array<std::size_t, kMaxColumns> widths_{};
  // Of every row its cells and, with -v, its second line, each ended by '\n'.
  std::string cells_;
  std::size_t column_ = 0;
  std::uint32_t netns_ = 0;  // of the row before, and its name
  std::string netns_text_;
  bool several_netns_ = false;
};

}  // namespace tcptrace::output
