// SPDX-License-Identifier: GPL-2.0
#include "support/line.h"

#include <ostream>

namespace tcptrace::live {

const nlohmann::json* Line::find(std::string_view pointer) const {
  const nlohmann::json::json_pointer path{std::string(pointer)};
  return json_.contains(path) ? &json_.at(path) : nullptr;
}

bool Line::has(std::string_view pointer) const { return find(pointer) != nullptr; }

std::string Line::text(std::string_view pointer) const {
  const auto* value = find(pointer);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

std::int64_t Line::number(std::string_view pointer) const {
  const auto* value = find(pointer);
  return value != nullptr && value->is_number() ? value->get<std::int64_t>() : 0;
}

double Line::real(std::string_view pointer) const {
  const auto* value = find(pointer);
  return value != nullptr && value->is_number() ? value->get<double>() : 0.0;
}

bool Line::flag(std::string_view pointer) const {
  const auto* value = find(pointer);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

bool Line::is_reset(std::string_view direction) const {
  return type() == "reset" && text("/reset/direction") == direction;
}

std::uint16_t Line::local_port() const {
  return static_cast<std::uint16_t>(number("/connection/local_port"));
}
std::uint16_t Line::peer_port() const {
  return static_cast<std::uint16_t>(number("/connection/peer_port"));
}
std::uint32_t Line::netns() const {
  return static_cast<std::uint32_t>(number("/connection/netns"));
}

std::ostream& operator<<(std::ostream& out, const Line& line) { return out << line.json().dump(); }

}  // namespace tcptrace::live
