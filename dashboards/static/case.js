// One case: what it is, its clocks as bars and in words, its escalations, who had it, who was told,
// what was done, its events — as of now or as of any moment.

import { refill } from "./arrange.js";
import { failure } from "./asked.js";
import { asOfBar } from "./case-as-of.js";
import { actionForms } from "./case-actions.js";
import { clocksOf, verdictBars } from "./case-clocks.js";
import { custodyOf, deliveriesOf, escalationsOf, eventsOf, historyOf } from "./case-parts.js";
import { closeOnBackdrop } from "./definitions.js";
import { byId, h } from "./dom.js";
import { fetchJson } from "./fetching.js";
import { instant, instantToSecond } from "./format.js";
import { channelName, departmentName, itemName, placeName, raisedName, townshipName } from "./names.js";
import { definitionButton, nameDefinition } from "./panel.js";
import { language, pick, t } from "./words.js";

let asking = null;
let shown = null;
let installed = false;

export function drawCase(page) {
  const dialog = byId("case");
  if (!installed) install(page, dialog);
  if (!page.state.case) {
    if (dialog.open) dialog.close();
    shown = null;
    return;
  }
  const key = `${page.state.case} ${page.state.at}`;
  if (shown?.key !== key) load(page, dialog, key);
  else if (shown.answer && shown.language !== language()) show(page, dialog);
  if (!dialog.open) dialog.showModal();
}

function install(page, dialog) {
  installed = true;
  // On paper nothing can be unfolded: print the reasons too.
  addEventListener("beforeprint", () => dialog.querySelectorAll(".why").forEach((one) => { one.open = true; }));
  closeOnBackdrop(dialog);
  dialog.addEventListener("close", () => {
    asking?.abort();
    if (page.state.case) page.go({ case: "", at: "" });
  });
}

async function load(page, dialog, key) {
  const id = page.state.case;
  const isSame = shown?.answer?.case.case_id === id;
  asking?.abort();
  asking = new AbortController();
  shown = { ...(isSame ? shown : {}), key };
  dialog.setAttribute("aria-busy", "true");
  if (!isSame) {
    refill(dialog, closing(dialog), h("h2", { id: "case-title" }, id),
      h("p", { class: "note" }, t("loading")));
  }
  try {
    shown = { key, ...(await answersOf(id, page.state.at, asking.signal)) };
    show(page, dialog);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    shown = null;
    refill(dialog, closing(dialog), h("h2", { id: "case-title" }, id),
      failure(problem, () => load(page, dialog, key)));
  } finally {
    if (shown?.key === key || !shown) dialog.removeAttribute("aria-busy");
  }
}

/** The case itself must answer; of the rest what is not there is left out, and said to be. */
async function answersOf(id, at, signal) {
  const path = `/api/cases/${encodeURIComponent(id)}`;
  const query = at ? `?as_of=${encodeURIComponent(at)}` : "";
  const part = (name) => fetchJson(`${path}/${name}${query}`, { signal }).catch((problem) => {
    if (problem.name === "AbortError") throw problem;
    return { problem };
  });
  const [answer, account, history, told] = await Promise.all([
    fetchJson(`${path}${query}`, { signal }), part("explanation"), part("actions"), part("deliveries"),
  ]);
  return { answer, account, history, told };
}

function closing(dialog) {
  return h("div", { class: "drawer-tools" },
    h("button", { type: "button", class: "quiet", onclick: () => print() }, t("print")),
    h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: () => dialog.close() }, "×"));
}

function show(page, dialog) {
  const { answer, account, history, told } = shown;
  shown.language = language();
  const one = answer.case;
  const again = () => shown && load(page, dialog, shown.key);
  const top = dialog.scrollTop;
  refill(dialog,
    closing(dialog),
    h("p", { class: "eyebrow" }, `${t("case")} · ${t("as_of")} ${instantToSecond(answer.as_of)}`),
    h("h2", { id: "case-title" }, one.case_id, " ", state(one)),
    h("p", { class: "case-what" }, `${itemName(one.item)} · ${placeName(one.county)}`),
    account.headline ? h("p", { class: "headline" }, pick(account.headline)) : null,
    asOfBar(page, answer, account),
    facts(one),
    titled(t("clocks"), "panels.clocks", account.clocks ? clocksOf(account) : [degraded(account.problem), verdictBars(answer)]),
    titled(t("caseEscalations"), null, escalationsOf(page, answer, history, again)),
    actionForms(page, one, history, again),
    account.custody ? titled(t("custody"), null, custodyOf(account)) : null,
    titled(t("deliveries"), null, told.problem ? degraded(told.problem) : deliveriesOf(told)),
    titled(t("history"), null, history.problem ? degraded(history.problem) : historyOf(history)),
    titled(t("events"), null, eventsOf(answer, account)));
  dialog.scrollTop = top;
}

const degraded = (problem) =>
  h("p", { class: "note degraded" }, t("partMissing", { detail: problem?.detail ?? "" }), " ", pick(problem?.remedy ?? {}));

function state(one) {
  if (one.held) return h("span", { class: "pill" }, t("caseHeld"));
  if (!one.closed_at) return h("span", { class: "pill is-open" }, t("caseOpen"));
  return h("span", { class: "pill" }, one.outcome ? t(`outcome.${one.outcome}`) : t("caseClosed"));
}

/** "any" stands beside the pause that is open, and says nothing of its own. */
const pausesOf = (one) => [...new Set(one.open_pauses)].filter((name) => name !== "any");

function facts(one) {
  const rows = [
    [t("submitted"), instant(one.submitted_at)],
    [t("department"), departmentName(one.department)],
    one.township ? [t("township"), pick({ zh: one.township_zh, en: one.township_en }, townshipName(one.township))] : null,
    [t("raisedBy"), raisedName(one.raised_by)],
    [t("channelName"), channelName(one.channel)],
    one.bounces ? [t("bounces"), t("times", { n: one.bounces })] : null,
    one.reopened ? [t("reopened"), t("times", { n: one.reopened })] : null,
    pausesOf(one).length ? [t("pausesOpen"), pausesOf(one).map((name) => t(`pause.${name}`)).join(t("comma"))] : null,
    one.violated_rules.length ? [t("rulesBroken"), one.violated_rules.join(t("comma"))] : null,
  ].filter(Boolean);
  return h("dl", { class: "facts" }, rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
}

function titled(title, define, content) {
  const ask = define ? definitionButton(define) : null;
  if (ask) nameDefinition(ask, title);
  return h("section", {}, h("header", { class: "title" }, h("h3", {}, title), ask), content);
}
