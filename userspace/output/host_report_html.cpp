// SPDX-License-Identifier: GPL-2.0
// A report as a page: its JSON and its text, put into the page that report_page/ makes at build
// time.
#include <string>
#include <string_view>

#include "base/text.h"
#include "output/host_report.h"
#include "report_page.h"

namespace tcptrace::output {
namespace {

// Text of an element.
void append_html_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
}

// JSON inside a script element, which nothing in it may end: "</script", "<!--".
void append_json_in_script(std::string& out, std::string_view json) {
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
}

std::string title(const model::HostReport& report) {
  const bool one = report.sources.size() == 1 && !report.sources.front().host.empty();
  return one ? "tcptrace: " + terminal_safe(report.sources.front().host) : "tcptrace report";
}

}  // namespace

std::string host_report_html(const model::HostReport& report, const Context& context) {
  Context plain = context;
  plain.color = false;
  const auto& [head, before_text, before_data, tail] = report_page::kPieces;
  std::string out(head);
  append_html_escaped(out, title(report));
  out += before_text;
  append_html_escaped(out, host_report_text(report, plain));
  out += before_data;
  append_json_in_script(out, host_report_json(report));
  out += tail;
  return out;
}

}  // namespace tcptrace::output
