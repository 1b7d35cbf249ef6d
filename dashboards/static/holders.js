// Who has the open cases: each department of the county itself, and its townships.

import { Asked } from "./asked.js";
import { count } from "./format.js";
import { departmentName } from "./names.js";
import { askedFrame } from "./panel.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const holders = new Asked("holders", draw);
let table = null;

export const drawHolders = (page) => holders.show(page);

function draw(page, asked) {
  const body = askedFrame(page, "holders", asked, { title: t("holders") });
  if (!body) return;
  table ??= new Table(body, {
    columns: columns(), keyOf: (row) => row.holder, sort: "-open", caption: () => t("holders"),
    onSort: (sort) => table.draw(holders.rows, [], sort),
  });
  table.draw(asked.rows, []);
}

function columns() {
  const name = (row) => departmentName(row.department) || "–";
  const level = (row) => t(`heldLevel.${row.held_level}`);
  const plain = (id, label = id) => ({ id, numeric: true, label: () => t(label), value: (row) => row[id],
    text: (row) => count(row[id]), classOf: (row) => (row[id] ? "" : "zero") });
  const marked = (id, kind) => ({ ...plain(id), classOf: (row) => (row[id] ? `mark ${kind}` : "zero"), share: (row) => row[id] / row.open });
  return [
    { id: "department", label: () => t("department"), value: name, text: name },
    { id: "held_level", label: () => t("heldAt"), value: level, text: level, classOf: () => "thin" },
    plain("open"), marked("late", "is-late"), marked("supervised", "is-supervised"), plain("due_72h", "short.due_72h"),
    plain("paused", "paused"), plain("unaccepted", "notAccepted"),
    { ...plain("oldest_days"), label: () => t("oldest"), text: (row) => t("unit.d", { n: row.oldest_days }) },
  ];
}
