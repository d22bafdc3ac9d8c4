// SPDX-License-Identifier: GPL-2.0
#include "kernel/bpf_session.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "kernel/libbpf_log.h"
#include "kernel/settings.h"
#include "kernel/tracefs.h"
#include "tcptrace.h"
#include "tcptrace.skel.h"

namespace tcptrace::kernel {
namespace {

std::string errno_text(int code) { return std::generic_category().message(code); }

// The variant that a program belongs to, for the reason why it is rejected.
std::string key_of_program(std::span<const Choice> choices, std::string_view program) {
  for (const Choice& choice : choices) {
    if (choice.variant == nullptr) {
      continue;
    }
    for (const ProgramRow& row : choice.variant->programs) {
      if (row.program == program) {
        return rejection_key(*choice.hook, *choice.variant);
      }
    }
  }
  return {};
}

std::optional<Error> missing_required(std::span<const Choice> choices) {
  for (const Choice& choice : choices) {
    if (choice.variant != nullptr || !choice.hook->required) {
      continue;
    }
    Error error{.what = "no way to attach the hook " + std::string(choice.hook->name),
                .hint = "tcptrace check tells what this kernel allows",
                .errno_code = 0,
                .status = ExitStatus::kUnsupported};
    if (!choice.failures.empty()) {
      const model::HookFailure& first = choice.failures.front();
      error.what += " (" + first.variant + ": " + first.reason + ")";
    }
    return error;
  }
  return std::nullopt;
}

// struct bpf_link_info of a kprobe (include/uapi/linux/bpf.h), which Debian 12's headers do not
// have yet. Older kernels fill less of it.
struct KprobeLinkInfo {
  __u32 type;
  __u32 id;
  __u32 prog_id;
  __u32 pad;
  __u32 event_type;
  __u32 event_pad;
  __u64 func_name;
  __u32 name_len;
  __u32 offset;
  __u64 addr;
  __u64 missed;  // hits while another kprobe was being handled, commit 3acf8ace6823, v6.7
};
constexpr __u32 kPerfEventLink = 7;  // BPF_LINK_TYPE_PERF_EVENT
constexpr __u32 kKprobeEvent = 3;    // BPF_PERF_EVENT_KPROBE
constexpr __u32 kKretprobeEvent = 4;

std::uint64_t missed_hits(const LinkPtr& link) {
  KprobeLinkInfo info{};
  __u32 size = sizeof(info);
  const int failed = bpf_obj_get_info_by_fd(bpf_link__fd(link.get()), &info, &size);
  const bool known = failed == 0 && info.type == kPerfEventLink &&
                     (info.event_type == kKprobeEvent || info.event_type == kKretprobeEvent);
  return known ? info.missed : 0;
}

// libbpf reads until it has caught up with the producers, which under a flood it never does, unless
// the callback fails: then it says which record was the last, and returns the failure.
constexpr int kBatchFull = -ECANCELED;

constexpr std::string_view kPollProgram = "poll_sockets";

}  // namespace

BpfSession::BpfSession(SessionOptions options, Features features)
    : options_(std::move(options)), features_(std::move(features)) {}

BpfSession::~BpfSession() = default;

Result<std::unique_ptr<BpfSession>> BpfSession::open(const SessionOptions& options) {
  const LibbpfLog log;
  Result<Features> features = probe_features();
  if (!features) {
    return std::unexpected(features.error());
  }
  std::unique_ptr<BpfSession> session(new BpfSession(options, std::move(*features)));
  if (auto started = session->start(); !started) {
    return std::unexpected(started.error());
  }
  return session;
}

// Every setback takes one variant out of the choice, so this ends.
Result<void> BpfSession::start() {
  Rejections rejections;
  for (;;) {
    const std::vector<Choice> choices =
        choose_hooks(hook_rows(), features_.facts, options_.family, rejections);
    hooks_ = hook_statuses(choices);
    if (auto error = missing_required(choices)) {
      return std::unexpected(*error);
    }
    const std::optional<Setback> setback = try_choices(choices);
    if (!setback) {
      break;
    }
    if (setback->key == kPollProgram && !poll_setback_) {
      poll_setback_ = Error{.what = setback->reason};
      continue;
    }
    if (setback->key.empty() || rejections.contains(setback->key)) {
      return std::unexpected(Error{.what = "cannot load the BPF programs: " + setback->reason,
                                   .hint = "tcptrace check tells what this kernel allows",
                                   .errno_code = 0,
                                   .status = ExitStatus::kUnsupported});
    }
    rejections.emplace(setback->key, setback->reason);
  }
  if (auto seeded = seed(); !seeded) {
    return seeded;
  }
  open_polls();
  return open_ring();
}

std::optional<BpfSession::Setback> BpfSession::try_choices(std::span<const Choice> choices) {
  links_.clear();
  skeleton_.reset();
  std::string failed_program;
  if (auto loaded = load(choices, failed_program); !loaded) {
    return Setback{.key = failed_program == kPollProgram ? failed_program
                                                         : key_of_program(choices, failed_program),
                   .reason = loaded.error().what};
  }
  return attach(choices);
}

Result<void> BpfSession::load(std::span<const Choice> choices, std::string& failed_program) {
  const LibbpfLog log;
  skeleton_.reset(tcptrace_bpf__open());
  if (!skeleton_) {
    return std::unexpected(system_error("open", errno));
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton_->obj) {
    const std::string_view name = bpf_program__name(program);
    bpf_program__set_autoload(program,
                              name == "seed_sockets" ||
                                  (name == kPollProgram && options_.polls && !poll_setback_) ||
                                  !key_of_program(choices, name).empty());
  }
  skeleton_->rodata->settings =
      make_settings(options_.filter, features_, choices, options_.ring_size_bytes);
  // Four ended connections in each: a quarter of as many as live ones.
  const std::uint32_t closed_buckets = std::max(1U, options_.max_connections / 16);
  skeleton_->rodata->settings.closed_buckets = closed_buckets;
  bpf_map__set_max_entries(skeleton_->maps.events, options_.ring_size_bytes);
  bpf_map__set_max_entries(skeleton_->maps.sockets, options_.max_connections);
  bpf_map__set_max_entries(skeleton_->maps.closed, closed_buckets);
  const int failure = tcptrace_bpf__load(skeleton_.get());
  if (failure == 0) {
    return {};
  }
  failed_program = log.failed_program();
  return std::unexpected(
      Error{.what = "load: " + (log.reason().empty() ? errno_text(-failure) : log.reason()),
            .hint = {},
            .errno_code = -failure});
}

std::optional<BpfSession::Setback> BpfSession::attach(std::span<const Choice> choices) {
  std::vector<std::string_view> attached;
  for (const Choice& choice : choices) {
    if (choice.variant == nullptr) {
      continue;
    }
    for (const ProgramRow& row : choice.variant->programs) {
      // One egress program can serve two hooks.
      if (std::ranges::find(attached, row.program) != attached.end()) {
        continue;
      }
      Result<LinkPtr> link = attach_program(row);
      if (!link) {
        links_.clear();
        return Setback{.key = rejection_key(*choice.hook, *choice.variant),
                       .reason = "attach: " + link.error().what};
      }
      links_.push_back(std::move(*link));
      attached.push_back(row.program);
    }
  }
  return std::nullopt;
}

Result<LinkPtr> BpfSession::attach_program(const ProgramRow& row) {
  const LibbpfLog log;
  bpf_program* program =
      bpf_object__find_program_by_name(skeleton_->obj, std::string(row.program).c_str());
  LinkPtr link;
  if (row.type == AttachType::kSyscallTp) {
    const auto tracefs = Tracefs::open();
    if (!tracefs) {
      return std::unexpected(tracefs.error());
    }
    const auto id = tracefs->event_id("syscalls", row.target);
    if (!id) {
      return std::unexpected(id.error());
    }
    Result<UniqueFd> event = open_tracepoint_event(*id);
    if (!event) {
      return std::unexpected(event.error());
    }
    link.reset(bpf_program__attach_perf_event(program, event->get()));
    if (link) {
      (void)event->release();  // the link closes it
    }
  } else {
    link.reset(bpf_program__attach(program));
  }
  if (!link) {
    return std::unexpected(Error{.what = errno_text(errno), .hint = {}, .errno_code = errno});
  }
  return link;
}

// Reading the iterator to its end runs the program once for every file of every task.
Result<void> BpfSession::seed() {
  const LinkPtr link(bpf_program__attach_iter(skeleton_->progs.seed_sockets, nullptr));
  if (!link) {
    return std::unexpected(system_error("cannot iterate over open files", errno));
  }
  const auto ignore = [](std::span<const std::byte>) {};
  if (auto read = read_iterator(link, 1, ignore); !read) {
    return std::unexpected(read.error().within("open files"));
  }
  return {};
}

void BpfSession::open_polls() {
  if (!options_.polls || poll_setback_) {
    return;
  }
  bpf_iter_link_info info{};
  info.map.map_fd = static_cast<__u32>(bpf_map__fd(skeleton_->maps.sockets));
  LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));
  polls_.reset(bpf_program__attach_iter(skeleton_->progs.poll_sockets, &options));
  if (!polls_) {
    poll_setback_ = system_error("cannot attach the iterator", errno);
  }
}

