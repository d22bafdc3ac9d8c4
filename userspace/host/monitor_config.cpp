// SPDX-License-Identifier: GPL-2.0
#include "host/monitor_config.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "host/procfs.h"

namespace tcptrace::host {
namespace {

using model::MonitorConfig;
using model::MonitorKey;

// A configuration is a screenful: what is longer is another file.
constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;

struct Place {
  std::size_t line = 1;
  std::size_t column = 0;
};

// Where the byte before `position` is.
Place place_of(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, std::min(position, text.size()));
  const std::string_view read = before.substr(0, before.empty() ? 0 : before.size() - 1);
  const std::size_t newline = read.rfind('\n');
  return {.line = 1 + static_cast<std::size_t>(std::ranges::count(read, '\n')),
          .column = read.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1};
}

std::string in_quotes(std::string_view text) { return fmt::format("\"{}\"", terminal_safe(text)); }

// What the parser has read so far: it tells of a key when it has read it, and of no position.
class Tracked {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Tracked(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  Tracked& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  Tracked operator++(int) {
    const Tracked before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Tracked& a, const Tracked& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** reached_;
};

// Takes the one object, and stops at the first thing that is wrong.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Reader(std::string_view text, std::string_view name, const char* const* reached)
      : text_(text), name_(name), reached_(reached) {}

  bool null() override {
    if (key_ != nullptr && key_->threshold != nullptr) {
      config_.*key_->threshold = std::nullopt;
      return accepted();
    }
    return wrong_value("null");
  }
  bool boolean(bool value) override { return wrong_value(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return take(static_cast<double>(value), fmt::format("{}", value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return take(static_cast<double>(value), fmt::format("{}", value));
  }
  bool number_float(number_float_t value, const string_t& written) override {
    return take(value, written);
  }
  bool string(string_t& value) override { return wrong_value(in_quotes(value)); }
  bool binary(binary_t& /*value*/) override { return wrong_value("bytes"); }
  bool start_object(std::size_t /*elements*/) override {
    if (started_) {
      return wrong_value("an object");
    }
    started_ = true;
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*elements*/) override { return wrong_value("an array"); }
  bool end_array() override { return true; }

  bool key(string_t& name) override {
    const auto keys = model::monitor_keys();
    const auto found = std::ranges::find(keys, name, &MonitorKey::name);
    key_line_ = place_of(text_, offset()).line;
    if (found == keys.end()) {
      return fail(fmt::format("unknown key {}", in_quotes(name)),
                  "the keys are in tcptrace(8), CONFIGURATION OF MONITOR");
    }
    if (!given_.insert(name).second) {
      return fail(fmt::format("{} is there twice", name));
    }
    key_ = &*found;
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*failure*/) override {
    const Place place = place_of(text_, offset());
    error_ = usage_error(fmt::format("{}:{}:{}: this is no JSON", name_, place.line, place.column));
    return false;
  }

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] const MonitorConfig& config() const { return config_; }

 private:
  [[nodiscard]] std::size_t offset() const {
    return static_cast<std::size_t>(*reached_ - text_.data());
  }

  bool accepted() {
    key_ = nullptr;
    return true;
  }

  bool fail(std::string what, std::string hint = {}) {
    error_ = usage_error(fmt::format("{}:{}: {}", name_, key_line_, what), std::move(hint));
    return false;
  }

  bool wrong_value(std::string_view given) {
    if (key_ == nullptr) {
      return fail(fmt::format("{} is not an object of keys and values", given));
    }
    return fail(fmt::format("{}: {} is not a number{}", key_->name, given,
                            key_->threshold != nullptr ? " or null" : ""));
  }

  bool take(double value, std::string_view written) {
    if (key_ == nullptr) {
      return wrong_value(written);
    }
    if (!(value >= key_->min && value <= key_->max)) {
      return fail(
          fmt::format("{}: {} is not from {} to {}", key_->name, written, key_->min, key_->max));
    }
    if (key_->whole && value != std::floor(value)) {
      return fail(fmt::format("{}: {} is not a whole number", key_->name, written));
    }
    if (key_->threshold != nullptr) {
      config_.*key_->threshold = value;
    } else {
      config_.*key_->value = value;
    }
    return accepted();
  }

  std::string_view text_;
  std::string_view name_;
  const char* const* reached_;
  MonitorConfig config_;
  const MonitorKey* key_ = nullptr;
  std::size_t key_line_ = 1;
  std::set<std::string, std::less<>> given_;
  bool started_ = false;
  std::optional<Error> error_;
};

}  // namespace

Result<MonitorConfig> parse_monitor_config(std::string_view text, std::string_view name) {
  const char* reached = text.data();
  Reader reader(text, name, &reached);
  const bool parsed = nlohmann::json::sax_parse(
      Tracked(text.data(), &reached), Tracked(text.data() + text.size(), &reached), &reader);
  if (reader.error()) {
    return std::unexpected(*reader.error());
  }
  if (!parsed) {
    return std::unexpected(usage_error(fmt::format("{}: this is no JSON", name)));
  }
  return reader.config();
}

Result<MonitorConfig> read_monitor_config(const std::filesystem::path& path) {
  const std::string name = terminal_safe(path.native());
  std::error_code ignored;
  if (std::filesystem::is_character_file(path, ignored)) {
    return std::unexpected(usage_error(fmt::format("{} is a device, and no file", name)));
  }
  const auto text = read_file(path, kMaxBytes + 1);
  if (!text) {
    Error error = system_error(fmt::format("cannot read {}", name), text.error().errno_code);
    error.status = ExitStatus::kUsage;
    return std::unexpected(std::move(error));
  }
  if (text->size() > kMaxBytes) {
    return std::unexpected(usage_error(fmt::format("{} is too long for a configuration", name)));
  }
  return parse_monitor_config(*text, name);
}

}  // namespace tcptrace::host
