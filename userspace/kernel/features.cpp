// SPDX-License-Identifier: GPL-2.0
#include "kernel/features.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string_view>

#include "base/unique_fd.h"
#include "kernel/handles.h"
#include "kernel/preemption.h"
#include "kernel/tracefs.h"
#include "kernel/type_index.h"

namespace tcptrace::kernel {
namespace {

bool path_exists(const char* path) {
  struct stat status {};
  return ::stat(path, &status) == 0;
}

// Position of the first parameter that `wanted` accepts, in a function or tracepoint prototype; -1:
// none, or no such prototype. A tracepoint's begins with the void pointer of its callback, which
// the program does not see.
template <typename Predicate>
std::int8_t parameter_position(const btf* types, const btf_type* prototype, int skipped,
                               Predicate wanted) {
  const int count = prototype == nullptr ? 0 : btf_vlen(prototype);
  for (int i = skipped; i < count; ++i) {
    if (wanted(types, btf_params(prototype)[i].type)) {
      return static_cast<std::int8_t>(i - skipped);
    }
  }
  return -1;
}

const btf_type* without_modifiers(const btf* types, __u32 id) {
  const btf_type* type = btf__type_by_id(types, id);
  while (btf_is_mod(type) || btf_is_typedef(type)) {
    type = btf__type_by_id(types, type->type);
  }
  return type;
}

bool is_named(const btf* types, const btf_type* type, std::string_view name) {
  return btf__name_by_offset(types, type->name_off) == name;
}

bool is_reset_reason(const btf* types, __u32 id) {
  const btf_type* type = without_modifiers(types, id);
  return btf_is_any_enum(type) && is_named(types, type, "sk_rst_reason");
}

bool is_skb_pointer(const btf* types, __u32 id) {
  const btf_type* type = without_modifiers(types, id);
  if (!btf_is_ptr(type)) {
    return false;
  }
  type = without_modifiers(types, type->type);
  return btf_is_struct(type) && is_named(types, type, "sk_buff");
}

bool is_int(const btf* types, __u32 id) { return btf_is_int(without_modifiers(types, id)); }

template <typename Predicate>
std::int8_t function_argument(const TypeIndex& index, const char* name, Predicate wanted) {
  return parameter_position(index.types(), index.function_prototype(name), 0, wanted);
}

template <typename Predicate>
std::int8_t tracepoint_argument(const TypeIndex& index, const char* name, Predicate wanted) {
  return parameter_position(index.types(), index.tracepoint_prototype(name), 1, wanted);
}

ArgumentPositions find_arguments(const TypeIndex& index) {
  ArgumentPositions found;
  found.tp_reset_reason = tracepoint_argument(index, "tcp_send_reset", is_reset_reason);
  found.active_reset_reason = function_argument(index, "tcp_send_active_reset", is_reset_reason);
  found.reply_reset_reason = function_argument(index, "tcp_v4_send_reset", is_reset_reason);
  found.receive_reset_skb = function_argument(index, "tcp_reset", is_skb_pointer);
  found.retransmit_err = tracepoint_argument(index, "tcp_retransmit_skb", is_int);
  if (const btf_type* accept = index.function_prototype("inet_csk_accept"); accept != nullptr) {
    found.accept_return = static_cast<std::int8_t>(btf_vlen(accept));
  }
  return found;
}

// SK_RST_REASON_TCP_ABORT_ON_CLOSE and the like, with the prefix cut off.
std::vector<std::string> find_reset_reasons(const btf* types) {
  constexpr std::string_view kPrefix = "SK_RST_REASON_";
  std::vector<std::string> names;
  const int id = btf__find_by_name_kind(types, "sk_rst_reason", BTF_KIND_ENUM);
  if (id < 0) {
    return names;
  }
  const btf_type* type = btf__type_by_id(types, static_cast<__u32>(id));
  const struct btf_enum* values = btf_enum(type);
  for (int i = 0; i < btf_vlen(type); ++i) {
    const std::string_view name = btf__name_by_offset(types, values[i].name_off);
    if (values[i].val < 0 || values[i].val > 255 || !name.starts_with(kPrefix)) {
      continue;
    }
    const auto index = static_cast<std::size_t>(values[i].val);
    if (names.size() <= index) {
      names.resize(index + 1);
    }
    names[index] = name.substr(kPrefix.size());
  }
  return names;
}

struct ModuleFunction {
  const char* function;
  const char* module;
};
constexpr std::array kModuleFunctions = {ModuleFunction{"nf_send_reset", "nf_reject_ipv4"},
                                         ModuleFunction{"nf_send_reset6", "nf_reject_ipv6"}};

// The prototype of a function that lives in this module, in the module's own types.
const btf_type* module_prototype(const btf* module, const char* name) {
  const int id = btf__find_by_name_kind(module, name, BTF_KIND_FUNC);
  return id < 0 ? nullptr
                : btf__type_by_id(module, btf__type_by_id(module, static_cast<__u32>(id))->type);
}

// Functions that may live in a module: known if the module is there.
void find_module_functions(btf* types, const TypeIndex& index, Features& features) {
  for (const ModuleFunction& row : kModuleFunctions) {
    if (index.function_id(row.function) != 0) {
      features.facts.functions.insert(row.function);
      features.arguments.nf_reset_skb = function_argument(index, row.function, is_skb_pointer);
      continue;
    }
    if (!path_exists((std::string("/sys/module/") + row.module).c_str())) {
      features.facts.unloaded_module_functions.insert(row.function);
      continue;
    }
    const BtfPtr module(btf__load_module_btf(row.module, types));
    (module ? features.facts.functions : features.facts.functions_without_btf).insert(row.function);
    if (module) {
      features.arguments.nf_reset_skb = parameter_position(
          module.get(), module_prototype(module.get(), row.function), 0, is_skb_pointer);
    }
  }
}

void find_targets(const TypeIndex& index, Facts& facts) {
  for (const HookRow& row : hook_rows()) {
    for (const VariantRow& variant : row.variants) {
      for (const ProgramRow& program : variant.programs) {
        const bool function =
            program.type == AttachType::kFentry || program.type == AttachType::kKprobe;
        if (function && index.function_id(program.target) != 0) {
          facts.functions.emplace(program.target);
        } else if (!function && index.tracepoint_id(program.target) != 0) {
          facts.tracepoints.emplace(program.target);
        }
      }
    }
  }
}

// Loads `instructions` as a BPF_PROG_TYPE_TRACING program on a BTF id. 0 or a positive errno.
int trial_load(bpf_attach_type type, __u32 btf_id, const bpf_insn* instructions,
               std::size_t count) {
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = type, .attach_btf_id = btf_id);
  const UniqueFd program(
      bpf_prog_load(BPF_PROG_TYPE_TRACING, "tt_trial", "GPL", instructions, count, &options));
  return program.valid() ? 0 : errno;
}

constexpr bpf_insn kReturnZero[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
};

std::string try_fentry(const TypeIndex& index) {
  const __u32 id = index.function_id("tcp_set_state");
  if (id == 0) {
    return "tcp_set_state: no such function in BTF";
  }
  const int failure = trial_load(BPF_TRACE_FENTRY, id, kReturnZero, std::size(kReturnZero));
  return failure == 0 ? "" : std::string("load: ") + std::strerror(failure);
}

// bpf_get_socket_cookie() for tracing programs: commit c5dbb89fc2ac, v5.12.
bool try_socket_cookie(const TypeIndex& index) {
  const __u32 id = index.tracepoint_id("inet_sock_set_state");
  const bpf_insn program[] = {
      {.code = BPF_LDX | BPF_MEM | BPF_DW,
       .dst_reg = BPF_REG_1,
       .src_reg = BPF_REG_1,
       .off = 0,
       .imm = 0},
      {.code = BPF_JMP | BPF_CALL,
       .dst_reg = 0,
       .src_reg = 0,
       .off = 0,
       .imm = BPF_FUNC_get_socket_cookie},
      kReturnZero[0],
      kReturnZero[1],
  };
  return id != 0 && trial_load(BPF_TRACE_RAW_TP, id, program, std::size(program)) == 0;
}

Error no_btf() {
  return {.what = "this kernel has no BTF (/sys/kernel/btf/vmlinux)",
          .hint = "use a kernel built with CONFIG_DEBUG_INFO_BTF, as Debian's are from 5.10 on",
          .errno_code = ENOENT,
          .status = ExitStatus::kUnsupported};
}

// What loading anything at all says; the privilege is missing more often than the kernel's support.
Result<void> try_bpf() {
  const UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "tt_trial", "GPL", kReturnZero,
                                       std::size(kReturnZero), nullptr));
  if (program.valid()) {
    return {};
  }
  Error error = system_error("cannot load BPF programs", errno);
  error.status = ExitStatus::kUnsupported;
  if (errno == EPERM || errno == EACCES) {
    error.hint = "run as root, or with CAP_BPF and CAP_PERFMON (see tcptrace check)";
  }
  return std::unexpected(error);
}

}  // namespace