Result<void> BpfSession::poll(const RecordHandler& handler) {
  using std::chrono::microseconds;
  if (!polls_) {
    return std::unexpected(poll_setback_.value_or(Error{.what = "no polls were asked for"}));
  }
  skeleton_->bss->last_poll_us = static_cast<std::uint64_t>(
      std::chrono::floor<microseconds>(last_poll_.time_since_epoch()).count());
  last_poll_ = std::chrono::steady_clock::now();  // the clock of tcp_mstamp
  return read_iterator(polls_, sizeof(tt_sample_record), handler);
}

Result<void> BpfSession::open_ring() {
  const auto forward = [](void* context, void* data, std::size_t size) {
    auto* batch = static_cast<Batch*>(context);
    (*batch->handler)({static_cast<const std::byte*>(data), size});
    return --batch->left == 0 ? kBatchFull : 0;
  };
  ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.events), forward, &batch_, nullptr));
  if (!ring_) {
    return std::unexpected(system_error("cannot map the ring buffer", errno));
  }
  return {};
}

int BpfSession::fd() const { return ring_buffer__epoll_fd(ring_.get()); }

Result<bool> BpfSession::consume(const RecordHandler& handler) {
  batch_ = {.handler = &handler, .left = kBatchRecords};
  const int consumed = ring_buffer__consume(ring_.get());
  batch_.handler = nullptr;
  if (consumed < 0 && consumed != kBatchFull) {
    return std::unexpected(system_error("cannot read the ring buffer", -consumed));
  }
  return consumed == kBatchFull;
}

