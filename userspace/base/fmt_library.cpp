// SPDX-License-Identifier: GPL-2.0
// What {fmt} 9 keeps out of its headers, compiled once: Debian has no static library of it, and we
// link everything but the C library statically. See CMakeLists.txt.
#ifndef FMT_HEADER_ONLY

#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

// The templates that the headers declare and do not define, as far as we use them.
template dragonbox::decimal_fp<float> dragonbox::to_decimal(float) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal(double) noexcept;
template thousands_sep_result<char> thousands_sep_impl(locale_ref);
template char decimal_point_impl(locale_ref);

}  // namespace detail
FMT_END_NAMESPACE

#endif
