// SPDX-License-Identifier: GPL-2.0
// The kernel's clock as wall time. Reads no clock.
#include "output/wall_time.h"

#include <array>
#include <cstdint>

namespace tcptrace::output {
namespace {

template <int kDigits>
char* write_digits(char* to, std::uint64_t value) {
  for (int i = kDigits; i-- > 0; value /= 10) {
    to[i] = static_cast<char>('0' + value % 10);
  }
  return to + kDigits;
}

char* write_time_of_day(char* to, std::chrono::seconds time_of_day) {
  const auto seconds = static_cast<std::uint64_t>(time_of_day.count());
  to = write_digits<2>(to, seconds / 3600);
  *to++ = ':';
  to = write_digits<2>(to, seconds / 60 % 60);
  *to++ = ':';
  return write_digits<2>(to, seconds % 60);
}

char* write_date(char* to, std::chrono::days days) {
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  // 64-bit nanoseconds reach from 1677 to 2262.
  to = write_digits<4>(to, static_cast<std::uint64_t>(static_cast<int>(date.year())));
  *to++ = '-';
  to = write_digits<2>(to, static_cast<unsigned>(date.month()));
  *to++ = '-';
  return write_digits<2>(to, static_cast<unsigned>(date.day()));
}

std::chrono::seconds local_time(std::chrono::seconds wall, const Context& context) {
  return wall + (context.utc_offset ? context.utc_offset(wall) : std::chrono::seconds{});
}

}  // namespace

std::chrono::nanoseconds wall_time(std::chrono::nanoseconds boot_time, const Context& context) {
  const auto sum = static_cast<std::uint64_t>(boot_time.count()) +
                   static_cast<std::uint64_t>(context.boot_to_wall.count());
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sum));
}

char* write_rfc3339(char* to, std::chrono::nanoseconds wall) {
  const auto days = std::chrono::floor<std::chrono::days>(wall);
  const std::chrono::nanoseconds since_midnight = wall - days;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_midnight);
  to = write_date(to, days);
  *to++ = 'T';
  to = write_time_of_day(to, seconds);
  *to++ = '.';
  to = write_digits<9>(to, static_cast<std::uint64_t>((since_midnight - seconds).count()));
  *to++ = 'Z';
  return to;
}

void append_date_time(std::string& out, std::chrono::nanoseconds wall, const Context& context) {
  const auto local = local_time(std::chrono::floor<std::chrono::seconds>(wall), context);
  const auto days = std::chrono::floor<std::chrono::days>(local);
  std::array<char, 32> text{};
  char* end = write_date(text.data(), days);
  *end++ = ' ';
  end = write_time_of_day(end, local - days);
  out.append(text.data(), end);
  out += context.utc_offset ? "" : "Z";
}

void append_clock_time(std::string& out, std::chrono::nanoseconds wall, const Context& context) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(wall);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(wall - seconds).count();
  const std::chrono::seconds local = local_time(seconds, context);
  std::array<char, 16> text{};
  char* end = write_time_of_day(text.data(), local - std::chrono::floor<std::chrono::days>(local));
  *end++ = '.';
  end = write_digits<3>(end, static_cast<std::uint64_t>(milliseconds));
  out.append(text.data(), end);
}

}  // namespace tcptrace::output
