// SPDX-License-Identifier: GPL-2.0
// All TCP sockets of this host, again and again: an iterator covers the network namespace in which
// it was opened, so every one is entered. Finds neither namespaces nor processes itself: whoever
// wants a dump knows them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "kernel/socket_batches.h"
#include "kernel/socket_iter.h"
#include "kernel/socket_namespaces.h"
#include "model/filter.h"
#include "model/socket.h"
#include "model/socket_owners.h"

namespace tcptrace::kernel {

inline constexpr std::uint32_t kAllSocketStates = 0x1fff;  // bit (1 << model::TcpState)

struct DumpOptions {
  model::Filter filter;  // which events does not matter
  std::uint32_t states = kAllSocketStates;
  std::optional<model::SocketSource> source;  // empty: the iterator where it loads, else netlink
  // For netlink: who holds which socket, of the processes that the filter means; what it returns is
  // how many processes could not be looked at.
  std::function<std::uint64_t(model::SocketOwners&)> read_owners;
};

// A dump reads who holds which socket, or takes what one before it has read: reading the file
// tables of all processes is half of the work.
enum class DumpOwners : std::uint8_t { kRead, kKeep };

struct DumpReport {
  std::uint64_t sockets = 0;     // handed out
  std::uint64_t namespaces = 0;  // read
  std::vector<UnreadNamespace> unread;
  std::uint64_t undecodable = 0;           // records or messages that are none
  std::uint64_t unread_processes = 0;      // whose files could not be looked at
  std::optional<Error> owners_unreadable;  // nobody's sockets have an owner
  bool interrupted = false;                // netlink: what was listed changed meanwhile
};

// What either could not read; of processes, which are mostly the same, the larger number.
void add_shortfalls(DumpReport& to, const DumpReport& more);

// Who holds which socket: by an iterator, or by `otherwise` (see DumpOptions) where there is none.
void read_owners_by(const SocketIter* iter,
                    const std::function<std::uint64_t(model::SocketOwners&)>& otherwise,
                    model::SocketOwners& owners, DumpReport& report);

class SocketDump {
 public:
  using Handler = std::function<void(const model::Socket&)>;

  [[nodiscard]] static Result<SocketDump> open(DumpOptions options);

  [[nodiscard]] model::SocketSource source() const {
    return iter_ ? model::SocketSource::kIter : model::SocketSource::kNetlink;
  }
  // Why it is not the iterator, if that was not asked for.
  [[nodiscard]] const std::optional<Error>& setback() const { return setback_; }

  // Hands out every socket that matches, while others are still being read. Fails if a condition
  // asks for processes and these cannot be read. `name_process`, if there is one, may complete each
  // owner, once.
  [[nodiscard]] Result<DumpReport> dump(
      std::span<const SocketNamespace> namespaces, const Handler& handler,
      const std::function<void(model::Process&)>& name_process = {},
      DumpOwners owners = DumpOwners::kRead);

 private:
  explicit SocketDump(DumpOptions options);

  void read_namespaces(std::span<const SocketNamespace> namespaces, DumpReport& report);
  [[nodiscard]] Result<void> read_namespace(std::uint32_t inode, DumpReport& report);
  [[nodiscard]] Result<void> read_by_iter(DumpReport& report);
  [[nodiscard]] Result<void> read_by_netlink(std::uint32_t inode, DumpReport& report);
  void read_owners(DumpReport& report);
  [[nodiscard]] Result<void> read_named_owners(
      DumpReport& report, const std::function<void(model::Process&)>& name_process);
  [[nodiscard]] std::uint64_t hand_out(const Handler& handler);

  DumpOptions options_;
  model::Filter connection_filter_;  // without what is asked of processes
  std::optional<SocketIter> iter_;
  std::optional<Error> setback_;
  std::unique_ptr<SocketBatches> sockets_ = std::make_unique<SocketBatches>();
  model::SocketOwners owners_;
};

}  // namespace tcptrace::kernel
