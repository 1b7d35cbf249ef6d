// The row of numbers at the top.

import { byId, flash, h, setText } from "./dom.js";
import { count, share } from "./format.js";
import { definitionButton, nameDefinition } from "./panel.js";
import { t } from "./words.js";

const KPIS = [
  { id: "received_today", note: (n) => t("ofTotal", { n: count(n.received_total) }) },
  { id: "open", note: () => t("perOpen") },
  { id: "late", kind: "is-late", note: (n) => t("ofOpen", { p: share(n.late, n.open) }) },
  { id: "supervised", kind: "is-supervised", note: (n) => t("ofLate", { p: share(n.supervised, n.late) }) },
  { id: "due_24h", kind: "is-due", note: () => t("notLate") },
  { id: "due_72h", note: () => t("includes24") },
];

const made = new Map();

export function drawKpis(page, moved) {
  const place = byId("numbers").querySelector(".kpis");
  if (!made.size) for (const kpi of KPIS) place.append(make(kpi));
  const row = page.store.rows("numbers")[0];
  byId("numbers").setAttribute("aria-busy", String(!row));
  for (const kpi of KPIS) write(kpi, row, moved.length > 0);
}

function make({ id, kind = "" }) {
  const ask = definitionButton(`numbers.${id}`);
  const parts = {
    ask, name: h("h3"), number: h("p", { class: "number" }), note: h("p", { class: "note" }),
  };
  made.set(id, parts);
  return h("article", { class: `kpi ${kind}`, "data-kpi": id },
    h("header", {}, parts.name, ask), parts.number, parts.note);
}

function write({ id, note }, row, isMoved) {
  const parts = made.get(id);
  setText(parts.name, t(id));
  nameDefinition(parts.ask, t(id));
  const differs = setText(parts.number, row ? count(row[id]) : "\u2007");
  parts.number.classList.toggle("waiting", !row);
  if (differs && isMoved) flash(parts.number);
  setText(parts.note, row ? note(row) : "\u2007");
}
