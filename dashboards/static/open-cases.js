// The open cases one by one, by when something is due next: what a township has on its desk, and what
// the number of cases due within a day is made of.

import { Asked } from "./asked.js";
import { h, setText } from "./dom.js";
import { count, dateOf, instant } from "./format.js";
import { clockName, departmentName, itemName, placeName, townshipOf } from "./names.js";
import { askedFrame, printButton } from "./panel.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const LISTED = 5000;
const HOUR_MS = 3_600_000;
const openCases = new Asked("open_cases", draw, { limit: LISTED });
let made = null;

// What part of the list is shown; the address says which (`due`), nothing stands for all.
const PARTS = {
  "": () => true,
  late: (row) => row.is_late,
  "24h": (row, asOf) => within(row, asOf, 24),
  "72h": (row, asOf) => within(row, asOf, 72),
  resting: (row) => !row.due_at,
};

const within = ({ due_at: due, is_late: isLate }, asOf, hours) =>
  due && !isLate && Date.parse(due) <= asOf + hours * HOUR_MS;

export const drawOpenCases = (page) => openCases.show(page);

function draw(page, asked) {
  const body = askedFrame(page, "open_cases", asked, { title: t("open_cases") });
  if (!body) return;
  made ??= make(page, body);
  const asOf = Date.parse(asked.asOf);
  const part = page.state.due in PARTS ? page.state.due : "";
  // A list that was cut holds all that is due soon, and not what has no due instant: that comes last.
  const isCut = asked.rows.length === LISTED;
  const open = page.store.rows("numbers")[0]?.open ?? LISTED;
  for (const [id, button] of made.buttons) {
    const n = !id && isCut ? open : asked.rows.filter((row) => PARTS[id](row, asOf)).length;
    button.hidden = isCut && id === "resting";
    setText(button, `${t(`dueParts.${id || "all"}`)} ${count(n)}`);
    button.setAttribute("aria-pressed", String(id === part));
  }
  made.group.setAttribute("aria-label", t("open_cases"));
  setText(made.button, t("print"));
  setText(made.note, isCut ? t("firstOfOpen", { n: count(LISTED) }) : asked.rows.length ? "" : t("noOpen"));
  made.table.draw(asked.rows.filter((row) => PARTS[part](row, asOf)), []);
}

function make(page, body) {
  const choose = (id) => h("button", { type: "button", class: "quiet", onclick: () => page.go({ due: id }, "replace") });
  const buttons = Object.keys(PARTS).map((id) => [id, choose(id)]);
  const group = h("div", { class: "segmented", role: "group" }, buttons.map(([, button]) => button));
  const note = h("p", { class: "note list-note" });
  const button = printButton();
  body.append(h("div", { class: "list-head" }, group, note, button));
  const table = new Table(body, {
    columns: columns(page), keyOf: (row) => row.case_id, sort: "due_at", caption: () => t("open_cases"),
    onSort: (sort) => { table.sort = sort; draw(page, openCases); },
  });
  return { buttons, group, note, button, table };
}

function columns(page) {
  const link = (row) => h("a", { href: page.hrefOf({ case: row.case_id }), "data-case": row.case_id }, row.case_id);
  const text = (id, label, name, more = {}) => ({ id, label: () => t(label), value: name, text: name, ...more });
  return [
    text("case_id", "case", (row) => row.case_id, { link }),
    // Late ones first, then by the next instant; what has none comes last.
    { id: "due_at", label: () => t("nextDue"), value: (row) => Date.parse(row.due_at ?? "9999-01-01"),
      classOf: (row) => `ground ${stateOf(row)}`, text: dueText },
    text("next_clocks", "nextClock", clocksText),
    text("item", "item", (row) => itemName(row.item)),
    text("held", "heldBy", (row) => heldBy(page, row)),
    { id: "held_since", label: () => t("heldSince"), value: (row) => Date.parse(row.held_since ?? 0),
      text: (row) => `${dateOf(row.held_since)}${row.is_accepted ? "" : ` · ${t("notAccepted")}`}` },
    text("is_supervised", "supervised", (row) => t(row.is_supervised ? "yes" : "no"), { classOf: (row) => (row.is_supervised ? "yes" : "zero") }),
    { id: "submitted_at", label: () => t("submitted"), value: (row) => Date.parse(row.submitted_at), text: (row) => dateOf(row.submitted_at) },
  ];
}

const stateOf = (row) => (row.is_late ? "late" : row.due_at ? "" : "zero");

function dueText(row) {
  if (row.due_at) return row.is_late ? t("lateSince", { at: instant(row.due_at) }) : instant(row.due_at);
  const pauses = row.open_pauses.map((name) => t(`pause.${name}`)).join(t("comma"));
  return pauses ? t("pausedFor", { what: pauses }) : t("betweenStages");
}

const clocksText = (row) => (row.next_clocks.length ? row.next_clocks.map((clock) => clockName(row.item, clock)).join(t("comma")) : "–");

/** The office that has it: a township, or a department of the county. */
function heldBy({ state }, row) {
  const office = row.held_level === "township" ? townshipOf(row) || t("heldLevel.township") : departmentName(row.department);
  return state.county ? office : `${placeName(row.county)} ${office}`;
}
