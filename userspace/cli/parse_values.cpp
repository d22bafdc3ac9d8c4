// SPDX-License-Identifier: GPL-2.0
#include "cli/parse_values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "base/parse.h"
#include "base/text.h"
#include "cli/parse_suggest.h"

namespace tcptrace::cli {
namespace {

std::optional<std::uint16_t> port_number(std::string_view text) {
  const auto port = parse_number<std::uint16_t>(text);
  return port.value_or(0) == 0 ? std::nullopt : port;
}

unsigned size_shift(char suffix) {
  switch (suffix) {
    case 'k':
    case 'K':
      return 10;
    case 'm':
    case 'M':
      return 20;
    case 'g':
    case 'G':
      return 30;
    default:
      return 0;
  }
}

using Seconds = std::chrono::duration<double>;

std::optional<Seconds> duration_unit(std::string_view suffix) {
  static constexpr std::array<std::pair<std::string_view, Seconds>, 5> kUnits{{
      {"", Seconds(1)},
      {"s", Seconds(1)},
      {"ms", std::chrono::milliseconds(1)},
      {"m", std::chrono::minutes(1)},
      {"h", std::chrono::hours(1)},
  }};
  const auto* const unit =
      std::ranges::find(kUnits, suffix, &std::pair<std::string_view, Seconds>::first);
  return unit == kUnits.end() ? std::nullopt : std::optional(unit->second);
}

constexpr std::array<std::pair<std::string_view, bool model::EventSelection::*>, 7> kEvents{{
    {"reset", &model::EventSelection::reset},
    {"retransmit", &model::EventSelection::retransmit},
    {"failure", &model::EventSelection::failure},
    {"accept", &model::EventSelection::accept},
    {"connect", &model::EventSelection::connect},
    {"close", &model::EventSelection::close},
    {"state", &model::EventSelection::state},
}};

}  // namespace

std::string quote(std::string_view value) {
  static constexpr std::size_t kShown = 100;
  std::string text = "\"";
  append_terminal_safe(text, value.substr(0, kShown));
  text += value.size() > kShown ? "…\"" : "\"";
  return text;
}

std::unexpected<Error> reject(std::string_view value, std::string_view why, std::string hint) {
  return std::unexpected(usage_error(fmt::format("{} {}", quote(value), why), std::move(hint)));
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> items;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    items.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return items;
}

Result<std::uint32_t> parse_pid(std::string_view text) {
  // PID_MAX_LIMIT of the kernel's include/linux/threads.h.
  static constexpr std::uint32_t kMaxPid = 4U << 20;
  const auto pid = parse_number<std::uint32_t>(text);
  if (pid.value_or(0) == 0 || *pid > kMaxPid) {
    return reject(text, "is not a process id");
  }
  return *pid;
}

Result<std::string> parse_comm(std::string_view text) {
  if (text.empty()) {
    return reject(text, "is not a command name");
  }
  if (text.size() > model::kMaxCommBytes) {
    return reject(text,
                  fmt::format("is longer than the {} bytes that the kernel keeps of a name",
                              model::kMaxCommBytes),
                  fmt::format("did you mean {}?", quote(text.substr(0, model::kMaxCommBytes))));
  }
  return std::string(text);
}

Result<model::PortRange> parse_ports(std::string_view text, model::PortSide side) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) {
    const auto port = port_number(text);
    if (!port) {
      return reject(text, "is not a port (1-65535)");
    }
    return model::PortRange{.low = *port, .high = *port, .side = side};
  }
  const auto low = port_number(text.substr(0, dash));
  const auto high = port_number(text.substr(dash + 1));
  if (!low || !high) {
    return reject(text, "is not a range of ports (1-65535)");
  }
  if (*low > *high) {
    return reject(text, "runs backwards", fmt::format("did you mean {}-{}?", *high, *low));
  }
  return model::PortRange{.low = *low, .high = *high, .side = side};
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  static constexpr std::string_view kForm = "is not a duration (10, 10s, 1.5m, 2h, 500ms)";
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, digits);
  double value = 0;
  const char* const end = number.data() + number.size();
  const auto [stop, failure] = std::from_chars(number.data(), end, value, std::chars_format::fixed);
  const auto unit = duration_unit(text.substr(digits));
  if (failure == std::errc::invalid_argument || stop != end || number.empty() || !unit) {
    return reject(text, kForm);
  }
  const double nanoseconds = value * std::chrono::duration<double, std::nano>(*unit).count();
  // A hundred years: far from where the clock's 64 bits end.
  if (failure != std::errc() || nanoseconds > 100 * 365.25 * 24 * 3600 * 1e9) {
    return reject(text, "is too long");
  }
  if (nanoseconds < 1) {
    return reject(text, "is not longer than zero");
  }
  return std::chrono::nanoseconds(std::llround(nanoseconds));
}

