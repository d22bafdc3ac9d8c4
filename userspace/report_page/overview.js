// SPDX-License-Identifier: GPL-2.0
// What the report is of, its figures, what to do, and when it happened.

const hostsOf = (report) => {
  const hosts = new Map();
  for (const source of report.sources) {
    const name = source.host ?? "unknown host";
    const kernel = source.kernel === undefined ? "" : `Linux ${source.kernel}${source.arch ? `, ${source.arch}` : ""}`;
    hosts.set(name, hosts.get(name) || kernel);
  }
  return [...hosts].map(([name, kernel]) => ({name, kernel}));
};

const severalHosts = (rows) => rows.some((row) => row.host !== rows[0].host);
const hostColumn = (rows) => severalHosts(rows) ? [{title: "Host", value: (row) => row.host}] : [];

const headline = (report) => {
  const hosts = hostsOf(report);
  const span = report.first === undefined ? "nothing that has a time" :
      `${dateTime(report.first)} to ${dateTime(report.last)} UTC, ${duration(report.duration_ms)}`;
  return el("header", {},
            el("div", {}, el("h1", {}, hosts.map((host) => host.name).slice(0, 4).join(", ") || "no host"),
               el("p", {class: "note"}, span),
               el("p", {class: "note"}, hosts.filter((host) => host.kernel !== "").slice(0, 4)
                  .map((host) => hosts.length > 1 ? `${host.name}: ${host.kernel}` : host.kernel).join("; "))),
            el("button", {type: "button", id: "theme", class: "plain", title: "Dark or light"}, "◐"));
};

const card = (title, content, detail, level) =>
    el("div", {class: `card ${level ?? ""}`.trim()}, el("dt", {}, title), el("dd", {}, content),
       el("dd", {class: "muted"}, detail));

const cards = (report) => {
  const {totals, lost} = report;
  const resets = totals.resets_sent + totals.resets_received;
  return el("dl", {class: "cards"},
            card("Resets", figure("resets", resets),
                 el("span", {}, figure("totals.resets_sent", totals.resets_sent), " sent, ",
                    figure("totals.resets_received", totals.resets_received), " received")),
            card("Failures", figure("totals.failures", totals.failures), "ended without a reset"),
            card("Retransmitted", figure("totals.retransmitted_segments", totals.retransmitted_segments), "segments"),
            card("Causes", figure("by_cause.length", report.by_cause.length),
                 el("span", {}, "of ", figure("totals.verdicts", totals.verdicts), " verdicts")),
            card("Alerts", figure("alerts.length", report.alerts.length + report.alerts_elsewhere),
                 `${grouped(report.alerts.filter((alert) => alert.cleared === undefined).length)} still raised`,
                 report.alerts.length > 0 ? "warning" : undefined),
            card("Lost", figure("lost.total", lost.total), lost.total === 0 ? "nothing is missing" : "records: see below",
                 lost.total > 0 ? "critical" : undefined));
};

const missing = (report) => {
  const lines = report.sources.flatMap((source) => source.missing);
  if (report.lost.total > 0) {
    const kinds = Object.entries(report.lost).filter(([kind, count]) => kind !== "total" && count > 0);
    lines.push(`${plural(report.lost.total, "record")} lost: ` +
               kinds.map(([kind, count]) => `${kind.replaceAll("_", " ")} ${grouped(count)}`).join(", "));
  }
  return lines.length === 0 ? null :
      el("div", {class: "callout critical", id: "missing"}, el("strong", {}, "Not everything is here"),
         el("ul", {}, ...lines.map((line) => el("li", {}, line))));
};

const advice = (report) => {
  if (report.by_cause.length === 0) {
    return section("advice", "What to do", "", nothing("No connection was reset or failed."));
  }
  const most = report.by_cause[0].count;
  return section("advice", "What to do", "Causes by how often they came, with the advice for each.",
                 el("ol", {class: "causes"}, ...report.by_cause.map((cause, i) =>
                     el("li", {"data-cause": cause.cause},
                        el("div", {class: "cause"}, el("code", {}, cause.cause), figure(`by_cause.${i}.count`, cause.count),
                           el("meter", {min: 0, max: most, value: cause.count, "aria-label": cause.cause})),
                        ...cause.advice.map((one) => el("p", {}, one.text, cause.advice.length > 1 ?
                            el("span", {class: "muted"}, ` (${grouped(one.count)})`) : null))))));
};

const findings = (report) => report.findings.length === 0 ? null :
    section("findings", "Findings", "What the host itself had to say when the report was made.",
            ...report.findings.map((finding) =>
                el("article", {class: `finding ${finding.level}`, "data-finding": finding.name},
                   el("h3", {}, badge(finding.level), finding.text, finding.host && hostsOf(report).length > 1 ?
                      el("span", {class: "muted"}, ` ${finding.host}`) : null),
                   finding.why ? el("p", {}, finding.why) : null,
                   finding.advice ? el("p", {class: "do"}, finding.advice) : null)));

