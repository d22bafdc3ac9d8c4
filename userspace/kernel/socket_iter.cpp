// SPDX-License-Identifier: GPL-2.0
#include "kernel/socket_iter.h"

#include <bpf/libbpf.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "kernel/libbpf_log.h"
#include "kernel/settings.h"
#include "tcptrace.h"
#include "tcptrace.skel.h"
#include "trace/decode.h"

namespace tcptrace::kernel {
namespace {

Error unsupported(std::string_view what, int code, std::string_view reason) {
  Error error = system_error(what, code);
  if (!reason.empty()) {
    error.what = std::string(what) + ": " + std::string(reason);
  }
  error.hint = "--source netlink does without BPF";
  error.status = ExitStatus::kUnsupported;
  return error;
}

}  // namespace

// What the iterators need of the kernel is tried out on themselves: to probe for everything that a
// trace needs takes longer than a dump. Only where they fail is it asked why.
Result<SocketIter> SocketIter::open(SocketIter iter, const model::Filter& filter,
                                    std::uint32_t states) {
  Features features;
  features.hz = read_hz();
  features.socket_cookie_helper = true;
  Result<void> opened = iter.load(filter, states, features);
  if (!opened) {
    const Result<Features> probed = probe_features();
    if (!probed) {
      return std::unexpected(probed.error());
    }
    opened = iter.load(filter, states, *probed);
  }
  if (opened) {
    opened = iter.attach();
  }
  if (!opened) {
    return std::unexpected(opened.error());
  }
  return iter;
}

Result<SocketIter> SocketIter::open(const model::Filter& filter, std::uint32_t states) {
  return open(SocketIter(true), filter, states);
}

Result<SocketIter> SocketIter::open_owners(const model::Filter& filter) {
  return open(SocketIter(false), filter, 0);
}

Result<void> SocketIter::load(const model::Filter& filter, std::uint32_t states,
                              const Features& features) {
  const LibbpfLog log;
  skeleton_.reset(tcptrace_bpf__open());
  if (!skeleton_) {
    return std::unexpected(unsupported("cannot open the BPF programs", errno, log.reason()));
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton_->obj) {
    bpf_program__set_autoload(program,
                              (lists_sockets_ && program == skeleton_->progs.list_sockets) ||
                                  program == skeleton_->progs.list_socket_owners);
  }
  // The maps of a trace are large, and none is used here.
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton_->obj) {
    bpf_map__set_autocreate(map, bpf_map__is_internal(map));
  }
  skeleton_->rodata->settings = make_settings(filter, features, {}, 0);
  skeleton_->rodata->settings.socket_states = states;
  if (const int failure = tcptrace_bpf__load(skeleton_.get()); failure != 0) {
    return std::unexpected(unsupported("cannot load the iterators", -failure, log.reason()));
  }
  return {};
}

Result<void> SocketIter::attach() {
  const LibbpfLog log;
  if (lists_sockets_) {
    sockets_.reset(bpf_program__attach_iter(skeleton_->progs.list_sockets, nullptr));
  }
  if (sockets_ || !lists_sockets_) {
    owners_.reset(bpf_program__attach_iter(skeleton_->progs.list_socket_owners, nullptr));
  }
  if (!owners_) {
    return std::unexpected(unsupported("cannot attach the iterators", errno, log.reason()));
  }
  return {};
}

Result<void> SocketIter::read_sockets(const RecordHandler& handler) const {
  return read_iterator(sockets_, sizeof(tt_socket_record), handler);
}

Result<std::uint64_t> SocketIter::read_owners(model::SocketOwners& owners) const {
  std::uint64_t undecodable = 0;
  const auto read = read_iterator(owners_, sizeof(tt_socket_owner_record),
                                  [&](std::span<const std::byte> record) {
                                    if (const auto owner = trace::decode_socket_owner(record)) {
                                      owners.add(owner->inode, owner->process);
                                    } else {
                                      ++undecodable;
                                    }
                                  });
  return read ? Result<std::uint64_t>(undecodable) : std::unexpected(read.error());
}

}  // namespace tcptrace::kernel
