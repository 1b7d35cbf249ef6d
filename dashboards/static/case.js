// One case: what it is, its clocks as bars and in words, its escalations, its events.

import { clocksOf } from "./case-clocks.js";
import { closeOnBackdrop } from "./definitions.js";
import { byId, h } from "./dom.js";
import { fetchJson } from "./fetching.js";
import { instant, instantToSecond } from "./format.js";
import {
  clockName, departmentName, itemName, levelName, placeName, raisedName, recipientName, typeName,
} from "./names.js";
import { definitionButton, nameDefinition } from "./panel.js";
import { pick, t } from "./words.js";

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
  const isSame = shown?.id === page.state.case;
  if (isSame && shown.answer) dialog.replaceChildren(...sheet(dialog, shown.answer));
  else load(dialog, page.state.case);
  if (!dialog.open) dialog.showModal();
}

function install(page, dialog) {
  installed = true;
  closeOnBackdrop(dialog);
  dialog.addEventListener("close", () => {
    asking?.abort();
    if (page.state.case) page.go({ case: "" });
  });
}

async function load(dialog, id) {
  asking?.abort();
  asking = new AbortController();
  shown = { id };
  dialog.replaceChildren(closing(dialog), h("h2", { id: "case-title" }, id),
    h("p", { class: "note" }, t("loading")));
  try {
    const path = `/api/cases/${encodeURIComponent(id)}`;
    shown = { id, answer: await fetchJson(path, { signal: asking.signal }) };
    dialog.replaceChildren(...sheet(dialog, shown.answer));
  } catch (problem) {
    if (problem.name === "AbortError") return;
    dialog.replaceChildren(closing(dialog), h("h2", { id: "case-title" }, id), failure(dialog, id, problem));
  }
}

function failure(dialog, id, problem) {
  return h("div", { class: "failure", role: "alert" },
    h("p", {}, t("failed", { detail: problem.detail })), h("p", {}, pick(problem.remedy)),
    h("button", { type: "button", class: "quiet", onclick: () => load(dialog, id) }, t("retry")));
}

function closing(dialog) {
  return h("div", { class: "drawer-tools" },
    h("button", { type: "button", class: "quiet", onclick: () => print() }, t("print")),
    h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: () => dialog.close() }, "×"));
}

function sheet(dialog, answer) {
  const { case: one, as_of: asOf } = answer;
  return [
    closing(dialog),
    h("p", { class: "eyebrow" }, `${t("case")} · ${t("as_of")} ${instantToSecond(asOf)}`),
    h("h2", { id: "case-title" }, one.case_id, " ", state(one)),
    h("p", { class: "case-what" }, `${itemName(one.item)} · ${placeName(one.county)}`),
    facts(one),
    titled(t("clocks"), "panels.clocks", clocksOf(answer)),
    titled(t("caseEscalations"), null, escalationsOf(answer)),
    titled(t("events"), null, eventsOf(answer)),
  ];
}

function state(one) {
  if (one.held) return h("span", { class: "pill" }, t("caseHeld"));
  if (!one.closed_at) return h("span", { class: "pill is-open" }, t("caseOpen"));
  return h("span", { class: "pill" }, one.outcome ? t(`outcome.${one.outcome}`) : t("caseClosed"));
}

function facts(one) {
  const rows = [
    [t("submitted"), instant(one.submitted_at)],
    [t("department"), departmentName(one.department)],
    [t("raisedBy"), raisedName(one.raised_by)],
    [t("channelName"), t(`channel.${one.channel}`)],
    one.bounces ? [t("bounces"), t("times", { n: one.bounces })] : null,
    one.reopened ? [t("reopened"), t("times", { n: one.reopened })] : null,
    one.open_pauses.length ? [t("pausesOpen"), one.open_pauses.map((name) => t(`pause.${name}`)).join("、")] : null,
    one.violated_rules.length ? [t("rulesBroken"), one.violated_rules.join("、")] : null,
  ].filter(Boolean);
  return h("dl", { class: "facts" }, rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
}

function titled(title, define, content) {
  const ask = define ? definitionButton(define) : null;
  if (ask) nameDefinition(ask, title);
  return h("section", {}, h("header", { class: "title" }, h("h3", {}, title), ask), content);
}

function escalationsOf({ case: one, escalations }) {
  if (!escalations.length) return h("p", { class: "nothing" }, t("noEscalations"));
  return h("ol", { class: "steps" }, escalations.map((row) => {
    const isGone = row.state === "withdrawn";
    return h("li", { class: `entry level-${row.level}${isGone ? " gone" : ""}` },
      h("p", { class: "entry-head" }, h("span", { class: "badge" }, levelName(row.level)),
        h("span", {}, `${clockName(one.item, row.clock)} → ${recipientName(row.to)}`),
        h("time", { datetime: row.at }, instant(row.at))),
      h("p", { class: "entry-why" }, pick({ zh: row.reason_zh, en: row.reason_en })),
      isGone ? h("p", { class: "tags" }, h("span", { class: "tag" }, `${t("withdrawn")} · ${t(`cause.${row.cause}`)}`)) : null);
  }));
}

function eventsOf({ events }) {
  if (!events.length) return h("p", { class: "nothing" }, t("noRows"));
  return h("ol", { class: "events" }, events.map((event) => h("li", {},
    h("time", { datetime: event.occurred_at }, instant(event.occurred_at)),
    h("span", {}, typeName(event.type)),
    h("span", { class: "note" }, [event.department && departmentName(event.department), event.extended_by, event.grade]
      .filter(Boolean).join(" · ")))));
}
