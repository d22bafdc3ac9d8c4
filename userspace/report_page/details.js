// SPDX-License-Identifier: GPL-2.0
// Idle times, single connections, and what a run says about itself.

const idle = (report) => {
  if (report.idle.length === 0) {
    return null;
  }
  const names = report.idle.map((bucket) => bucket.to_ms === undefined ? `${duration(bucket.from_ms)} or more` :
      `${duration(bucket.from_ms)} to ${duration(bucket.to_ms)}`);
  const note = "How long connections had carried no data when they were reset: what stands out is a timeout, here, at the " +
      `peer or on the way.${report.idle_unknown > 0 ? ` Of ${plural(report.idle_unknown, "reset")} it is not known.` : ""}`;
  return section("idle", "Idle before the reset", note, namedBars("idle", names, [
    {label: "Resets sent", color: "sent", values: report.idle.map((bucket) => bucket.sent)},
    {label: "Resets received", color: "received", values: report.idle.map((bucket) => bucket.received)},
  ], 220));
};

const worstPlot = (connection, i) => {
  const samples = connection.history;
  const milliseconds = (value) => duration(value);
  return linesBefore(`worst-${i}`, samples.map((sample) => sample.at_ms / 1000), [
    {label: "RTT", color: "sent", values: samples.map((sample) => sample.rtt_us === undefined ? null : sample.rtt_us / 1000),
     least: 0.05, tick: (value) => value === 0 ? "0" : duration(value), show: milliseconds},
    {label: "Retransmissions", color: "failed", values: samples.map((sample) => sample.total_retrans), stepped: true,
     least: 1, tick: (value) => Number.isInteger(value) ? short(value) : "", show: grouped},
    {label: "In flight", color: "again", values: samples.map((sample) => sample.unacked), stepped: true, dash: [5, 4],
     least: 1, tick: short, show: (value) => plural(value, "segment")},
  ], 190);
};

const worst = (report) => report.worst.length === 0 ? null :
    section("worst", "Worst connections before their reset",
            `Most retransmissions first, of ${plural(report.with_history, "connection")} that had been sampled; 0 is the reset.`,
            el("div", {class: "grid"}, ...report.worst.map((connection, i) => {
              const {connection: ends, process, verdict} = connection;
              return el("article", {class: "connection", "data-worst": String(i)},
                        el("h3", {}, `${process?.comm || "–"} `, el("span", {class: "ends"},
                            `${endText(ends.local, ends.local_port)} → ${endText(ends.peer, ends.peer_port)}`)),
                        el("p", {}, el("code", {}, verdict?.cause ?? "unknown"), ` ${verdict?.summary ?? ""}`),
                        el("p", {class: "muted"}, `${dateTime(connection.time)} UTC, reset ${connection.direction}`,
                           connection.host && hostsOf(report).length > 1 ? ` on ${connection.host}` : "", ", ",
                           figure(`worst.${i}.retransmits`, connection.retransmits), " retransmitted, RTT up to ",
                           figure(`worst.${i}.max_rtt_us`, connection.max_rtt_us, duration(connection.max_rtt_us / 1000))),
                        worstPlot(connection, i));
            })));

const retransmitted = (report) => report.retransmitted.length === 0 ? null :
    section("retransmitted", "Retransmissions by peer and process",
            report.retransmitted_elsewhere > 0 ? `${plural(report.retransmitted_elsewhere, "segment")} of others had no row.` : "",
            makeTable("retransmitted", [
              {title: "Segments", value: (row) => row.segments, number: true},
              {title: "After a timeout", value: (row) => row.timeouts, number: true},
              {title: "Of handshakes", value: (row) => row.handshakes, number: true},
              {title: "Process", value: (row) => row.comm},
              {title: "Peer and port", value: partyText, wide: true},
              ...hostColumn(report.retransmitted),
            ], report.retransmitted, 0));

