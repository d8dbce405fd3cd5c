"use strict";
// Draws the table of runs on a table's page; what is drawn is read from that table.
(() => {
  const HEIGHT = 170;
  const plotted = Number(document.querySelector(".plots").dataset.runs);
  const rows = [...document.querySelectorAll("#runs tbody tr")].slice(0, plotted).reverse();
  if (rows.length < 2) return;
  const times = rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000);
  const failing = rows.map((row) => /failed|errored/.test(row.className));

  function numbers(column) {
    return rows.map((row) => {
      const value = row.cells[column].dataset.v;
      return value === undefined ? null : Number(value);
    });
  }

  // The row count may differ by so much from the last run that was accepted.
  function around(values, percent) {
    let accepted = null;
    const before = values.map((value, i) => {
      const last = accepted;
      if (value !== null && !failing[i]) accepted = value;
      return last;
    });
    return [1 - percent / 100, 1 + percent / 100].map((factor) =>
      before.map((value) => (value === null ? null : Math.max(0, value * factor))),
    );
  }

  const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
  const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
  const nothing = () => null;

  function draw(figure) {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    const { column, unit, low, high, warn, error, change } = figure.dataset;
    const values = numbers(Number(column));
    const lines = [
      ...[low, high, error].filter(Boolean).map((limit) => ["failed", times.map(() => Number(limit))]),
      ...[warn].filter(Boolean).map((limit) => ["warned", times.map(() => Number(limit))]),
      ...(change ? around(values, Number(change)).map((limit) => ["warned", limit]) : []),
    ];
    const axis = { stroke: color("quiet"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false } };
    const font = "11px system-ui, sans-serif";
    const chart = new uPlot(
      {
        width: figure.clientWidth,
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        legend: { show: false },
        cursor: { y: false, sync: { key: "runs" }, drag: { x: false, y: false, click: nothing } },
        scales: { y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.08 : 1] } },
        axes: [
          { ...axis, font, size: 28, grid: { show: false }, values: (_, ticks) => ticks.map((at) => day.format(at * 1000)), space: 60 },
          { ...axis, font, size: 48, values: (_, ticks) => ticks.map((at) => short.format(at)) },
        ],
        series: [
          {},
          { stroke: color("plot"), fill: color("plot-bg"), width: 1.5, points: { show: rows.length < 60, size: 4 } },
          { stroke: color("failed"), paths: nothing, points: { show: true, size: 7, fill: color("failed") } },
          ...lines.map(([name]) => ({ stroke: color(name), width: 1.25, dash: [5, 4], points: { show: false } })),
        ],
      },
      [times, values, values.map((value, i) => (failing[i] ? value : null)), ...lines.map(([, limit]) => limit)],
      figure.querySelector(".canvas"),
    );
    const said = figure.querySelector(".said");
    chart.over.addEventListener("mousemove", () => {
      const row = rows[chart.cursor.idx];
      if (row) said.textContent = `${row.cells[Number(column)].textContent} ${unit} on ${row.cells[0].textContent.trim()}`;
    });
    chart.over.addEventListener("mouseleave", () => (said.textContent = ""));
    chart.over.addEventListener("click", () => {
      const row = rows[chart.cursor.idx];
      if (row) location.href = row.querySelector("a").href;
    });
    return chart;
  }

  const figures = [...document.querySelectorAll("figure.plot")].filter((figure) =>
    numbers(Number(figure.dataset.column)).some((value) => value !== null),
  );
  for (const shown of [...figures, document.getElementById("plots-legend")]) shown.hidden = false;
  let charts = figures.map(draw);
  addEventListener("resize", () => {
    charts.forEach((chart, i) => chart.setSize({ width: figures[i].clientWidth, height: HEIGHT }));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const chart of charts) chart.destroy();
    charts = figures.map(draw);
  });
})();
