// SPDX-License-Identifier: GPL-2.0
#include "cli/report_fold.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/core.h>

#include "base/text.h"
#include "cli/recorded_cgroups.h"
#include "diagnose/patterns.h"
#include "trace/filter.h"

namespace tcptrace::cli {
namespace {

class FoldedRecords final : public RecordOutput {
 public:
  FoldedRecords(report::ReportBuilder& builder, model::ReportSourceKind kind, std::string name)
      : builder_(builder), kind_(kind) {
    builder_.begin(kind, std::move(name));
  }

  Result<void> begin(const model::Hooks& hooks) override {
    if (kind_ == model::ReportSourceKind::kLive) {
      std::fputs("tcptrace: tracing; Ctrl-C ends it with what is there by then\n", stderr);
    }
    return write(hooks);
  }
  Result<void> write(const model::Record& record) override {
    std::visit(*this, record);
    return {};
  }
  void note_missing(const std::string& words) override { builder_.note_missing(words); }
  void set_boot_to_wall(std::chrono::nanoseconds offset) override {
    builder_.set_boot_to_wall(offset);
  }

  template <typename Content>
  void operator()(const Content& content) const {
    builder_.note(content);
  }
  void operator()(const model::DrillResult&) const {}

 private:
  report::ReportBuilder& builder_;
  model::ReportSourceKind kind_;
};

// A file of JSON Lines, read once from its beginning to its end.
class JsonFold {
 public:
  JsonFold(report::ReportBuilder& builder, report::JsonLines& lines, const JsonFilter& filter)
      : builder_(builder), lines_(lines), filter_(filter) {
    // By id or by path, which the events tell both of.
    filter_.filter.cgroups.clear();
    cgroup_ids_ = filter.filter.cgroups;
  }

  Result<void> run(sink::FileSource file, const std::string& name);

  template <typename Content>
  void operator()(Content content) {
    builder_.note(std::move(content));
    ++used_;
  }
  void operator()(const model::Event& event);
  void operator()(const report::MonitorLine& line);
  void operator()(std::monostate) {}

 private:
  // Longer than any record: a file that has no line's end is none of ours.
  static constexpr std::size_t kMostBytes = 8U << 20;

  Result<void> take_lines(std::string& unread);
  Result<void> take(std::string_view line);
  [[nodiscard]] bool wants(const model::Event& event) const;
  [[nodiscard]] bool wants_cgroup(const model::Event& event) const;
  void say_missing(const std::string& name, bool cut);

  report::ReportBuilder& builder_;
  report::JsonLines& lines_;
  JsonFilter filter_;
  std::vector<std::uint64_t> cgroup_ids_;
  diagnose::PatternFinder patterns_;
  std::uint64_t read_ = 0;
  std::uint64_t used_ = 0;
  std::uint64_t unreadable_ = 0;
};

bool JsonFold::wants_cgroup(const model::Event& event) const {
  if (cgroup_ids_.empty() && filter_.cgroups.empty()) {
    return true;
  }
  if (!event.owner) {
    return false;
  }
  const bool by_path =
      event.owner->cgroup && is_within_any(event.owner->cgroup->path, filter_.cgroups);
  return by_path || std::ranges::find(cgroup_ids_, event.owner->cgroup_id) != cgroup_ids_.end();
}

bool JsonFold::wants(const model::Event& event) const {
  return trace::selects(filter_.filter.events, event) && wants_cgroup(event) &&
         trace::matches(filter_.filter, event.connection, event.owner ? &*event.owner : nullptr);
}

void JsonFold::operator()(const model::Event& event) {
  ++used_;
  if (wants(event)) {
    patterns_.note(event);
    builder_.note(event);
  }
}

void JsonFold::operator()(const report::MonitorLine& line) {
  ++used_;
  builder_.note(line.at, line.gauges);
  for (const model::ReportAlert& alert : line.alerts) {
    builder_.note(alert);
  }
}

Result<void> JsonFold::take(std::string_view line) {
  if (line.empty()) {
    return {};
  }
  ++read_;
  auto parsed = lines_.parse(line);
  if (!parsed) {
    ++unreadable_;
    return read_ > 1 ? Result<void>()
                     : std::unexpected(usage_error(
                           "line 1 is no record of tcptrace",
                           "a report is made from recordings (tcptrace --write) and from JSON "
                           "Lines (--json)"));
  }
  if (!parsed->host.empty()) {
    builder_.set_host(std::move(parsed->host));
  }
  std::visit(*this, std::move(parsed->content));
  return {};
}

Result<void> JsonFold::take_lines(std::string& unread) {
  std::size_t begin = 0;
  for (std::size_t end = unread.find('\n'); end != std::string::npos;
       end = unread.find('\n', begin)) {
    if (auto taken = take(std::string_view(unread).substr(begin, end - begin)); !taken) {
      return taken;
    }
    begin = end + 1;
  }
  unread.erase(0, begin);
  if (unread.size() > kMostBytes) {
    return std::unexpected(
        usage_error(fmt::format("a line of more than {}", human_bytes(kMostBytes))));
  }
  return {};
}

void JsonFold::say_missing(const std::string& name, bool cut) {
  std::vector<std::string> missing;
  if (cut) {
    missing.push_back(name + " has no end: it was cut off, or is still written");
  }
  if (unreadable_ != 0) {
    missing.push_back(
        fmt::format("{} is damaged: {} could not be read", name, counted(unreadable_, "line")));
  }
  if (used_ == 0) {
    missing.push_back(name + " has no record that a report is made from");
  }
  for (const std::string& words : missing) {
    builder_.note_missing(words);
    std::fputs(fmt::format("tcptrace: {}\n", words).c_str(), stderr);
  }
}

Result<void> JsonFold::run(sink::FileSource file, const std::string& name) {
  std::string unread;
  std::array<char, 256U << 10> piece{};
  for (;;) {
    const auto got = file.read(std::as_writable_bytes(std::span(piece)));
    if (!got) {
      return std::unexpected(got.error());
    }
    unread.append(piece.data(), *got);
    if (auto taken = take_lines(unread); !taken) {
      return taken;
    }
    if (*got < piece.size()) {
      break;
    }
  }
  // A last line without its end may be whole nevertheless.
  const std::uint64_t before = unreadable_;
  if (auto taken = take(unread); !taken) {
    return taken;
  }
  const bool cut = unreadable_ != before;
  unreadable_ = before;
  builder_.note(patterns_.patterns());
  say_missing(name, cut);
  return {};
}

}  // namespace

OpenRecords folded_records(report::ReportBuilder& builder, model::ReportSourceKind kind,
                           const std::string& name) {
  return [&builder, kind, name](const std::string& host, std::chrono::nanoseconds boot_to_wall,
                                int) -> Result<std::unique_ptr<RecordOutput>> {
    auto output = std::make_unique<FoldedRecords>(builder, kind, name);
    builder.set_host(host);
    builder.set_boot_to_wall(boot_to_wall);
    return output;
  };
}

Result<void> fold_json(report::ReportBuilder& builder, report::JsonLines& lines,
                       sink::FileSource file, const std::string& name, const JsonFilter& filter) {
  builder.begin(model::ReportSourceKind::kJson, name);
  auto done = JsonFold(builder, lines, filter).run(std::move(file), name);
  return done ? done : std::unexpected(done.error().within(name));
}

}  // namespace tcptrace::cli
