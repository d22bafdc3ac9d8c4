// SPDX-License-Identifier: GPL-2.0
// The parts of which the fields of HTTP are made (RFC 9110, 5.6), for requests and answers alike.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/target.h"

namespace tcptrace::stress {

// A request; `last`: the connection is to be closed behind the answer.
[[nodiscard]] std::string http_get(const model::Target& target, std::string_view path, bool last);

// In any case of their letters, as the names of fields and the options of Connection are compared.
[[nodiscard]] bool same_token(std::string_view token, std::string_view other);

// Without the optional white space around it (OWS).
[[nodiscard]] std::string_view without_ows(std::string_view text);

// Of a field value that is a list: "close, Upgrade" has the member "close".
[[nodiscard]] bool has_member(std::string_view field_value, std::string_view token);

// The whole text is digits, and the number fits.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text, int base = 10);

}  // namespace tcptrace::stress
