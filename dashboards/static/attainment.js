// Who keeps the limits: by item, by department, and the ranking of places, with intervals.

import { Asked } from "./asked.js";
import { h, setText } from "./dom.js";
import { count, percent } from "./format.js";
import { axisOf, intervalColumn } from "./interval.js";
import {
  countyName, departmentName, itemName, prefectureName, prefectureOf, prefectureShort, rememberTownships, townshipName,
} from "./names.js";
import { askedFrame } from "./panel.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const attainment = new Asked("attainment", draw);
const townships = new Asked("attainment_townships", drawTownships);
const tables = {};

export const drawAttainment = (page) => attainment.show(page);
export const drawTownshipAttainment = (page) => townships.show(page);

const PANELS = [
  { id: "attainment_departments", name: (code) => departmentName(code), link: (code) => ({ department: code }), column: "department" },
  { id: "attainment_items", name: (code) => itemName(code), link: (code) => ({ item: code }), column: "item" },
  { id: "ranking", name: (code) => countyName(code), column: "county", more: true,
    link: (code) => ({ prefecture: prefectureOf(code), county: code }) },
  { id: "ranking_prefectures", name: (code) => prefectureName(code), column: "prefecture",
    link: (code) => ({ prefecture: code, county: "", township: "" }) },
];

const TOWNSHIPS = {
  id: "attainment_townships", name: (code) => (code ? townshipName(code) : t("noTownship")), column: "township",
  link: (code) => (code ? { township: code } : null), isChosen: (code, { township }) => Boolean(code) && code === township,
};

/** The townships of the county beside each other, also where one of them is chosen. */
function drawTownships(page, asked) {
  const body = askedFrame(page, TOWNSHIPS.id, asked, { title: t(TOWNSHIPS.id) });
  if (!body) return;
  rememberTownships(asked.rows);
  const sum = (key) => asked.rows.reduce((total, row) => total + row[key], 0);
  const whole = { n: sum("n"), share: sum("n") ? sum("in_time") / sum("n") : null };
  fill(page, body, TOWNSHIPS, whole, asked.rows.map((row) => ({ ...row, code: row.township })));
}

function draw(page, asked) {
  const whole = asked.rows?.find((row) => row.dimension === "all");
  for (const panel of PANELS) {
    const about = { title: t(panel.id), csv: panel.id, define: `panels.${panel.id}` };
    const body = askedFrame(page, panel.id, asked, about);
    if (body) fill(page, body, panel, whole, asked.rows.filter((row) => row.dimension === panel.id && row.code));
  }
}

function fill(page, body, panel, whole, rows) {
  let table = tables[panel.id];
  if (!table) {
    const note = h("p", { class: "note whole" });
    body.append(note);
    table = tables[panel.id] = new Table(body, {
      columns: columns(page, panel), keyOf: (row) => row.code, sort: "high", caption: () => t(panel.id),
      isChosen: (row) => panel.isChosen?.(row.code, page.state),
      onSort: (sort) => table.draw(table.given, [], sort),
    });
    table.note = note;
  }
  const axis = axisOf(rows);
  table.given = rows.map((row) => ({ ...row, whole: whole?.share ?? null, axis }));
  const words = { p: percent(whole?.share), n: count(whole?.n), from: percent(axis.from), until: percent(axis.until) };
  setText(table.note, whole?.n ? t("wholeShare", words) : t("noRows"));
  table.draw(table.given, []);
}

function columns(page, { column, name, link, more }) {
  const place = more ? [{ id: "prefecture", label: () => t("prefecture"), classOf: () => "thin",
    value: (row) => prefectureOf(row.code), text: (row) => prefectureShort(prefectureOf(row.code)) }] : [];
  return [
    { id: column, label: () => t(column), value: (row) => name(row.code), text: (row) => name(row.code),
      link: (row) => (link(row.code)
        ? h("a", { href: page.hrefOf(link(row.code)), "data-go": JSON.stringify(link(row.code)) }, name(row.code))
        : h("span", {}, name(row.code))) },
    ...place,
    { id: "share", numeric: true, label: () => t("in_time"), value: (row) => row.share ?? -1, text: (row) => percent(row.share) },
    intervalColumn((row) => row.n),
    { id: "verdict", label: () => t("against"), value: (row) => verdictOf(row), classOf: (row) => `verdict ${verdictOf(row)}`,
      text: (row) => t(`verdictOf.${verdictOf(row)}`) },
    { id: "n", numeric: true, label: () => t("runs"), value: (row) => row.n, text: (row) => count(row.n) },
  ];
}

/** Told apart only where the whole interval lies on one side of the attainment of all. */
function verdictOf({ low, high, whole, n }) {
  if (!n || whole === null) return "none";
  if (high < whole) return "below";
  return low > whole ? "above" : "alike";
}
