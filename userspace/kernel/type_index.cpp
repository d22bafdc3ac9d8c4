// SPDX-License-Identifier: GPL-2.0
#include "kernel/type_index.h"

namespace tcptrace::kernel {
namespace {

// typedef void (*btf_trace_NAME)(void *, ...)
constexpr std::string_view kTracepointPrefix = "btf_trace_";
constexpr std::size_t kUsualFunctions = 1U << 16;

__u32 find(const std::unordered_map<std::string_view, __u32>& ids, std::string_view name) {
  const auto found = ids.find(name);
  return found == ids.end() ? 0 : found->second;
}

}  // namespace

TypeIndex::TypeIndex(const btf* types) : types_(types) {
  functions_.reserve(kUsualFunctions);
  const __u32 count = btf__type_cnt(types);
  for (__u32 id = 1; id < count; ++id) {
    const btf_type* type = btf__type_by_id(types, id);
    if (btf_is_func(type)) {
      functions_.try_emplace(btf__name_by_offset(types, type->name_off), id);
    } else if (btf_is_typedef(type)) {
      const std::string_view name = btf__name_by_offset(types, type->name_off);
      if (name.starts_with(kTracepointPrefix)) {
        tracepoints_.try_emplace(name.substr(kTracepointPrefix.size()), id);
      }
    }
  }
}

__u32 TypeIndex::function_id(std::string_view name) const { return find(functions_, name); }

__u32 TypeIndex::tracepoint_id(std::string_view name) const { return find(tracepoints_, name); }

const btf_type* TypeIndex::function_prototype(std::string_view name) const {
  const __u32 id = function_id(name);
  return id == 0 ? nullptr : btf__type_by_id(types_, btf__type_by_id(types_, id)->type);
}

const btf_type* TypeIndex::tracepoint_prototype(std::string_view name) const {
  const __u32 id = tracepoint_id(name);
  if (id == 0) {
    return nullptr;
  }
  const btf_type* pointer = btf__type_by_id(types_, btf__type_by_id(types_, id)->type);
  return btf__type_by_id(types_, pointer->type);
}

}  // namespace tcptrace::kernel