const patternText = (row) => {
  const who = row.comm ?? "–";
  if (row.pattern === "idle_timeout") {
    return `${grouped(row.count)} of ${grouped(row.of)} connections of ${who} with ${partyText(row)} ended after ` +
        `${duration(row.idle_ms)} without data (${row.cause}): look for a timeout of that length there and on the way`;
  }
  if (row.pattern === "retry_storm") {
    return `${who} (${row.pid ?? "–"}) failed to connect to ${partyText(row)} ${grouped(row.count)} times, ` +
        `${row.per_second.toFixed(1)}/s, ${row.backs_off ? "with a growing back-off" : "without backing off"}`;
  }
  return `${who} (${row.pid ?? "–"}) opened and closed ${grouped(row.count)} connections to ${partyText(row)}, ` +
      `${row.per_second.toFixed(1)}/s, half of them within ${duration(row.age_ms)}: keep them in a pool`;
};

const patterns = (report) => {
  const rows = report.sources.flatMap((source) => source.patterns.map((row) => ({...row, host: source.host})));
  return rows.length === 0 ? null : section("patterns", "Patterns", "What many of these have in common.",
      makeTable("patterns", [
        {title: "Count", value: (row) => row.count, number: true},
        {title: "Pattern", value: (row) => row.pattern, show: (row) => el("code", {}, row.pattern)},
        {title: "What", value: patternText, wide: true},
        ...hostColumn(rows),
      ], rows, 0));
};

const coverage = (report) => {
  const rows = report.sources.flatMap((source) => source.coverage.flatMap((netns) => netns.counters
      .filter((counter) => counter.kernel !== 0 || (counter.traced ?? 0) !== 0)
      .map((counter) => ({...counter, netns: netns.name ?? `netns ${netns.netns}`, host: source.host}))));
  return rows.length === 0 ? null : section("coverage", "Coverage",
      "The kernel's own counters over the same time, before any filter, beside what was seen.",
      makeTable("coverage", [
        {title: "Counter", value: (row) => row.counter},
        {title: "Kernel", value: (row) => row.kernel, number: true},
        {title: "Traced", value: (row) => row.traced ?? -1, show: (row) => row.traced ?? "for information", number: true},
        {title: "Not seen", value: (row) => row.traced === undefined ? -1 : Math.max(0, row.kernel - row.traced),
         show: (row) => row.traced === undefined ? "" : Math.max(0, row.kernel - row.traced), number: true},
        {title: "Namespace", value: (row) => row.netns},
        ...hostColumn(rows),
      ], rows, 3));
};

const settings = (report) => report.settings.length === 0 ? null :
    section("settings", "Settings", "", makeTable("settings", [
      {title: "Name", value: (row) => row.name, show: (row) => el("code", {}, row.name)},
      {title: "Value", value: (row) => row.value, wide: true},
      ...report.settings.some((row) => row.netns) ? [{title: "Namespace", value: (row) => row.netns}] : [],
      ...hostColumn(report.settings),
    ], report.settings, 0));

const hooksOf = (source) => source.hooks.length === 0 ? null :
    el("details", {}, el("summary", {}, "Hooks"),
       el("ul", {}, ...source.hooks.map((hook) => el("li", {},
           el("code", {}, hook.name), ` ${hook.attached.join(", ") || "not attached"}`,
           hook.attached.length === 0 ? `: ${hook.purpose ?? ""} will not be seen` : hook.limit ? `: ${hook.limit}` : ""))));

const sources = (report) => section("sources", "Sources", `Made ${dateTime(report.time)} UTC by tcptrace ${report.version ?? ""}.`,
    ...report.sources.map((source) => el("article", {class: "source"},
        el("h3", {}, source.kind === "live" ? "Traced when the report was made" : source.name ?? "–"),
        el("p", {class: "muted"}, [
          source.kind, source.host, source.first === undefined ? undefined :
              `${dateTime(source.first)} to ${dateTime(source.last)} UTC, ${duration(source.duration_ms)}`,
          plural(source.events, "event"), source.ended_by === undefined ? undefined : `ended by: ${source.ended_by}`,
          source.polling === undefined ? undefined :
              `connections sampled every ${duration(source.polling.interval_ms)} by ${source.polling.source}`,
          `lost: ${source.lost.total === 0 ? "nothing" : grouped(source.lost.total)}`,
        ].filter((words) => words !== undefined).join(", ")),
        hooksOf(source))));
