// The frame that every panel has: title, definition, CSV, body, and a skeleton until it is filled.

import { failure } from "./asked.js";
import { FILTERS, scopeQuery } from "./address.js";
import { byId, h, setText } from "./dom.js";
import { t } from "./words.js";

/**
 * Draw the frame of the panel `id` and give its body, made once. `csv` names what is downloaded,
 * `define` the definition that the title leads to, `follows` the filters that narrow it, where not
 * all do: it says which of those that are set do not.
 */
export function frame(page, id, { title, define, csv, tools = [], follows = FILTERS }) {
  const section = byId(id);
  if (!section.body) {
    const heading = h("h2", { id: `${id}-title` });
    const ask = definitionButton(define);
    const download = csv ? h("a", { class: "quiet csv", download: true }) : null;
    section.body = h("div", { class: "body" }, skeleton());
    const unheeded = h("p", { class: "note unheeded", role: "status" });
    section.parts = { heading, ask, download, unheeded };
    const left = h("div", { class: "title" }, heading, ask);
    section.append(h("header", {}, left, h("div", { class: "tools" }, tools, download)), unheeded, section.body);
  }
  const { heading, ask, download, unheeded } = section.parts;
  setText(heading, title);
  setText(unheeded, unheededWords(page.state, follows));
  nameDefinition(ask, title);
  ask.dataset.define = define;
  if (download) {
    setText(download, t("csv"));
    download.setAttribute("aria-label", t("csvOf", { name: title }));
    download.href = `/api/panels/${csv}.csv${scopeQuery(page.state)}`;
  }
  return section.body;
}

const NAMES = { raised_by: "direction", channel: "channelName", since: "submittedOn", until: "submittedOn" };

/** Which of the filters that are set do not narrow a panel, in words; empty where all do. */
export function unheededWords(state, follows) {
  const left = FILTERS.filter((name) => state[name] && !follows.includes(name)).map((name) => t(NAMES[name] ?? name));
  return left.length ? t("unheeded", { what: [...new Set(left)].join(t("comma")) }) : "";
}

/** Say that the panel is filled (or waits again); the skeleton goes. */
export function filled(id, isFilled = true) {
  const section = byId(id);
  section.setAttribute("aria-busy", String(!isFilled));
  if (isFilled) section.body?.querySelector(":scope > .skeleton")?.remove();
}

/**
 * The frame of a panel that asks for itself; gives its body once there are rows, else null after
 * showing what went wrong. Old rows stay while new ones are asked for.
 */
export function askedFrame(page, id, asked, about) {
  const body = frame(page, id, { csv: asked.panel, define: `panels.${asked.panel}`, ...about });
  const section = byId(id);
  filled(id, asked.rows !== null || asked.problem !== null);
  section.classList.toggle("waits", asked.rows === null && !asked.problem);
  drawFault(section, asked.problem && failure(asked.problem, () => asked.ask(page)));
  return asked.rows === null ? null : body;
}

/** Stays as it is while it says the same: its button may be in use. */
function drawFault(section, fault) {
  if (fault && section.fault?.isEqualNode(fault)) return;
  section.fault?.remove();
  section.fault = fault;
  if (fault) section.body.prepend(fault);
}

/** The table of a chart, folded under it; open where its reader left it open. */
export function tableBelow(body, make) {
  const summary = h("summary", {});
  const fold = h("details", { class: "fold" }, summary);
  body.append(fold);
  const table = make(fold);
  return { table, name: () => setText(summary, t("asTable")) };
}

export function definitionButton(define) {
  return h("button", { type: "button", class: "define", "data-define": define }, "?");
}

export function nameDefinition(button, name) {
  button.setAttribute("aria-label", t("countedOf", { name }));
  button.title = t("counted");
}

export const printButton = () =>
  h("button", { type: "button", class: "quiet print-list", onclick: () => print() });

function skeleton() {
  return h("div", { class: "skeleton", "aria-hidden": true }, Array.from({ length: 6 }, () => h("i")));
}
