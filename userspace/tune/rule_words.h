// SPDX-License-Identifier: GPL-2.0
// Opinions that several rules have. Private to tune/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "model/harmful_settings.h"
#include "tune/rule.h"

namespace tcptrace::tune {

// What a setting is, against what the kernel has it at: evidence where nothing else was measured.
[[nodiscard]] inline std::string not_default(std::string_view current, std::string_view usual) {
  return fmt::format("it is {}, and the kernel's default is {}", current, usual);
}

// Back to the kernel's default; `measured` is what it did here, if anything.
[[nodiscard]] inline Opinion put_back(const View& view, std::string_view name, std::string usual,
                                      std::vector<std::string> measured, std::string reason,
                                      std::string risk) {
  const bool any = !measured.empty();
  measured.insert(measured.begin(), not_default(view.text(name), usual));
  return {.proposed = std::move(usual),
          .basis = any ? model::TuneBasis::kEvidence : model::TuneBasis::kHarmful,
          .evidence = std::move(measured),
          .reason = std::move(reason),
          .risk = std::move(risk)};
}

// "Of several segments ... again." of a clause.
[[nodiscard]] inline std::string sentence(std::string_view clause) {
  std::string text(clause);
  text[0] = text[0] >= 'a' && text[0] <= 'z' ? static_cast<char>(text[0] - 'a' + 'A') : text[0];
  return text + '.';
}

// What does harm on any host, in the words of the finding.
[[nodiscard]] inline Opinion mend(const View& view, const model::HarmfulSetting& harm,
                                  std::vector<std::string> measured, std::string risk) {
  return put_back(view, harm.name, std::string(harm.usual), std::move(measured), sentence(harm.why),
                  std::move(risk));
}

[[nodiscard]] inline Opinion general_advice(std::string proposed, std::string reason,
                                            std::string risk) {
  return {.proposed = std::move(proposed),
          .basis = model::TuneBasis::kGeneralAdvice,
          .reason = std::move(reason),
          .risk = std::move(risk)};
}

[[nodiscard]] inline Opinion not_understood() { return stays("its value is not understood"); }

}  // namespace tcptrace::tune
