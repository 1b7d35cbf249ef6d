// The frame that every panel has: title, definition, CSV, body, and a skeleton until it is filled.

import { h, setText } from "./dom.js";
import { t } from "./words.js";

/**
 * Draw the frame of the panel `id` and give its body, made once. `csv` names what is downloaded,
 * `define` the definition that the title leads to.
 */
export function frame(page, id, { title, define, csv, tools = [] }) {
  const section = document.getElementById(id);
  if (!section.body) {
    const heading = h("h2", { id: `${id}-title` });
    const ask = definitionButton(define);
    const download = csv ? h("a", { class: "quiet csv", download: true }) : null;
    section.body = h("div", { class: "body" }, skeleton());
    section.parts = { heading, ask, download };
    const left = h("div", { class: "title" }, heading, ask);
    section.append(h("header", {}, left, h("div", { class: "tools" }, tools, download)), section.body);
  }
  const { heading, ask, download } = section.parts;
  setText(heading, title);
  nameDefinition(ask, title);
  if (download) {
    setText(download, t("csv"));
    download.setAttribute("aria-label", t("csvOf", { name: title }));
    download.href = csvAddress(page.state, csv);
  }
  return section.body;
}

/** Say that the panel is filled (or waits again); the skeleton goes. */
export function filled(id, isFilled = true) {
  const section = document.getElementById(id);
  section.setAttribute("aria-busy", String(!isFilled));
  if (isFilled) section.body?.querySelector(":scope > .skeleton")?.remove();
}

export function definitionButton(define) {
  return h("button", { type: "button", class: "define", "data-define": define }, "?");
}

export function nameDefinition(button, name) {
  button.setAttribute("aria-label", t("countedOf", { name }));
  button.title = t("counted");
}

function skeleton() {
  return h("div", { class: "skeleton", "aria-hidden": true }, Array.from({ length: 6 }, () => h("i")));
}

function csvAddress({ prefecture, county, item }, panel) {
  const query = new URLSearchParams(
    Object.entries({ prefecture, county, item }).filter(([, value]) => value));
  return `/api/panels/${panel}.csv${query.size ? `?${query}` : ""}`;
}
