// SPDX-License-Identifier: GPL-2.0
// The page out of the report that is in it.

const report = JSON.parse(document.getElementById("data").textContent);

document.getElementById("report").append(...[
  headline(report), missing(report), cards(report), findings(report), alerts(report), timeline(report), gauges(report), advice(report),
  causes(report), patterns(report), idle(report), worst(report), retransmitted(report), coverage(report), settings(report),
  sources(report),
].filter((part) => part !== null));

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
  redrawPlots();
});
dark.addEventListener("change", redrawPlots);
// On paper it is light, the plots too, and as wide as the paper.
let before;
addEventListener("beforeprint", () => {
  before = root.dataset.theme;
  root.dataset.theme = "light";
  root.dataset.print = "";
  redrawPlots();
});
addEventListener("afterprint", () => {
  delete root.dataset.print;
  if (before === undefined) {
    delete root.dataset.theme;
  } else {
    root.dataset.theme = before;
  }
  redrawPlots();
});
