// SPDX-License-Identifier: GPL-2.0
// bundle.mjs PAGE LIBRARY HEADER: puts the style sheets and scripts of PAGE and of the plotting library into page.html,
// with a policy that allows these and nothing else, and writes the pieces between what differs from report to report as
// constants of C++.
import {createHash} from "node:crypto";
import {readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";

const [page, library, header] = process.argv.slice(2);
const read = (...path) => readFileSync(join(...path), "utf8").replaceAll("\r", "");
const SCRIPTS = ["format.js", "dom.js", "tables.js", "plots.js", "overview.js", "details.js", "main.js"];
const PLACES = ["{{title}}", "{{text}}", "{{data}}"];

const license = `/*! uPlot\n${read(library, "LICENSE").trim()}\n*/\n`;
const own = SCRIPTS.map((name) => read(page, name)).join("");
const script = `${license}${read(library, "dist/uPlot.iife.min.js")}\n(() => {\n"use strict";\n${own}})();\n`;
const style = `${read(library, "dist/uPlot.min.css")}\n${read(page, "page.css")}`;

// What ends an element early, and what only a script that is loaded from elsewhere would need.
for (const [name, text, forbidden] of [["script", script, /<\/script|<!--/i], ["style", style, /<\/style|@import|url\(/i]]) {
  const found = text.match(forbidden);
  if (found !== null) {
    throw new Error(`the ${name} has ${found[0]} in it`);
  }
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = ["default-src 'none'", `script-src ${hash(script)}`, `style-src ${hash(style)}`, "img-src data:",
                "base-uri 'none'", "form-action 'none'"].join("; ");
// A function: what is put in may have "$&" in it.
const html = read(page, "page.html").replace("{{policy}}", () => policy).replace("{{style}}", () => style)
    .replace("{{script}}", () => script);

let rest = html;
const pieces = PLACES.map((place) => {
  const at = rest.indexOf(place);
  if (at < 0) {
    throw new Error(`page.html has no ${place} where it belongs`);
  }
  const piece = rest.slice(0, at);
  rest = rest.slice(at + place.length);
  return piece;
});
pieces.push(rest);

// A compiler may refuse a literal of more than 64 KiB.
const literal = (text) => {
  const parts = text.match(/[^]{1,16000}/g) ?? [""];
  return parts.map((part) => `R"~page~(${part})~page~"`).join("\n");
};
writeFileSync(header, `// Made by userspace/report_page/bundle.mjs.
#pragma once

#include <array>
#include <string_view>

namespace tcptrace::output::report_page {

// Between them: the title, the report as text, the report as JSON.
inline constexpr std::array<std::string_view, ${pieces.length}> kPieces = {
${pieces.map(literal).join(",\n")}};

}  // namespace tcptrace::output::report_page
`);
