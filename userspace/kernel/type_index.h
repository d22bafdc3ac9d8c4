// SPDX-License-Identifier: GPL-2.0
// The kernel's functions and tracepoints by name: btf__find_by_name_kind() walks all types for each
// name, and we ask for some eighty of them before the first hook is attached.
#pragma once

#include <bpf/btf.h>

#include <string_view>
#include <unordered_map>

namespace tcptrace::kernel {

class TypeIndex {
 public:
  // Keeps a pointer to `types` and to its strings.
  explicit TypeIndex(const btf* types);

  [[nodiscard]] const btf* types() const { return types_; }

  // BTF ids, 0: there is none. A tracepoint's is that of its typedef btf_trace_NAME.
  [[nodiscard]] __u32 function_id(std::string_view name) const;
  [[nodiscard]] __u32 tracepoint_id(std::string_view name) const;

  // Null: there is none. A tracepoint's prototype begins with the void pointer of its callback,
  // which a program does not see.
  [[nodiscard]] const btf_type* function_prototype(std::string_view name) const;
  [[nodiscard]] const btf_type* tracepoint_prototype(std::string_view name) const;

 private:
  using Ids = std::unordered_map<std::string_view, __u32>;

  const btf* types_;
  Ids functions_;
  Ids tracepoints_;
};

}  // namespace tcptrace::kernel
