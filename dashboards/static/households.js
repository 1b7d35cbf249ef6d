// The two directions at the level of households: who came first, where screening is blind, at what
// risk they are.

import { Asked } from "./asked.js";
import { h, setText } from "./dom.js";
import { count, instant, oneDecimal, percent } from "./format.js";
import { axisOf, intervalColumn } from "./interval.js";
import { clockName, countyName, prefectureName, prefectureOf, whereColumn } from "./names.js";
import { askedFrame } from "./panel.js";
import { Table } from "./table.js";
import { pick, t } from "./words.js";

const asked = {
  first: new Asked("first", drawFirst),
  blind: new Asked("blind_spots", drawBlind),
  risk: new Asked("risk", drawRisk),
  list: new Asked("household_list", drawList),
  leads: new Asked("leads", drawLeads),
};
const tables = {};

// Of households only these are known: where they live, what they asked for first and when.
const PLACE = ["prefecture", "county", "township"];
export const FIRST = [...PLACE, "item", "since", "until"];

/** The panels by the id of their section, and what draws each. */
export const HOUSEHOLDS = Object.values(asked).map((one) => [one.panel, (page) => one.show(page)]);

/** The table of a panel, made at its first rows. */
function tableOf(page, body, id, columns, keyOf, sort, rows) {
  tables[id] ??= new Table(body, {
    columns, keyOf, sort, caption: () => t(id), onSort: (way) => tables[id].draw(tables[id].given, [], way),
  });
  tables[id].given = rows;
  tables[id].draw(rows, []);
}

const counted = (id) => ({
  id, numeric: true, label: () => t(`households.${id}`), value: (row) => row[id] ?? -1,
  text: (row) => count(row[id]), classOf: (row) => (row[id] ? "" : "zero"),
});

let race = null;

function drawFirst(page, { rows }) {
  const body = askedFrame(page, "first", asked.first, { title: t("first"), follows: FIRST });
  if (!body) return;
  if (!race) body.append((race = h("div", { class: "race" })));
  const whole = rows.find((row) => row.place === "all");
  drawRace(whole);
  const place = page.state.prefecture ? "county" : "prefecture";
  const shown = rows.filter((row) => row.place === place).map((row) => ({ ...row, whole: whole.share }));
  const axis = axisOf(shown);
  tableOf(page, body, "first", firstColumns(page), (row) => row.code, "share", shown.map((row) => ({ ...row, axis })));
}

function drawRace(whole) {
  if (!whole?.asked) {
    race.replaceChildren(h("p", { class: "nothing" }, t("noHouseholds")));
    return;
  }
  const side = (kind, n, name) => h("div", { class: kind, "--share": n / whole.asked },
    h("b", {}, count(n)), h("span", {}, name));
  race.replaceChildren(
    h("div", { class: "race-bar", role: "img", "aria-label": t("raceWords", { found: count(whole.found_first), asked: count(whole.asked_first + whole.asked_only) }) },
      side("officials", whole.found_first, t("households.found_first")),
      side("people", whole.asked_first + whole.asked_only, t("households.came_first"))),
    h("p", { class: "note" }, t("firstNote", {
      p: percent(whole.share), low: percent(whole.low), high: percent(whole.high),
      days: whole.median_lead_days === null ? "–" : oneDecimal(whole.median_lead_days), only: count(whole.found_only),
    })));
}

function firstColumns(page) {
  const name = (row) => (row.place === "county" ? countyName(row.code) : prefectureName(row.code));
  const change = (row) => row.place === "county"
    ? { prefecture: prefectureOf(row.code), county: row.code } : { prefecture: row.code, county: "", township: "" };
  return [
    { id: "code", label: () => t("place"), value: (row) => row.code, text: name,
      link: (row) => h("a", { href: page.hrefOf(change(row)), "data-go": JSON.stringify(change(row)) }, name(row)) },
    { id: "share", numeric: true, label: () => t("households.share"), value: (row) => row.share ?? -1, text: (row) => percent(row.share) },
    intervalColumn((row) => row.asked),
    counted("found_first"), counted("asked_first"), counted("asked_only"), counted("found_only"),
    { id: "median_lead_days", numeric: true, label: () => t("households.lead"), value: (row) => row.median_lead_days ?? -1,
      text: (row) => (row.median_lead_days === null ? "–" : oneDecimal(row.median_lead_days)) },
  ];
}

