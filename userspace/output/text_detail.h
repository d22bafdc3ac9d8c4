// SPDX-License-Identifier: GPL-2.0
// The words of an event's line: the EVENT and DETAIL columns and the further lines of -v. Private
// to output/.
#pragma once

#include <string>
#include <string_view>

#include "model/event.h"
#include "output/text_cell.h"

namespace tcptrace::output {

struct Label {
  std::string_view text;
  Color color = Color::kNone;
};

// "RST sent", "retrans RTO", "connect failed", "died" …
[[nodiscard]] Label event_label(const model::Event& event);

// The state that tells most: the one before a reset or an end, the new one otherwise.
[[nodiscard]] model::TcpState shown_state(const model::Event& event);

void append_detail(std::string& out, const model::Event& event);
// Facts and advice.
void append_verdict(std::string& out, const model::Verdict& verdict);
void append_verbose(std::string& out, const model::Event& event);
// Of an event that has one.
void append_history(std::string& out, const model::Event& event);

}  // namespace tcptrace::output
