// SPDX-License-Identifier: GPL-2.0
// Owning pointers for what libbpf hands out.
#pragma once

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <memory>

struct tcptrace_bpf;  // the skeleton

namespace tcptrace::kernel {

template <auto Function>
struct Deleter {
  template <typename T>
  void operator()(T* pointer) const {
    Function(pointer);
  }
};

struct SkeletonDeleter {
  void operator()(tcptrace_bpf* skeleton) const;
};

using SkeletonPtr = std::unique_ptr<tcptrace_bpf, SkeletonDeleter>;
using BtfPtr = std::unique_ptr<btf, Deleter<btf__free>>;
using LinkPtr = std::unique_ptr<bpf_link, Deleter<bpf_link__destroy>>;
using RingBufferPtr = std::unique_ptr<ring_buffer, Deleter<ring_buffer__free>>;

}  // namespace tcptrace::kernel
