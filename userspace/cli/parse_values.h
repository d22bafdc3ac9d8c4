// SPDX-License-Identifier: GPL-2.0
// One option value each: text to number, range, prefix, duration. Pure; knows neither CLI11 nor the
// machine. The errors name the value; the caller adds the option.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/filter.h"
#include "model/target.h"
#include "model/tuple.h"

namespace tcptrace::cli {

// `value` in double quotes, on one line whatever it holds.
[[nodiscard]] std::string quote(std::string_view value);

// The error that names `value` and says what is wrong with it.
[[nodiscard]] std::unexpected<Error> reject(std::string_view value, std::string_view why,
                                            std::string hint = {});

// The items of "80,443"; an empty item is an item.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);

[[nodiscard]] Result<std::uint32_t> parse_pid(std::string_view text);
[[nodiscard]] Result<std::string> parse_comm(std::string_view text);

// "443" or "8000-8100".
[[nodiscard]] Result<model::PortRange> parse_ports(std::string_view text, model::PortSide side);

// "10.0.0.0/8", "fe80::/10", "::1", "[::1]". A v4-mapped prefix becomes the IPv4 one.
[[nodiscard]] Result<model::Prefix> parse_prefix(std::string_view text);

// An address as RFC 5952 writes it, without brackets; empty: it is none.
[[nodiscard]] std::string canonical_address(std::string_view text);

// "example.com:443", "192.0.2.1:443", "[2001:db8::1]:443".
[[nodiscard]] Result<model::Target> parse_target(std::string_view text);

// "10", "10s", "1.5m", "2h", "500ms"; more than zero.
[[nodiscard]] Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

// "1000", "64K", "8M", "1G", within the bounds.
[[nodiscard]] Result<std::uint32_t> parse_size(std::string_view text, std::uint32_t min,
                                               std::uint32_t max);

// As parse_size() reads it: "64K", "1000".
[[nodiscard]] std::string format_size(std::uint64_t size);

// parse_size() of a power of two.
[[nodiscard]] Result<std::uint32_t> parse_power_of_two(std::string_view text, std::uint32_t min,
                                                       std::uint32_t max);

// What -4 and -6 choose; with neither, `family` stays.
[[nodiscard]] Result<void> take_family(bool ipv4, bool ipv6, std::optional<model::Family>& family);

// Of an HTTP request. Its line has blanks around the path, so none are in it.
[[nodiscard]] Result<std::string> parse_http_path(std::string_view text);

// At least 1.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);
[[nodiscard]] Result<std::uint32_t> parse_number_between(std::string_view text, std::uint32_t min,
                                                         std::uint32_t max);

// Selects the event type `text` names: "reset" … "state", "all".
[[nodiscard]] Result<void> select_event(std::string_view text, model::EventSelection& selection);

}  // namespace tcptrace::cli
