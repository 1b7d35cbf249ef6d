// As of any moment: a field, a step from event to event, and the way back to now. It is in the
// address, so that what an auditor saw can be sent.

import { h } from "./dom.js";
import { t } from "./words.js";

const HOURS_MS = 8 * 3_600_000;

/** An instant as the field takes it: Beijing time to the minute, without offset. */
export function fieldValue(instantMs) {
  return new Date(instantMs + HOURS_MS).toISOString().slice(0, 16);
}

export function asOfBar(page, answer, account) {
  const now = Date.parse(answer.as_of);
  const moments = momentsOf(answer, account);
  const before = moments.filter((at) => at < now - 59_999).at(-1);
  const after = moments.find((at) => at > now + 999);
  const field = h("input", {
    type: "datetime-local", value: fieldValue(now), "aria-label": t("asOfMoment"),
    onchange: ({ target }) => target.value && page.go({ at: `${target.value}:59+08:00` }, "replace"),
  });
  return h("div", { class: `as-of-bar${page.state.at ? " is-past" : ""}` },
    h("label", {}, h("span", { class: "note" }, t("asOfMoment")), field),
    step(page, "‹", t("momentBefore"), before), step(page, "›", t("momentAfter"), after),
    page.state.at ? h("button", { type: "button", class: "quiet", onclick: () => page.go({ at: "" }, "replace") }, t("now")) : null,
    page.state.at ? h("span", { class: "note" }, t("asOfNote")) : null);
}

/** The instants at which something happened: events, and due instants that passed. */
function momentsOf(answer, account) {
  const events = answer.events.map(({ occurred_at: at }) => at);
  const dues = (account.clocks ?? answer.clocks).map(({ due_at: at }) => at);
  const known = [...events, ...dues].filter(Boolean).map(Date.parse);
  return [...new Set(known)].sort((a, b) => a - b);
}

function step(page, sign, name, at) {
  const isEnd = at === undefined;
  const go = () => isEnd || page.go({ at: `${fieldValue(at)}:59+08:00` }, "replace");
  // At the end too it keeps the focus of who came there by it.
  return h("button", { type: "button", class: "quiet step", "aria-label": name, title: name, "aria-disabled": isEnd, onclick: go }, sign);
}