std::uint32_t hz_from_tick(std::uint64_t tick_ns) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return tick_ns == 0 ? 0 : static_cast<std::uint32_t>((kSecond + tick_ns / 2) / tick_ns);
}

std::uint32_t read_hz() {
  timespec tick{};
  if (::clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_sec != 0) {
    return 0;
  }
  return hz_from_tick(static_cast<std::uint64_t>(tick.tv_nsec));
}

Result<Features> probe_features() {
  if (!path_exists("/sys/kernel/btf/vmlinux")) {
    return std::unexpected(no_btf());
  }
  if (auto allowed = try_bpf(); !allowed) {
    return std::unexpected(allowed.error());
  }
  const BtfPtr types(btf__parse_raw("/sys/kernel/btf/vmlinux"));
  if (!types) {
    Error error = system_error("cannot read the kernel's BTF (/sys/kernel/btf/vmlinux)", errno);
    error.status = ExitStatus::kUnsupported;
    return std::unexpected(error);
  }
  const TypeIndex index(types.get());
  Features features;
  find_targets(index, features.facts);
  features.arguments = find_arguments(index);
  find_module_functions(types.get(), index, features);
  features.reset_reasons = find_reset_reasons(types.get());
  features.facts.reset_reason = features.arguments.tp_reset_reason >= 0;
  features.facts.retransmit_error = features.arguments.retransmit_err >= 0;
  features.facts.fentry_failure = try_fentry(index);
  if (!path_exists("/sys/bus/event_source/devices/kprobe/type")) {
    features.facts.kprobe_failure = "this kernel has no kprobes (CONFIG_KPROBE_EVENTS)";
  }
  features.facts.syscall_tp_failure = Tracefs::why_no_event("syscalls", "sys_exit_accept4");
  features.socket_cookie_helper = try_socket_cookie(index);
  features.hz = read_hz();
  features.facts.functions_preempted = features.facts.fentry_failure.empty() && kernel_preempts();
  return features;
}

}  // namespace tcptrace::kernel