function drawBlind(page, { rows }) {
  const body = askedFrame(page, "blind_spots", asked.blind, { title: t("blind_spots"), follows: FIRST });
  if (!body) return;
  const axis = axisOf(rows);
  const name = (row) => nameOf(row, "indicator") || t("noIndicator");
  tableOf(page, body, "blind_spots", [
    { id: "indicator", label: () => t("indicator"), value: name, text: name },
    { id: "share", numeric: true, label: () => t("households.blind"), value: (row) => row.share, text: (row) => percent(row.share), classOf: () => "mark is-late" },
    intervalColumn((row) => row.asked),
    counted("asked"), counted("found_before"), counted("found_later"), counted("never_found"),
  ], (row) => row.indicator, "-share", rows.map((row) => ({ ...row, axis, whole: null })));
}

const nameOf = (row, key) => pick({ zh: row.name_zh, en: row.name_en }, row[key] === "none" ? "" : row[key]);

function drawRisk(page, { rows }) {
  const body = askedFrame(page, "risk", asked.risk, { title: t("risk"), follows: PLACE });
  if (!body) return;
  const order = new Map(rows.map((row, index) => [row.level, index]));
  tableOf(page, body, "risk", [
    { id: "level", label: () => t("riskLevel"), value: (row) => order.get(row.level), text: (row) => nameOf(row, "level"), classOf: (row) => `risk-${row.level}` },
    counted("households"), ...["found", "verified", "assisted", "cleared", "relapsed"].map(counted),
    { id: "mean_index", numeric: true, label: () => t("meanIndex"), value: (row) => row.mean_index, text: (row) => oneDecimal(row.mean_index) },
  ], (row) => row.level, "-level", rows);
}

const LEAD = "monitoring.lead";
let leadNote = null;

function drawLeads(page, { rows }) {
  const body = askedFrame(page, "leads", asked.leads, { title: t("leads") });
  if (!body) return;
  if (!leadNote) body.append((leadNote = h("p", { class: "note list-note" })));
  setText(leadNote, rows.length ? "" : t("noLeads"));
  tableOf(page, body, "leads", [
    { id: "case_id", label: () => t("case"), value: (row) => row.case_id, text: (row) => row.case_id,
      link: (row) => h("a", { href: page.hrefOf({ case: row.case_id }), "data-case": row.case_id }, row.case_id) },
    { id: "stage", label: () => t("stage"), value: (row) => row.stage, classOf: (row) => (row.is_late ? "ground late" : ""),
      text: (row) => (row.stage ? clockName(LEAD, row.stage) : t("betweenStages")) },
    { id: "due_at", label: () => t("due"), value: (row) => Date.parse(row.due_at ?? 0), text: (row) => instant(row.due_at),
      classOf: (row) => (row.is_late ? "ground late" : "") },
    whereColumn(page),
    { id: "found_at", label: () => t("foundAt"), value: (row) => Date.parse(row.found_at), text: (row) => instant(row.found_at) },
    counted("signals"),
  ], (row) => row.case_id, "due_at", rows);
}

let note = null;

function drawList(page, { rows }) {
  const body = askedFrame(page, "household_list", asked.list, { title: t("household_list"), follows: PLACE });
  if (!body) return;
  if (!note) body.append((note = h("p", { class: "note list-note" })));
  setText(note, rows.length ? "" : t("noHouseholds"));
  tableOf(page, body, "household_list", [
    { id: "household", label: () => t("household"), value: (row) => row.household, text: (row) => row.household,
      link: (row) => h("a", { href: page.hrefOf({ household: row.household }), "data-go": JSON.stringify({ household: row.household }) }, row.household) },
    { id: "risk_index", numeric: true, label: () => t("riskIndex"), value: (row) => row.risk_index, text: (row) => oneDecimal(row.risk_index) },
    { id: "level", label: () => t("riskLevel"), value: (row) => row.risk_index, text: (row) => nameOf(row, "level"), classOf: (row) => `risk-${row.level}` },
    { id: "status", label: () => t("lifeStatus"), value: (row) => row.status, text: (row) => t(`life.${row.status}`) },
    { id: "kind", label: () => t("householdKind"), value: (row) => row.kind, text: (row) => t(`kind.${row.kind || "none"}`) },
    whereColumn(page),
  ], (row) => row.household, "-risk_index", rows);
}