// The state hook last: what the others report in the meantime they look up in what it remembers.
void BpfSession::detach() {
  while (!links_.empty()) {
    detached_misses_ += missed_hits(links_.back());
    links_.pop_back();
  }
}

// How often the kernel skipped one of the programs, because it was running already (or, with
// kprobes, any other) on its CPU: commit 9ed9e9ba2337, v5.12; of kprobes dd8657894c11, v6.7. A
// kprobe that is hit in a softirq which interrupted another kprobe does not get as far as its
// program: the link counts those.
std::uint64_t BpfSession::recursion_misses() const {
  std::uint64_t misses = detached_misses_;
  for (const LinkPtr& link : links_) {
    misses += missed_hits(link);
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton_->obj) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    const int fd = bpf_program__fd(program);
    if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0) {
      misses += info.recursion_misses;
    }
  }
  return misses;
}

model::LossCounts BpfSession::losses() const {
  const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
  const int map = bpf_map__fd(skeleton_->maps.losses);
  std::vector<std::uint64_t> per_cpu(cpus);
  std::array<std::uint64_t, TT_LOSS_MAX> sums{};
  for (__u32 loss = 0; loss < TT_LOSS_MAX; ++loss) {
    if (bpf_map_lookup_elem(map, &loss, per_cpu.data()) == 0) {
      for (const std::uint64_t count : per_cpu) {
        sums[loss] += count;
      }
    }
  }
  return {.ringbuf_full = sums[TT_LOSS_RINGBUF_FULL],
          .sockets_map_full = sums[TT_LOSS_SOCKETS_FULL],
          .netns_map_full = sums[TT_LOSS_NETNS_FULL],
          .recursion_misses = recursion_misses()};
}

std::map<std::uint32_t, NetnsTotals> BpfSession::netns_totals() const {
  const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
  const int map = bpf_map__fd(skeleton_->maps.netns_counters);
  std::vector<tt_netns_counters> per_cpu(cpus);
  std::map<std::uint32_t, NetnsTotals> totals;
  __u32 key = 0;
  __u32* previous = nullptr;
  while (bpf_map_get_next_key(map, previous, &key) == 0) {
    if (bpf_map_lookup_elem(map, &key, per_cpu.data()) == 0) {
      NetnsTotals& sum = totals[key];
      for (const tt_netns_counters& part : per_cpu) {
        sum.traced.resets_sent += part.resets_sent;
        sum.traced.established_resets += part.established_resets;
        sum.traced.retransmitted_segments += part.retransmitted_segments;
        sum.traced.attempt_fails += part.attempt_fails;
        sum.resets_received += part.resets_received;
        sum.resets_ambiguous += part.resets_ambiguous;
        sum.resets_sent_netfilter += part.resets_sent_netfilter;
      }
    }
    previous = &key;
  }
  return totals;
}

Result<std::vector<model::HookStatus>> check_hooks(std::optional<model::AttachFamily> family) {
  const auto session = BpfSession::open(
      {.filter = {}, .family = family, .ring_size_bytes = 1U << 16, .max_connections = 1U << 10});
  if (!session) {
    return std::unexpected(session.error());
  }
  return (*session)->hooks();
}

}  // namespace tcptrace::kernel
