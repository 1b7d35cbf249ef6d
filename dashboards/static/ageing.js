// How old the open cases are, in bands of days; the ten days of supervision are drawn as a line.

import { Asked } from "./asked.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { askedFrame } from "./panel.js";
import { t } from "./words.js";

const ageing = new Asked("ageing", draw);
let list = null;

export const drawAgeing = (page) => ageing.show(page);

function draw(page, asked) {
  const body = askedFrame(page, "ageing", asked, { title: t("ageing") });
  if (!body) return;
  if (!list) body.append((list = h("table", { class: "ages" })));
  const most = Math.max(1, ...asked.rows.map((row) => row.open));
  list.replaceChildren(
    h("caption", { class: "unseen" }, t("ageing")),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("age")), h("td", {}),
      ...["open", "late", "supervised"].map((key) => h("th", { scope: "col", class: "n" }, t(key))))),
    h("tbody", {}, asked.rows.length ? asked.rows.map((row) => band(row, most)) : nothing()));
}

function band(row, most) {
  const name = row.until_days ? t("ageBand", { from: row.from_days, until: row.until_days }) : t("ageOver", { from: row.from_days });
  const calm = row.open - row.late;
  const piece = (kind, n) => (n ? h("i", { class: kind, "--share": n / most }) : null);
  return h("tr", { class: row.from_days === 10 ? "edge" : null },
    h("th", { scope: "row" }, name),
    h("td", { class: "age-bar" }, h("div", { "aria-hidden": true }, piece("calm", calm), piece("is-late", row.late - row.supervised), piece("is-supervised", row.supervised))),
    cell(row.open), cell(row.late, "is-late"), cell(row.supervised, "is-supervised"));
}

const cell = (n, kind = "") => h("td", { class: `n ${n ? kind : "zero"}` }, count(n));
const nothing = () => h("tr", {}, h("td", { colspan: "5", class: "nothing" }, t("noRows")));
