// The supervised list, longest first: the fifty longest in the overview, all of them in a view of
// their own.

import { Asked } from "./asked.js";
import { h, setText } from "./dom.js";
import { count, dateOf, instant } from "./format.js";
import { clockName, itemName, raisedName, whereColumn } from "./names.js";
import { askedFrame, filled, frame, printButton } from "./panel.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const LISTED = 5000;
const whole = new Asked("supervised", drawAll, { limit: LISTED });
let short = null;
let long = null;

export function drawSupervised(page, moved) {
  const body = frame(page, "supervised", {
    title: t("supervisedList"), define: "panels.supervised", csv: "supervised", tools: [],
  });
  filled("supervised", page.store.has("supervised"));
  if (!page.store.has("supervised")) return;
  short ??= make(page, body, () => page.store.rows("supervised"));
  const rows = page.store.rows("supervised");
  short.table.draw(rows, moved);
  const n = page.store.rows("numbers")[0]?.supervised ?? rows.length;
  setText(short.note, n > rows.length ? t("moreSupervised", { n: count(n), shown: count(rows.length) }) : rows.length ? "" : t("noSupervised"));
}

export const drawSupervisedView = (page) => whole.show(page);

function drawAll(page, asked) {
  const body = askedFrame(page, "supervised-all", asked, { title: t("supervisedList") });
  if (!body) return;
  long ??= make(page, body, () => asked.rows, printButton());
  long.table.draw(asked.rows, []);
  setText(long.note, summary(page, asked.rows));
  setText(body.querySelector(".print-list"), t("print"));
}

function summary(page, rows) {
  if (!rows.length) return t("noSupervised");
  const n = page.store.rows("numbers")[0]?.supervised ?? rows.length;
  if (rows.length === LISTED) return t("moreSupervised", { n: count(n), shown: count(rows.length) });
  const of = (ground) => count(rows.filter((row) => groundOf(row) === ground).length);
  return t("supervisedSummary", { n: count(rows.length), late: of("late"), was: of("was"), kept: of("within") });
}

function make(page, body, rowsNow, tool = null) {
  const note = h("p", { class: "note list-note" });
  body.append(h("div", { class: "list-head" }, note, tool));
  const table = new Table(body, {
    columns: columns(page, "answered_at" in (rowsNow()[0] ?? {})), keyOf: (row) => row.case_id, sort: "-supervised_days",
    onSort: (sort) => table.draw(rowsNow(), [], sort),
    caption: () => t("supervisedList"),
  });
  return { table, note };
}

/** Why it is on the list: a stage is late, was late, or all kept their limits and ten days passed. */
function groundOf({ late_stages: late, missed_stages: missed }) {
  if (late?.length) return "late";
  return missed?.length ? "was" : "within";
}

function groundText(row) {
  const kind = groundOf(row);
  const stages = kind === "late" ? row.late_stages : row.missed_stages ?? [];
  const names = [...new Set(stages)].map((clock) => clockName(row.item, clock)).join(t("comma"));
  return t(`ground.${kind}`, { stages: names });
}

function columns(page, hasAnswers) {
  const link = (row) => h("a", { href: page.hrefOf({ case: row.case_id }), "data-case": row.case_id }, row.case_id);
  return [
    { id: "case_id", label: () => t("case"), value: (row) => row.case_id, text: (row) => row.case_id, link },
    { id: "supervised_days", label: () => t("days"), numeric: true, classOf: () => "mark is-supervised",
      value: (row) => -Date.parse(row.supervised_from), text: (row) => count(row.supervised_days) },
    { id: "ground", label: () => t("groundName"), value: (row) => groundOf(row), classOf: (row) => `ground ${groundOf(row)}`, text: groundText },
    { id: "item", label: () => t("item"), value: (row) => itemName(row.item), text: (row) => itemName(row.item) },
    whereColumn(page),
    { id: "raised_by", label: () => t("raisedBy"), value: (row) => row.raised_by, text: (row) => raisedName(row.raised_by) },
    ...(hasAnswers ? feedback() : []),
    { id: "supervised_from", label: () => t("since"), value: (row) => Date.parse(row.supervised_from),
      text: (row) => dateOf(row.supervised_from) },
    { id: "submitted_at", label: () => t("submitted"), value: (row) => Date.parse(row.submitted_at ?? 0),
      text: (row) => dateOf(row.submitted_at) },
  ];
}

/** What the office answered to the supervision, and when it was asked last. */
function feedback() {
  return [{ id: "answered_at", label: () => t("feedback"), value: (row) => Date.parse(row.answered_at ?? 0),
    classOf: (row) => (row.answered_at ? "" : "zero"),
    text: (row) => (row.answered_at ? instant(row.answered_at) : t("noFeedback")) }];
}
