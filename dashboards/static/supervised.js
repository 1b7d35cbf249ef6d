// The supervised list, longest first.

import { h, setText } from "./dom.js";
import { count, instant } from "./format.js";
import { itemName, placeName, raisedName } from "./names.js";
import { filled, frame } from "./panel.js";
import { Table } from "./table.js";
import { t } from "./words.js";

let table = null;
let note = null;

export function drawSupervised(page, moved) {
  const body = frame(page, "supervised", {
    title: t("supervisedList"), define: "panels.supervised", csv: "supervised",
  });
  filled("supervised", page.store.has("supervised"));
  if (!page.store.has("supervised")) return;
  if (!table) {
    table = new Table(body, {
      columns: columns(page), keyOf: (row) => row.case_id, sort: "-supervised_days",
      onSort: (sort) => table.draw(page.store.rows("supervised"), [], sort),
      caption: () => t("supervisedList"),
    });
    body.append((note = h("p", { class: "note" })));
  }
  const rows = page.store.rows("supervised");
  table.draw(rows, moved);
  setText(note, noteOf(rows, page.store.rows("numbers")[0]));
}

function noteOf(rows, numbers) {
  if (!rows.length) return t("noSupervised");
  const n = numbers?.supervised ?? rows.length;
  return n > rows.length ? t("moreSupervised", { n: count(n), shown: count(rows.length) }) : "";
}

function columns(page) {
  return [
    { id: "case_id", label: () => t("case"), value: (row) => row.case_id, text: (row) => row.case_id,
      link: (row) => h("a", { href: page.hrefOf({ case: row.case_id }), "data-case": row.case_id }, row.case_id) },
    { id: "supervised_days", label: () => t("days"), numeric: true, classOf: () => "mark is-supervised",
      value: (row) => -Date.parse(row.supervised_from), text: (row) => count(row.supervised_days) },
    { id: "item", label: () => t("item"), value: (row) => itemName(row.item), text: (row) => itemName(row.item) },
    { id: "county", label: () => t("county"), value: (row) => row.county, text: (row) => placeName(row.county) },
    { id: "raised_by", label: () => t("raisedBy"), value: (row) => row.raised_by, text: (row) => raisedName(row.raised_by) },
    { id: "supervised_from", label: () => t("since"), value: (row) => Date.parse(row.supervised_from),
      text: (row) => instant(row.supervised_from) },
    { id: "submitted_at", label: () => t("submitted"), value: (row) => Date.parse(row.submitted_at ?? 0),
      text: (row) => instant(row.submitted_at) },
  ];
}
