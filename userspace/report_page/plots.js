// SPDX-License-Identifier: GPL-2.0
// Plots with uPlot: drawn in the colours of the page, and again when those or its width change.

const plots = [];

const colorOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// The bars of each series begin where those of the one before end: uPlot draws them from 0, the highest first.
const stacked = (columns) => {
  const sums = columns[0].map(() => 0);
  return columns.map((column) => column.map((value, i) => sums[i] += value));
};

const axis = (extra) => ({
  stroke: colorOf("muted"),
  grid: {stroke: colorOf("grid"), width: 1},
  ticks: {stroke: colorOf("grid"), width: 1, size: 4},
  font: "11px system-ui, sans-serif",
  ...extra,
});

const utc = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");

// `make(width)` gives {options, data}; it is asked anew for every drawing.
const plot = (name, height, make) => {
  const place = el("div", {class: "plot", "data-plot": name});
  let drawn = null;
  const draw = () => {
    const width = Math.floor(place.clientWidth);
    if (width === 0) {
      return;
    }
    const {options, data} = make(width);
    drawn?.destroy();
    drawn = new uPlot({width, height, padding: [8, 8, 0, 0], legend: {live: true}, ...options}, data, place);
  };
  plots.push(draw);
  let width = 0;
  new ResizeObserver(() => {
    if (Math.floor(place.clientWidth) !== width) {
      width = Math.floor(place.clientWidth);
      draw();
    }
  }).observe(place);
  return place;
};

const redrawPlots = () => plots.forEach((draw) => draw());

// Bars over time: `series` has {label, color, values}, from the bottom up. `times` are seconds, `step` apart.
const timeBars = (name, times, step, series, height) => plot(name, height, () => {
  const bars = uPlot.paths.bars({size: [0.92, 40], align: 1});
  const tops = stacked(series.map((one) => one.values));
  const order = series.map((_, i) => series.length - 1 - i);
  return {
    data: [times, ...order.map((i) => tops[i])],
    options: {
      tzDate: utc,
      cursor: {drag: {x: false, y: false}, points: {show: false}, sync: {key: "time"}},
      scales: {
        x: {time: true, range: [times[0] - step / 2, times[times.length - 1] + step * 1.5]},
        y: {range: (_, low, high) => [0, Math.max(1, high * 1.08)]},
      },
      axes: [
        axis({size: 44, values: timeLabels(step), space: 90}),
        axis({values: (_, splits) => splits.map((value) => Number.isInteger(value) ? short(value) : ""), size: 52}),
      ],
      series: [
        {label: "UTC", value: (_, seconds) => seconds === null ? "–" : new Date(seconds * 1000).toISOString().slice(0, step < 1 ? 23 : 19).replace("T", " ")},
        ...order.map((i) => ({
          label: series[i].label,
          fill: colorOf(series[i].color),
          stroke: colorOf(series[i].color),
          width: 0,
          paths: bars,
          points: {show: false},
          value: (_, __, ___, at) => at === null || at === undefined ? "–" : grouped(series[i].values[at]),
        })),
      ],
    },
  };
});

// Clock times, with the date where a new day begins; fractions where a column is less than a second.
const timeLabels = (step) => (_, splits) => {
  let day = "";
  return splits.map((seconds) => {
    const ms = seconds * 1000;
    const fraction = step < 1 && ms % 1000 !== 0 ? `.${String(Math.round(ms % 1000)).padStart(3, "0")}` : "";
    const lines = step >= 86400 ? [dateText(ms)] : [clockText(ms) + fraction];
    if (step < 86400 && dateText(ms) !== day) {
      lines.push(dateText(ms));
      day = dateText(ms);
    }
    return lines.join("\n");
  });
};

