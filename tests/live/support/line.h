// SPDX-License-Identifier: GPL-2.0
// One JSON line as the tracer printed it, and when it came.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/environment.h"

namespace tcptrace::live {

class Line {
 public:
  Line(nlohmann::json json, Clock::time_point arrived)
      : json_(std::move(json)), arrived_(arrived) {}

  // By JSON pointer: text("/connection/local"). What is absent is "", 0 or false, as no value of
  // the schema is by accident; has() tells the two apart.
  [[nodiscard]] bool has(std::string_view pointer) const;
  [[nodiscard]] std::string text(std::string_view pointer) const;
  [[nodiscard]] std::int64_t number(std::string_view pointer) const;
  [[nodiscard]] double real(std::string_view pointer) const;
  [[nodiscard]] bool flag(std::string_view pointer) const;

  [[nodiscard]] std::string type() const { return text("/type"); }
  [[nodiscard]] bool is_reset(std::string_view direction) const;
  [[nodiscard]] std::uint16_t local_port() const;
  [[nodiscard]] std::uint16_t peer_port() const;
  [[nodiscard]] std::uint32_t netns() const;

  [[nodiscard]] const nlohmann::json& json() const { return json_; }
  [[nodiscard]] Clock::time_point arrived() const { return arrived_; }

 private:
  [[nodiscard]] const nlohmann::json* find(std::string_view pointer) const;

  nlohmann::json json_;
  Clock::time_point arrived_;
};
using Lines = std::vector<Line>;

std::ostream& operator<<(std::ostream& out, const Line& line);  // for gtest's messages

}  // namespace tcptrace::live
