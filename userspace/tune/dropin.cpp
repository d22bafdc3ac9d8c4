// SPDX-License-Identifier: GPL-2.0
#include "tune/dropin.h"

#include <algorithm>
#include <cstddef>

#include <fmt/core.h>

#include "base/parse.h"
#include "base/text.h"

namespace tcptrace::tune {
namespace {

constexpr std::string_view kHeader =
    "# Written by tcptrace tune --apply; tcptrace tune --restore puts back what was before.\n";
constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

void append_setting(std::string& out, const DropinSetting& setting) {
  out += '\n';
  for (const std::string& line : setting.comment) {
    out += fmt::format("# {}\n", line);
  }
  out += fmt::format("{} = {}\n", setting.name, setting.value);
}

// Without the blocks of the settings that are written anew: comments belong to the setting below.
std::string kept_lines(std::string_view existing, std::span<const DropinSetting> settings) {
  std::string kept;
  std::string block;
  for (const std::string_view line : lines(existing)) {
    block.append(line).append("\n");
    std::string_view value;
    const std::string name = assigned_name(line, value);
    if (name.empty()) {
      continue;
    }
    if (std::ranges::find(settings, name, &DropinSetting::name) == settings.end()) {
      kept += block;
    }
    block.clear();
  }
  return kept + block;
}

}  // namespace

DropinSetting dropin_setting(const model::TuneProposal& proposal) {
  // A name or a value of another program could bring in a line of its own.
  return {.name = proposal.name,
          .value = proposal.proposed,
          .comment = {terminal_safe(fmt::format("{}: {} -> {}", proposal.name, proposal.current,
                                                proposal.proposed)),
                      "  evidence: " + terminal_safe(model::evidence_text(proposal)),
                      "  why: " + terminal_safe(proposal.reason),
                      "  risk: " + terminal_safe(proposal.risk), "  source: " + proposal.source}};
}

std::string dropin_text(std::string_view existing, std::span<const DropinSetting> settings) {
  if (existing.starts_with(kHeader)) {
    existing.remove_prefix(kHeader.size());
  }
  std::string out(kHeader);
  out += kept_lines(existing, settings);
  for (const DropinSetting& setting : settings) {
    append_setting(out, setting);
  }
  return out;
}

std::string assigned_name(std::string_view line, std::string_view& value) {
  line = trimmed(line);
  const std::size_t equals = line.find('=');
  if (line.empty() || line.front() == '#' || line.front() == ';' ||
      equals == std::string_view::npos) {
    return {};
  }
  // "-name = value": whoever reads it passes over what fails.
  line.remove_prefix(line.front() == '-' ? 1 : 0);
  std::string name(trimmed(line.substr(0, line.find('='))));
  value = trimmed(line.substr(line.find('=') + 1));
  // Where the first separator is a slash, slashes separate and dots belong to names.
  if (const std::size_t first = name.find_first_of("./");
      first != std::string::npos && name[first] == '/') {
    for (char& c : name) {
      c = c == '/' ? '.' : (c == '.' ? '/' : c);
    }
  }
  return name;
}

}  // namespace tcptrace::tune