const alerts = (report) => report.alerts.length === 0 ? null :
    section("alerts", "Alerts", report.alerts_elsewhere > 0 ? `${plural(report.alerts_elsewhere, "more alert")} had no room.` : "",
            makeTable("alerts", [
              {title: "Since", value: (row) => row.since, show: (row) => dateTime(row.since)},
              {title: "Level", value: (row) => row.level, show: (row) => badge(row.level)},
              {title: "Alert", value: (row) => row.name, show: (row) => el("code", {}, row.name)},
              {title: "Subject", value: (row) => row.subject, wide: true},
              {title: "Peak", value: (row) => row.peak, show: (row) => `${grouped(row.peak)} ${row.unit ?? ""}`.trim(), number: true},
              {title: "Threshold", value: (row) => row.threshold, number: true},
              {title: "Lasted", value: (row) => row.cleared === undefined ? Infinity : timeOf(row.cleared) - timeOf(row.since),
               show: (row) => row.cleared === undefined ? "still raised" : duration(timeOf(row.cleared) - timeOf(row.since)), number: true},
              ...hostColumn(report.alerts),
            ], report.alerts, 0));

// With those in which nothing happened.
const timelineColumns = (timeline) => {
  const step = timeline.bucket_ms;
  const first = timeOf(timeline.buckets[0].at);
  const count = Math.round((timeOf(timeline.buckets[timeline.buckets.length - 1].at) - first) / step) + 1;
  const columns = Object.fromEntries(["resets_sent", "resets_received", "failures", "retransmitted_segments"]
      .map((name) => [name, new Array(count).fill(0)]));
  for (const bucket of timeline.buckets) {
    const at = Math.round((timeOf(bucket.at) - first) / step);
    for (const [name, values] of Object.entries(columns)) {
      values[at] = bucket[name] ?? 0;
    }
  }
  return {times: Array.from({length: count}, (_, i) => (first + i * step) / 1000), step: step / 1000, columns};
};

const timeline = (report) => {
  if (report.timeline.buckets.length === 0) {
    return section("timeline", "Timeline", "", nothing("Nothing happened."));
  }
  const {times, step, columns} = timelineColumns(report.timeline);
  const any = (name) => columns[name].some((value) => value > 0);
  const resets = [["Resets sent", "sent", "resets_sent"], ["Resets received", "received", "resets_received"],
                  ["Failures", "failed", "failures"]].filter(([, , name]) => any(name))
      .map(([label, color, name]) => ({label, color, values: columns[name]}));
  const segments = {label: "Retransmitted segments", color: "again", values: columns.retransmitted_segments};
  return section("timeline", "Timeline", `UTC; a column is ${duration(report.timeline.bucket_ms)}.`,
                 resets.length > 0 ? timeBars("timeline", times, step, resets, 220) : null,
                 any("retransmitted_segments") ? timeBars("retransmits", times, step, [segments], 150) : null);
};

const gauges = (report) => report.gauges.length === 0 ? null :
    section("gauges", "Connections", `What a monitor has read; UTC.${report.gauges_elsewhere > 0 ?
        ` ${plural(report.gauges_elsewhere, "reading")} of other hosts had no room.` : ""}`,
            ...report.gauges.flatMap((one, i) => {
              const times = one.points.map((point) => timeOf(point.at) / 1000);
              const line = (label, color, name) => ({label, color, values: one.points.map((point) => point[name])});
              return [
                report.gauges.length > 1 ? el("h3", {}, one.host ?? "–") : null,
                timeLines(`gauges-${i}`, times, [line("Connections", "sent", "connections"), line("TIME_WAIT", "received", "time_wait")], 190),
                timeLines(`rates-${i}`, times, [line("New connections/s", "again", "connections_per_second"),
                                                line("Retransmitted, %", "failed", "retransmit_percent")], 150),
              ];
            }));

const causes = (report) => report.causes.length === 0 ? null :
    section("causes", "Causes by peer and process",
            report.causes_elsewhere > 0 ? `${plural(report.causes_elsewhere, "verdict")} with rarer causes, peers and processes had no row.` : "",
            makeTable("causes", [
              {title: "Count", value: (row) => row.count, number: true},
              {title: "Cause", value: (row) => row.cause, show: (row) => el("code", {}, row.cause)},
              {title: "Confidence", value: (row) => ["unknown", "possible", "likely", "certain"].indexOf(row.confidence),
               show: (row) => row.confidence},
              {title: "Process", value: (row) => row.comm},
              {title: "Peer and port", value: partyText},
              ...report.causes.some((row) => row.container) ? [{title: "Container", value: (row) => row.container?.slice(0, 12)}] : [],
              ...hostColumn(report.causes),
              {title: "First", value: (row) => row.first, show: (row) => dateTime(row.first)},
              {title: "Last", value: (row) => row.last, show: (row) => dateTime(row.last)},
            ], report.causes, 0));
