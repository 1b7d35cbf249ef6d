// One household under monitoring, by its pseudonym: who came first, its risk and what drives it,
// what was seen of it, what became of it. For those who may see households; each look is noted.

import { refill } from "./arrange.js";
import { failure } from "./asked.js";
import { closeOnBackdrop } from "./definitions.js";
import { byId, h } from "./dom.js";
import { fetchJson } from "./fetching.js";
import { count, dateOf, instant, instantToSecond, oneDecimal } from "./format.js";
import { channelName, departmentName, placeName } from "./names.js";
import { definitionButton, nameDefinition } from "./panel.js";
import { riskLine } from "./risk-line.js";
import { language, pick, t } from "./words.js";

const DAY_MS = 86_400_000;
let shown = null;
let asking = null;
let installed = false;

export function drawHousehold(page) {
  const dialog = byId("household");
  if (!installed) install(page, dialog);
  const id = page.state.household;
  if (!id) {
    if (dialog.open) dialog.close();
    shown = null;
    return;
  }
  if (shown?.id !== id) load(page, dialog, id);
  else if (shown.answer && shown.language !== language()) show(page, dialog);
  if (!dialog.open) dialog.showModal();
}

function install(page, dialog) {
  installed = true;
  closeOnBackdrop(dialog);
  dialog.addEventListener("close", () => {
    asking?.abort();
    if (page.state.household) page.go({ household: "" });
  });
}

async function load(page, dialog, id) {
  asking?.abort();
  asking = new AbortController();
  shown = { id };
  dialog.setAttribute("aria-busy", "true");
  refill(dialog, closing(dialog), h("h2", { id: "household-title" }, id), h("p", { class: "note" }, t("loading")));
  try {
    shown = { id, answer: await fetchJson(`/api/households/${encodeURIComponent(id)}`, { signal: asking.signal }) };
    show(page, dialog);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    shown = null;
    refill(dialog, closing(dialog), h("h2", { id: "household-title" }, id), failure(problem, () => load(page, dialog, id)));
  } finally {
    if (shown?.id === id || !shown) dialog.removeAttribute("aria-busy");
  }
}

function closing(dialog) {
  return h("div", { class: "drawer-tools" },
    h("button", { type: "button", class: "quiet", onclick: () => print() }, t("print")),
    h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: () => dialog.close() }, "×"));
}

function show(page, dialog) {
  const { household: one, drivers, life, trail, signals, as_of: asOf } = shown.answer;
  shown.language = language();
  refill(dialog,
    closing(dialog),
    h("p", { class: "eyebrow" }, `${t("household")} · ${t("as_of")} ${instantToSecond(asOf)}`),
    h("h2", { id: "household-title" }, one.household, " ", h("span", { class: "pill" }, statusOf(one.status))),
    h("p", { class: "case-what" }, [placeName(one.county), pick(one.township_text, one.township)].filter(Boolean).join(" · ")),
    h("p", { class: "headline" }, whoCameFirst(one)),
    facts(one),
    titled(t("riskIndex"), "panels.risk", [riskOf(one), riskLine(trail, one, asOf)]),
    titled(t("drivers"), null, drivers.length ? driversOf(drivers) : nothing()),
    titled(t("lifeEvents"), null, life.length ? lifeOf(page, life) : nothing()),
    titled(t("signalsSeen"), null, signals.length ? signalsOf(page, signals) : nothing()));
}

const nothing = () => h("p", { class: "nothing" }, t("noRows"));
const statusOf = (status) => (status ? t(`life.${status}`) : t("neverFound"));

/** In a sentence: by whom it was found, when it asked, and how long lay between. */
function whoCameFirst({ first_found_at: found, first_found_by: by, first_request_at: asked }) {
  const words = { found: dateOf(found), asked: dateOf(asked), by: channelName(by) };
  if (!found) return asked ? t("came.asked_only", words) : "–";
  if (!asked) return t("came.found_only", words);
  const days = oneDecimal(Math.abs(Date.parse(found) - Date.parse(asked)) / DAY_MS);
  return t(Date.parse(found) <= Date.parse(asked) ? "came.found_first" : "came.asked_first", { ...words, days });
}

function facts(one) {
  const rows = [
    [t("householdKind"), t(`kind.${one.kind || "none"}`)],
    [t("lifeStatus"), one.status ? `${statusOf(one.status)} · ${dateOf(one.status_at)}` : statusOf("")],
    [t("households.signals"), count(one.signals)], [t("households.leads"), count(one.leads)],
    [t("households.requests"), count(one.requests)], [t("open"), count(one.open_cases)],
  ];
  return h("dl", { class: "facts" }, rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
}

function riskOf(one) {
  return h("p", { class: `risk-now risk-${one.level}` }, h("b", {}, oneDecimal(one.risk_index)),
    h("span", { class: "unit" }, " / 100"), " ", pick(one.level_text, one.level));
}

function driversOf(drivers) {
  const most = Math.max(...drivers.map(({ adds }) => Math.abs(adds)), 1);
  const signed = (n) => `${n < 0 ? "−" : "+"}${oneDecimal(Math.abs(n))}`;
  return h("ol", { class: "drivers" }, drivers.map((one) => h("li", { class: one.adds < 0 ? "takes" : null },
    h("span", {}, pick(one.text, one.code)),
    h("span", { class: "driver-bar", "aria-hidden": true, "--share": Math.abs(one.adds) / most }, h("i")),
    h("b", {}, signed(one.adds)),
    h("span", { class: "note" }, t("driverOf", { at: dateOf(one.at), points: signed(one.points) })))));
}

const caseLink = (page, id) => (id ? h("a", { href: page.hrefOf({ case: id, at: "" }), "data-case": id }, id) : "");

function lifeOf(page, life) {
  return h("ol", { class: "events" }, life.map((one) => h("li", {},
    h("time", { datetime: one.at }, instant(one.at)), h("span", {}, t(`life.${one.event}`)), caseLink(page, one.case_id))));
}

function signalsOf(page, signals) {
  return h("ol", { class: "events" }, signals.map((one) => h("li", {},
    h("time", { datetime: one.observed_at }, instant(one.observed_at)),
    h("span", {}, pick(one.text, one.indicator),
      h("span", { class: "effects" }, `${channelName(one.source)} · ${departmentName(one.department)}${valueOf(one)}`)),
    h("span", { class: "note" }, t(one.counts ? "reaches" : "staysBelow")))));
}

function valueOf(one) {
  if (one.value === null || one.value === undefined) return "";
  const limit = one.threshold === null ? "" : t("thresholdOf", { n: count(one.threshold) });
  return ` · ${count(one.value)} ${pick(one.unit_text)}${limit}`;
}

function titled(title, define, content) {
  const ask = define ? definitionButton(define) : null;
  if (ask) nameDefinition(ask, title);
  return h("section", {}, h("header", { class: "title" }, h("h3", {}, title), ask), content);
}