// Bars with a name each, of which those that fit are shown.
const namedBars = (name, names, series, height) => plot(name, height, (width) => {
  const tops = stacked(series.map((one) => one.values));
  const order = series.map((_, i) => series.length - 1 - i);
  const every = Math.max(1, Math.ceil(names.length * 62 / Math.max(width - 60, 62)));
  return {
    data: [names.map((_, i) => i), ...order.map((i) => tops[i])],
    options: {
      cursor: {drag: {x: false, y: false}, points: {show: false}},
      scales: {
        x: {time: false, range: [-0.7, Math.max(names.length, 6) - 0.3]},
        y: {range: (_, low, high) => [0, Math.max(1, high * 1.08)]},
      },
      axes: [
        axis({size: 30, splits: names.map((_, i) => i).filter((i) => i % every === 0), grid: {show: false},
              values: (_, splits) => splits.map((i) => names[i].split(" to ")[0])}),
        axis({values: (_, splits) => splits.map((value) => Number.isInteger(value) ? short(value) : ""), size: 52}),
      ],
      series: [
        {label: "Without data for", value: (_, i) => i === null ? "–" : names[i]},
        ...order.map((i) => ({
          label: series[i].label,
          fill: colorOf(series[i].color),
          stroke: colorOf(series[i].color),
          width: 0,
          paths: uPlot.paths.bars({size: [0.8, 46]}),
          points: {show: false},
          value: (_, __, ___, at) => at === null || at === undefined ? "–" : grouped(series[i].values[at]),
        })),
      ],
    },
  };
});

// Lines over time, on one axis.
const timeLines = (name, times, series, height) => plot(name, height, () => ({
  data: [times, ...series.map((one) => one.values)],
  options: {
    tzDate: utc,
    cursor: {drag: {x: false, y: false}},
    scales: {
      x: {time: true, range: (_, low, high) => [low === high ? low - 1 : low, low === high ? high + 1 : high]},
      y: {range: (_, low, high) => [0, Math.max(1, high * 1.1)]},
    },
    axes: [axis({size: 44, values: timeLabels(1), space: 90}), axis({values: (_, splits) => splits.map(short), size: 52})],
    series: [
      {label: "UTC", value: (_, seconds) => seconds === null ? "–" : new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")},
      ...series.map((one) => ({
        label: one.label,
        stroke: colorOf(one.color),
        width: 1.5,
        points: {show: times.length < 40, size: 5, stroke: colorOf(one.color), fill: colorOf(one.color)},
        value: (_, value) => value === null ? "–" : grouped(value),
      })),
    ],
  },
}));

// Lines over the seconds before a reset, each with an axis of its own: the first left, the second right.
const linesBefore = (name, seconds, series, height) => plot(name, height, () => ({
  data: [seconds, ...series.map((one) => one.values)],
  options: {
    cursor: {drag: {x: false, y: false}},
    scales: {
      x: {time: false, range: (_, low, high) => [low === high ? low - 1 : low, high]},
      ...Object.fromEntries(series.map((one, i) => [`y${i}`, {range: (_, low, high) => [0, Math.max(one.least, high * 1.1)]}])),
    },
    axes: [
      axis({size: 30, values: (_, splits) => splits.map((value) => `${value} s`)}),
      ...series.slice(0, 2).map((one, i) => axis({
        scale: `y${i}`,
        side: i === 0 ? 3 : 1,
        grid: {show: i === 0, stroke: colorOf("grid"), width: 1},
        values: (_, splits) => splits.map(one.tick),
        size: 56,
      })),
    ],
    series: [
      {label: "Before", value: (_, value) => value === null ? "–" : `${value} s`},
      ...series.map((one, i) => ({
        label: one.label,
        scale: `y${i}`,
        stroke: colorOf(one.color),
        width: 1.5,
        dash: one.dash,
        paths: one.stepped ? uPlot.paths.stepped({align: 1}) : undefined,
        points: {show: seconds.length < 40, size: 5, stroke: colorOf(one.color), fill: colorOf(one.color)},
        value: (_, value) => value === null ? "–" : one.show(value),
      })),
    ],
  },
}));
