// Every late case, the longest first, with the clocks that are past due: what the number above
// counts, one by one. Of those under supervision the list of supervision says more.

import { Asked } from "./asked.js";
import { h, setText } from "./dom.js";
import { count, dateOf, duration } from "./format.js";
import { clockName, departmentName, itemName, raisedName, whereColumn } from "./names.js";
import { askedFrame, printButton } from "./panel.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const LISTED = 5000;
const late = new Asked("late", draw, { limit: LISTED });
let made = null;

export const drawLateView = (page) => late.show(page);

function draw(page, asked) {
  const body = askedFrame(page, "late-all", asked, { title: t("lateList") });
  if (!body) return;
  made ??= make(page, body);
  const { rows } = asked;
  made.asOf = Date.parse(asked.asOf);
  made.table.draw(rows, []);
  setText(made.note, summary(rows));
  setText(made.button, t("print"));
}

function summary(rows) {
  if (!rows.length) return t("noLate");
  if (rows.length === LISTED) return t("firstOfLate", { n: count(LISTED) });
  const supervised = rows.filter((row) => row.is_supervised).length;
  return t("lateSummary", { n: count(rows.length), supervised: count(supervised), rest: count(rows.length - supervised) });
}

function make(page, body) {
  const note = h("p", { class: "note list-note" });
  const button = printButton();
  body.append(h("div", { class: "list-head" }, note, button));
  const table = new Table(body, {
    columns: columns(page), keyOf: (row) => row.case_id, sort: "-late_from", caption: () => t("lateList"),
    onSort: (sort) => table.draw(late.rows, [], sort),
  });
  return { note, button, table, asOf: 0 };
}

function columns(page) {
  const link = (row) => h("a", { href: page.hrefOf({ case: row.case_id }), "data-case": row.case_id }, row.case_id);
  const named = (id, name) => ({ id, label: () => t(id), value: name, text: name });
  return [
    { id: "case_id", label: () => t("case"), value: (row) => row.case_id, text: (row) => row.case_id, link },
    { id: "late_from", label: () => t("lateFor"), numeric: true, classOf: () => "mark is-late",
      value: (row) => -Date.parse(row.late_from), text: (row) => duration(made.asOf - Date.parse(row.late_from)) },
    { id: "late_clocks", label: () => t("lateClocks"), value: clocksOf, classOf: () => "ground", text: clocksOf },
    named("item", (row) => itemName(row.item)),
    whereColumn(page),
    named("department", (row) => departmentName(row.department)),
    { id: "raised_by", label: () => t("raisedBy"), value: (row) => row.raised_by, text: (row) => raisedName(row.raised_by) },
    { id: "is_supervised", label: () => t("supervised"), value: (row) => Number(row.is_supervised),
      classOf: (row) => (row.is_supervised ? "yes" : "zero"), text: (row) => t(row.is_supervised ? "yes" : "no") },
    { id: "submitted_at", label: () => t("submitted"), value: (row) => Date.parse(row.submitted_at), text: (row) => dateOf(row.submitted_at) },
  ];
}

const clocksOf = (row) => [...new Set(row.late_clocks)].map((clock) => clockName(row.item, clock)).join(t("comma"));
