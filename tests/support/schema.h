// SPDX-License-Identifier: GPL-2.0
// Validates a line of JSON against tcptrace-1.schema.json. For tests of every kind; knows no
// project type.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace tcptrace::test {

class SchemaValidator {
 public:
  // Throws std::runtime_error if the schema cannot be read.
  explicit SchemaValidator(const std::string& schema_path);
  ~SchemaValidator();
  SchemaValidator(const SchemaValidator&) = delete;
  SchemaValidator& operator=(const SchemaValidator&) = delete;

  // Empty if the line is valid, else what is wrong with it, each problem on its own line.
  [[nodiscard]] std::string error(std::string_view json) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Against the schema in the source tree, loaded once.
[[nodiscard]] std::string validate(std::string_view json);

}  // namespace tcptrace::test
