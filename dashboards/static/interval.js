// A Wilson interval as a band with a point at the share, and a line at the share of all.

import { h } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./words.js";

/** Where the axis begins: a whole tenth below every interval, so that they can be told apart. */
export function edgeOf(rows) {
  const low = Math.min(1, ...rows.map((row) => row.low ?? 1));
  return Math.max(0, Math.min(0.9, Math.floor(low * 10) / 10));
}

/** A column of intervals; rows carry `low`, `high`, `share`, `edge` and `whole` (null: no line). */
export function intervalColumn(sizeOf) {
  return {
    id: "high", label: () => t("interval"), value: (row) => row.high ?? 2,
    draw: (cell, row) => draw(cell, row, sizeOf(row)),
  };
}

function draw(cell, row, n) {
  cell.className = "interval";
  const on = (share) => ((share ?? row.edge) - row.edge) / (1 - row.edge);
  const place = { "--low": on(row.low), "--high": on(row.high), "--share": on(row.share), "--mean": on(row.whole) };
  const marks = [...(n ? ["band", "point"] : []), ...(row.whole === null ? [] : ["mean"])];
  cell.replaceChildren(
    h("span", { class: "interval-bar", "aria-hidden": true, ...place }, marks.map((kind) => h("i", { class: kind }))),
    h("span", { class: "interval-text" }, n ? `${percent(row.low)} – ${percent(row.high)}` : "–"));
}
