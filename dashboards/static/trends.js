// Thirty days, day by day: the lines in the tiles, and all values in a table.

import { Asked } from "./asked.js";
import { byId, h } from "./dom.js";
import { count, day, share, thin } from "./format.js";
import { definitionButton, nameDefinition } from "./panel.js";
import { scopeQuery } from "./address.js";
import { Table } from "./table.js";
import { t } from "./words.js";

export const trends = new Asked("trends", (page) => page.redraw("trends"));

/** The values of a tile's line, oldest first; null where there are none yet. */
export function seriesOf(id) {
  const rows = trends.rows;
  if (!rows) return null;
  const of = {
    received_today: (row) => row.received, in_time: (row) => ratio(row),
    accept_hours: (row) => row.accept_hours,
  }[id] ?? ((row) => row[id]);
  // What came in today grows until midnight: beside whole days it would show a fall that is none.
  return (id === "received_today" ? rows.slice(0, -1) : rows).map((row) => of(row) ?? null);
}

const ratio = (row) => (row.in_time + row.out_of_time ? row.in_time / (row.in_time + row.out_of_time) : null);

/** The median of the last seven days that have one; null where none has. */
export function recentHours() {
  const known = (seriesOf("accept_hours") ?? []).filter((value) => value !== null).slice(-7);
  if (!known.length) return null;
  known.sort((a, b) => a - b);
  return known[Math.floor((known.length - 1) / 2)];
}

/** Runs that ended in time and all that ended, over the thirty days. */
export function inTime() {
  if (!trends.rows) return null;
  const sum = (key) => trends.rows.reduce((total, row) => total + row[key], 0);
  return { met: sum("in_time"), n: sum("in_time") + sum("out_of_time") };
}

export function showTrends(page) {
  const dialog = byId("definition");
  const ask = definitionButton("panels.trends");
  nameDefinition(ask, t("trends"));
  const place = h("div", {});
  dialog.replaceChildren(
    h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: () => dialog.close() }, "×"),
    h("header", { class: "title" }, h("h2", { id: "definition-title" }, t("trends")), ask,
      h("a", { class: "quiet csv", download: true, href: `/api/panels/trends.csv${scopeQuery(page.state)}` }, t("csv"))),
    place);
  const table = new Table(place, {
    columns: columns(), keyOf: (row) => row.day, sort: "-day", caption: () => t("trends"),
    onSort: (sort) => table.draw(trends.rows, [], sort),
  });
  table.draw(trends.rows ?? [], []);
  if (!dialog.open) dialog.showModal();
}

function columns() {
  const plain = (id) => ({ id, numeric: true, label: () => t(`trend.${id}`), value: (row) => row[id], text: (row) => count(row[id]) });
  return [
    { id: "day", label: () => t("trend.day"), value: (row) => row.day, text: (row) => day(row.day) },
    ...["received", "closed", "open", "late", "supervised"].map(plain),
    { id: "in_time", numeric: true, label: () => t("in_time"), value: (row) => ratio(row) ?? -1,
      text: (row) => share(row.in_time, row.in_time + row.out_of_time) },
    { id: "accept_hours", numeric: true, label: () => t("accept_hours"), value: (row) => row.accept_hours ?? -1,
      text: (row) => (row.accept_hours === null ? "–" : thin(row.accept_hours, "h")) },
  ];
}