Result<std::uint32_t> parse_size(std::string_view text, std::uint32_t min, std::uint32_t max) {
  const unsigned shift = text.empty() ? 0 : size_shift(text.back());
  const auto number =
      parse_number<std::uint64_t>(text.substr(0, text.size() - (shift != 0 ? 1 : 0)));
  if (!number || *number > (max >> shift) || (*number << shift) < min) {
    return reject(text,
                  fmt::format("is not a size from {} to {}", format_size(min), format_size(max)));
  }
  return static_cast<std::uint32_t>(*number << shift);
}

std::string format_size(std::uint64_t size) {
  static constexpr std::array kUnits{std::pair{30U, 'G'}, std::pair{20U, 'M'}, std::pair{10U, 'K'}};
  for (const auto& [shift, suffix] : kUnits) {
    if (size != 0 && size % (std::uint64_t{1} << shift) == 0) {
      return fmt::format("{}{}", size >> shift, suffix);
    }
  }
  return fmt::format("{}", size);
}

Result<std::uint32_t> parse_power_of_two(std::string_view text, std::uint32_t min,
                                         std::uint32_t max) {
  auto size = parse_size(text, min, max);
  if (size && !std::has_single_bit(*size)) {
    return reject(text, "is not a power of two",
                  fmt::format("did you mean {}?", format_size(std::bit_ceil(*size))));
  }
  return size;
}

Result<void> take_family(bool ipv4, bool ipv6, std::optional<model::Family>& family) {
  if (ipv4 && ipv6) {
    return std::unexpected(usage_error("-4 and -6 exclude each other"));
  }
  if (ipv4 || ipv6) {
    family = ipv4 ? model::Family::kIpv4 : model::Family::kIpv6;
  }
  return {};
}

Result<std::string> parse_http_path(std::string_view text) {
  if (!text.starts_with('/') ||
      std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c >= 0x7f; })) {
    return std::unexpected(
        usage_error(fmt::format("{} is not a path", quote(text)),
                    "it begins with a slash, and what is no ASCII is written as %XX"));
  }
  return std::string(text);
}

Result<std::uint64_t> parse_count(std::string_view text) {
  const auto count = parse_number<std::uint64_t>(text);
  if (count.value_or(0) == 0) {
    return reject(text, "is not a number from 1 on");
  }
  return *count;
}

Result<std::uint32_t> parse_number_between(std::string_view text, std::uint32_t min,
                                           std::uint32_t max) {
  const auto number = parse_number<std::uint32_t>(text);
  if (!number || *number < min || *number > max) {
    return reject(text, fmt::format("is not a number from {} to {}", min, max));
  }
  return *number;
}

Result<model::Target> parse_target(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (colon == std::string_view::npos || (!bracketed && host.find(':') != host.npos)) {
    return reject(text, "is not HOST:PORT", "an IPv6 address goes in brackets: [::1]:80");
  }
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty() || host.find_first_of("[]/ ") != host.npos) {
    return reject(text, "is not HOST:PORT");
  }
  const auto port = port_number(text.substr(colon + 1));
  if (!port) {
    return reject(text, "has no port from 1 to 65535");
  }
  return model::Target{.host = std::string(host), .port = *port};
}

Result<void> select_event(std::string_view text, model::EventSelection& selection) {
  if (text == "all") {
    for (const auto& [name, member] : kEvents) {
      selection.*member = true;
    }
    return {};
  }
  std::vector<std::string> names{"all"};
  for (const auto& [name, member] : kEvents) {
    if (name == text) {
      selection.*member = true;
      return {};
    }
    names.emplace_back(name);
  }
  return reject(text, "is not an event type", did_you_mean(text, names));
}

}  // namespace tcptrace::cli
