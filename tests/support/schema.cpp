// SPDX-License-Identifier: GPL-2.0
// valijson behind a small interface: its headers are large.
#include "support/schema.h"

#include <cstdint>
#include <fstream>
#include <limits>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace tcptrace::test {
namespace {

// valijson reads every integer as int64_t; a counter beyond that is replaced by the largest that it
// can read.
void clamp_integers(nlohmann::json& value) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest) {
    value = kLargest;
  } else if (value.is_structured()) {
    for (nlohmann::json& member : value) {
      clamp_integers(member);
    }
  }
}

}  // namespace

struct SchemaValidator::Impl {
  valijson::Schema schema;
};

SchemaValidator::SchemaValidator(const std::string& schema_path) : impl_(std::make_unique<Impl>()) {
  std::ifstream file(schema_path);
  if (!file) {
    throw std::runtime_error("cannot read " + schema_path);
  }
  const auto document = nlohmann::json::parse(file);
  valijson::SchemaParser parser;
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), impl_->schema);
}

SchemaValidator::~SchemaValidator() = default;

std::string SchemaValidator::error(std::string_view json) const {
  auto document = nlohmann::json::parse(json, nullptr, false);
  if (document.is_discarded()) {
    return "not JSON: " + std::string(json);
  }
  clamp_integers(document);
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  if (validator.validate(impl_->schema, valijson::adapters::NlohmannJsonAdapter(document),
                         &results)) {
    return {};
  }
  std::string problems;
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    for (const std::string& step : error.context) {
      problems += step;
    }
    problems += ": " + error.description + '\n';
  }
  return problems + "in " + std::string(json);
}

std::string validate(std::string_view json) {
  static const SchemaValidator validator(TCPTRACE_SCHEMA);
  return validator.error(json);
}

}  // namespace tcptrace::test
