// What will be missed in the coming 1, 3 and 7 days if things go as they did of late.

import { Asked } from "./asked.js";
import { h } from "./dom.js";
import { count, oneDecimal } from "./format.js";
import { itemName } from "./names.js";
import { askedFrame, tableBelow } from "./panel.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const forecast = new Asked("forecast", draw);
let made = null;

export const drawForecast = (page) => forecast.show(page);

function draw(page, asked) {
  const body = askedFrame(page, "forecast", asked, { title: t("forecast") });
  if (!body) return;
  made ??= make(page, body);
  const whole = asked.rows.filter((row) => !row.item);
  const most = Math.max(1, ...whole.map((row) => row.due));
  made.bars.replaceChildren(...whole.map((row) => bar(row, most)));
  if (!whole.length) made.bars.replaceChildren(h("p", { class: "nothing" }, t("noneDue")));
  made.below.name();
  made.below.table.draw(byItem(asked.rows), []);
}

function make(page, body) {
  const bars = h("div", { class: "horizons" });
  body.append(bars);
  const below = tableBelow(body, (place) => {
    const table = new Table(place, {
      columns: columns(page), keyOf: (row) => row.item, sort: "-d7", caption: () => t("forecast"),
      onSort: (sort) => table.draw(byItem(forecast.rows), [], sort),
    });
    return table;
  });
  return { bars, below };
}

function bar(row, most) {
  const place = { "--ends": row.due / most, "--low": row.low / most, "--likely": row.likely / most, "--high": row.high / most };
  return h("div", { class: "horizon" },
    h("p", { class: "horizon-head" }, h("strong", {}, t("inDays", { n: row.days })),
      h("span", { class: "note" }, t("dueRuns", { n: count(row.due) }))),
    h("p", { class: "likely" }, h("b", {}, `≈\u2009${count(Math.round(row.likely))}`), " ",
      h("span", { class: "note" }, t("likelyLate", { low: count(Math.floor(row.low)), high: count(Math.ceil(row.high)) }))),
    h("div", { class: "horizon-bar", "aria-hidden": true, ...place }, h("i", { class: "due" }), h("i", { class: "band" }), h("i", { class: "point" })));
}

function byItem(rows) {
  const items = new Map();
  for (const row of rows.filter(({ item }) => item)) {
    const line = items.get(row.item) ?? { item: row.item };
    line[`d${row.days}`] = row;
    items.set(row.item, line);
  }
  return [...items.values()];
}

function columns(page) {
  const horizon = (n) => ({
    id: `d${n}`, numeric: true, label: () => t("inDays", { n }), value: (row) => row[`d${n}`]?.likely ?? 0,
    text: (row) => `${oneDecimal(row[`d${n}`]?.likely ?? 0)} / ${count(row[`d${n}`]?.due ?? 0)}`,
  });
  return [
    { id: "item", label: () => t("item"), value: (row) => itemName(row.item), text: (row) => itemName(row.item),
      link: (row) => h("a", { href: page.hrefOf({ item: row.item }), "data-item": row.item }, itemName(row.item)) },
    horizon(1), horizon(3), horizon(7),
  ];
}
