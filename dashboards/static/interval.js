// A Wilson interval as a band with a point at the share, and a line at the share of all.

import { h } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./words.js";

/** Where the axis begins and ends: whole tenths around all intervals, so that they tell apart. */
export function axisOf(rows) {
  const known = rows.filter((row) => row.low !== null);
  if (!known.length) return { from: 0, until: 1 };
  const from = Math.floor(Math.min(...known.map(({ low }) => low)) * 10) / 10;
  return { from, until: Math.ceil(Math.max(...known.map(({ high }) => high)) * 10) / 10 };
}

/** A column of intervals; rows carry `low`, `high`, `share`, `axis` and `whole` (null: no line). */
export function intervalColumn(sizeOf) {
  return {
    id: "high", label: () => t("interval"), value: (row) => row.high ?? 2,
    draw: (cell, row) => draw(cell, row, sizeOf(row)),
  };
}

function draw(cell, row, n) {
  cell.className = "interval";
  const { from, until } = row.axis;
  const on = (share) => Math.min(1, Math.max(0, ((share ?? from) - from) / (until - from)));
  const place = { "--low": on(row.low), "--high": on(row.high), "--share": on(row.share), "--mean": on(row.whole) };
  const marks = [...(n ? ["band", "point"] : []), ...(row.whole === null ? [] : ["mean"])];
  cell.replaceChildren(
    h("span", { class: "interval-bar", "aria-hidden": true, ...place }, marks.map((kind) => h("i", { class: kind }))),
    h("span", { class: "interval-text" }, n ? `${percent(row.low)} – ${percent(row.high)}` : "–"));
}
