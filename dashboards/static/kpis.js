// The row of numbers at the top, each with the line of its last thirty days.

import { byId, flash, h, setText } from "./dom.js";
import { count, oneDecimal, share } from "./format.js";
import { definitionButton, nameDefinition } from "./panel.js";
import { sparkline } from "./sparkline.js";
import { inTime, recentHours, seriesOf, showTrends, trends } from "./trends.js";
import { mayView } from "./views.js";
import { t } from "./words.js";

const whole = (id) => (n) => (n ? [count(n[id]), ""] : null);

const KPIS = [
  { id: "received_today", figure: whole("received_today"), note: (n) => t("ofTotal", { n: count(n.received_total) }) },
  { id: "open", view: "open", figure: whole("open"), note: () => t("perOpen") },
  { id: "in_time", figure: () => percent(inTime()), note: () => ofRuns(inTime()), isAsked: true, view: "attainment" },
  { id: "late", kind: "is-late", view: "late", figure: whole("late"), note: (n) => t("ofOpen", { p: share(n.late, n.open) }) },
  { id: "supervised", kind: "is-supervised", view: "supervised", figure: whole("supervised"),
    note: (n) => t("ofLate", { p: share(n.supervised, n.late) }) },
  { id: "due_24h", kind: "is-due", view: "open", part: "24h", figure: whole("due_24h"), note: (n) => t("within72", { n: count(n.due_72h) }), isBare: true },
  { id: "accept_hours", figure: hours, note: () => t("lastSeven"), isAsked: true },
];

const made = new Map();

function percent(ended) {
  if (!ended) return null;
  return ended.n ? [share(ended.met, ended.n).replace("%", ""), "%"] : ["–", ""];
}

function ofRuns(ended) {
  return ended ? t("ofRuns", { n: count(ended.n) }) : "\u2007";
}

function hours() {
  if (!trends.rows) return null;
  const value = recentHours();
  return value === null ? ["–", ""] : [oneDecimal(value), t("hourUnit")];
}

export function drawKpis(page, moved) {
  const place = byId("numbers").querySelector(".kpis");
  if (!made.size) for (const kpi of KPIS) place.append(make(page, kpi));
  const row = page.store.rows("numbers")[0];
  byId("numbers").setAttribute("aria-busy", String(!row));
  for (const kpi of KPIS) write(page, kpi, row, moved.length > 0);
}

function make(page, { id, kind = "", isBare, view }) {
  const ask = definitionButton(`numbers.${id}`);
  const parts = {
    ask, name: h("h3"), value: h("span"), unit: h("span", { class: "unit" }), note: h("p", { class: "note" }),
    line: isBare ? null : h("button", { type: "button", class: "spark-button", onclick: () => showTrends(page) }),
  };
  parts.link = view ? h("a", {}, parts.value) : null;
  parts.number = h("p", { class: "number" }, parts.link ?? parts.value, parts.unit);
  made.set(id, parts);
  return h("article", { class: `kpi ${kind}`, "data-kpi": id },
    h("header", {}, parts.name, ask), parts.number, parts.note, parts.line ?? h("div", { class: "spark-button" }));
}

function write(page, { id, figure, note, isAsked, view, part = "" }, row, isMoved) {
  const parts = made.get(id);
  setText(parts.name, t(id));
  nameDefinition(parts.ask, t(id));
  const shown = figure(row) ?? (isAsked && trends.problem ? ["–", ""] : null);
  const differs = setText(parts.value, shown?.[0] ?? "\u2007");
  setText(parts.unit, shown?.[1] ?? "");
  parts.number.classList.toggle("waiting", !shown);
  if (differs && isMoved && !isAsked) flash(parts.number);
  setText(parts.note, row || isAsked ? note(row) : "\u2007");
  if (parts.line) drawLine(id, parts);
  if (parts.link) lead(page, parts, { view, due: part });
}

/** The number leads to what it counts, for those who may see that. */
function lead(page, { link, name, value }, change) {
  const { view } = change;
  const isOpen = mayView(page, view);
  link.toggleAttribute("data-go", isOpen);
  if (!isOpen) return link.removeAttribute("href");
  link.dataset.go = JSON.stringify(change);
  link.href = page.hrefOf(change);
  link.title = t(`view.${view}`);
  link.setAttribute("aria-label", `${name.textContent} ${value.textContent} › ${t(`view.${view}`)}`);
}

function drawLine(id, parts) {
  const values = seriesOf(id);
  const key = `${document.documentElement.lang} ${values?.join()}`;
  if (parts.drawn === key) return;
  parts.drawn = key;
  const name = t("trendOf", { name: t(id) });
  parts.line.title = name;
  parts.line.replaceChildren(sparkline(values ?? [], name));
}
