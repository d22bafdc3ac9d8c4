// SPDX-License-Identifier: GPL-2.0
// Joins the connections of a load that failed with what a trace beside it says of them. Pure: both
// have the time of CLOCK_BOOTTIME.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/event.h"
#include "model/load.h"

namespace tcptrace::diagnose {

class LoadCauses {
 public:
  // Verdicts kept; of those beyond nothing is known.
  static constexpr std::size_t kMaxVerdicts = 4 * model::kMaxFailedConnections;

  // `event` has its verdict, if there is one for it. Of either end of a connection.
  void note(const model::Event& event);

  // Of several records of a connection the one that tells most is taken. A SYN that nothing
  // answered has none that tells why: if the listener's queue was full meanwhile, that is it.
  [[nodiscard]] model::LoadDiagnosis join(std::span<const model::FailedConnection> failed,
                                          const model::FullestListener& listener) const;

 private:
  using End = std::pair<model::Address, std::uint16_t>;
  using Ends = std::pair<End, End>;  // the lesser first: both ends' records are of one connection

  struct Told {
    std::chrono::nanoseconds boot_time{};
    model::Cause cause = model::Cause::kUnknown;
    model::Confidence confidence = model::Confidence::kUnknown;
    End teller;  // the local end of the record
    std::string_view advice;
  };

  [[nodiscard]] static Ends ends_of(const End& one, const End& other);
  [[nodiscard]] const Told* best(const model::FailedConnection& failed) const;

  std::multimap<Ends, Told> told_;
  std::map<std::pair<model::Cause, model::Confidence>, std::string> summaries_;
};

}  // namespace tcptrace::diagnose
