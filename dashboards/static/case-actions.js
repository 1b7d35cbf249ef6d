// What a reader does about a case: acknowledge a step, note, hand over, answer, close. What is
// offered is what the server says they may; it decides again when it is asked.

import { h, setText } from "./dom.js";
import { sendJson } from "./fetching.js";
import { maySee, offer } from "./session.js";
import { language, pick, t } from "./words.js";

// A second or two pass until an action comes back from the stream through the warehouse, and more
// where that is behind.
const LOOK_AGAIN_MS = [1500, 4000, 8000, 15_000, 30_000, 60_000];
const LONGEST = 500;

/** The kinds of actions that the reader may take at a level. */
export function allowedAt(history, level) {
  return history.allowed?.[level] ?? [];
}

export function acknowledge(page, one, row, isAcked, allowed, again) {
  const kind = isAcked ? "unack" : "ack";
  if (!maySee(page, "act") || !allowed.includes(kind)) return null;
  const said = h("span", { class: "said", role: "status" });
  const button = h("button", { type: "button", class: "quiet", name: row.escalation_id }, t(`do.${kind}`));
  button.addEventListener("click", () =>
    send(one, { kind, escalation_id: row.escalation_id }, { button, said, again }));
  return h("p", { class: "do" }, button, said);
}

// The case is drawn again after an action: what somebody writes by then stays.
let kept = null;

/** The form for words about the case; nothing where the reader may not act. */
export function actionForms(page, one, history, again) {
  const kinds = ["feedback", "note", "hand-over", "close", "ask-again"].filter((kind) =>
    Object.values(history.allowed ?? {}).some((allowed) => allowed.includes(kind)));
  if (!kinds.length || !maySee(page, "act")) return signInHint(page);
  const key = JSON.stringify([one.case_id, kinds, history.groups, language()]);
  if (kept?.key !== key) kept = { key, form: actionForm(one, kinds, history, again) };
  return kept.form;
}

function actionForm(one, kinds, history, again) {
  const said = h("p", { class: "said", role: "status" });
  const kind = h("select", { name: "kind" }, kinds.map((name) => h("option", { value: name }, t(`do.${name}`))));
  const to = h("select", { name: "to" }, (history.groups ?? []).map((group) => h("option", { value: group }, group)));
  const toLabel = h("label", {}, h("span", {}, t("handTo")), to);
  const text = h("textarea", { name: "text", rows: "2", maxlength: String(LONGEST), placeholder: t("noteHint") });
  const button = h("button", { type: "submit", class: "main-button" }, t("send"));
  const adjust = () => { toLabel.hidden = kind.value !== "hand-over"; };
  kind.addEventListener("change", adjust);
  adjust();
  const form = h("form", { class: "act" }, h("h3", {}, t("act")),
    h("label", {}, h("span", {}, t("actKind")), kind), toLabel,
    h("label", { class: "wide" }, h("span", {}, t("actText")), text), button, said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = { kind: kind.value, text: text.value.trim() || undefined, to: toLabel.hidden ? undefined : to.value };
    send(one, body, { button, said, again, sent: () => { text.value = ""; } });
  });
  return form;
}

function signInHint(page) {
  if (!page.session?.open) return null;
  return h("p", { class: "note sign-in-hint" }, t("signInToAct"), " ",
    h("button", { type: "button", class: "quiet", onclick: () => offer(page) }, t("signIn")));
}

async function send(one, body, { button, said, again, sent = () => {} }) {
  if (button.ariaDisabled === "true") return;
  // Disabled in fact it would lose the focus.
  button.ariaDisabled = "true";
  setText(said, t("sending"));
  try {
    await sendJson(`/api/cases/${encodeURIComponent(one.case_id)}/actions`, body);
    setText(said, t("sent"));
    sent();
    for (const wait of LOOK_AGAIN_MS) setTimeout(again, wait);
    // Not before it can be seen: a second click would be a second action.
    setTimeout(() => { button.ariaDisabled = null; }, LOOK_AGAIN_MS[0]);
  } catch (problem) {
    setText(said, `${t("notSent", { detail: problem.detail ?? "" })} ${pick(problem.remedy ?? {})}`);
    button.ariaDisabled = null;
  }
}
