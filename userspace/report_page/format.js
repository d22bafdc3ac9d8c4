// SPDX-License-Identifier: GPL-2.0
// Numbers, times and names as people read them. The same wherever the page is opened: English numbers, UTC.

const grouped = (number) => number.toLocaleString("en-US");

const short = (number) => number < 10000 ? grouped(number) :
    new Intl.NumberFormat("en-US", {notation: "compact", maximumFractionDigits: 1}).format(number);

const duration = (ms) => {
  const units = [[86400e3, "d"], [3600e3, "h"], [60e3, "min"], [1e3, "s"], [1, "ms"]];
  if (ms < 1) {
    return ms === 0 ? "0 s" : `${Math.round(ms * 1000)} µs`;
  }
  const at = units.findIndex(([length]) => ms >= length);
  const [length, unit] = units[at];
  if (at >= 3) {
    return `${Number((ms / length).toPrecision(3))} ${unit}`;
  }
  const [below, unitBelow] = units[at + 1];
  const rest = Math.floor(ms % length / below);
  return `${Math.floor(ms / length)} ${unit}${rest === 0 ? "" : ` ${rest} ${unitBelow}`}`;
};

// Milliseconds since 1970 of "2026-11-21T01:02:03.123456789Z".
const timeOf = (text) => Date.parse(text);

const pad = (number) => String(number).padStart(2, "0");
const dateText = (ms) => new Date(ms).toISOString().slice(0, 10);
const clockText = (ms) => new Date(ms).toISOString().slice(11, 19);
const dateTime = (text) => `${text.slice(0, 10)} ${text.slice(11, 19)}`;

const partyText = (row) => `${row.peer.includes(":") ? `[${row.peer}]` : row.peer}:${row.port}`;
const endText = (address, port) => `${address.includes(":") ? `[${address}]` : address}:${port}`;
const plural = (count, what) => `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
