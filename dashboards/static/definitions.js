// What exactly is counted: one click from every number, with the query itself behind it.

import { byId, h } from "./dom.js";
import { fetchJson, fetchText } from "./fetching.js";
import { pick, t } from "./words.js";

let definitions = null;

export function installDefinitions() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-define]");
    if (button) await show(button.dataset.define);
  });
  closeOnBackdrop(byId("definition"));
}

/** Close a dialog by a click beside it; one on its own padding has the same target. */
export function closeOnBackdrop(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog) return;
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    const { clientX: x, clientY: y } = event;
    if (x < left || x > right || y < top || y > bottom) dialog.close();
  });
}

async function show(path) {
  const dialog = byId("definition");
  try {
    definitions ??= await fetchJson("/api/definitions");
    const [group, name] = path.split(".");
    dialog.replaceChildren(...sheet(definitions[group][name]));
  } catch (problem) {
    dialog.replaceChildren(closing(dialog), h("p", {}, t("failed", { detail: problem.detail ?? "" })));
  }
  if (!dialog.open) dialog.showModal();
}

function sheet(definition) {
  const words = pick(definition);
  const code = h("pre", { class: "sql", hidden: true, tabindex: "0" });
  const button = h("button", { type: "button", class: "quiet" }, t("showSql"));
  button.addEventListener("click", async () => {
    code.textContent = await fetchText(`/api/queries/${definition.query}.sql`).catch(({ detail }) => detail);
    code.hidden = false;
    button.hidden = true;
  });
  const told = [closing(byId("definition")), h("p", { class: "eyebrow" }, t("counted")),
    h("h2", { id: "definition-title" }, words.name), h("p", { class: "prose" }, words.text)];
  return definition.query ? [...told, button, code] : told;
}

function closing(dialog) {
  return h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: () => dialog.close() }, "×");
}
