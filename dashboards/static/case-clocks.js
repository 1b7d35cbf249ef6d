// The clocks of a case: a bar each on one axis of time, and the verdict in words.

import { h } from "./dom.js";
import { amount, instant } from "./format.js";
import { clockName, clockOf } from "./names.js";
import { t } from "./words.js";

export function clocksOf({ case: one, clocks, as_of: asOf }) {
  if (!clocks.length) return h("p", { class: "nothing" }, t("noClocks"));
  const axis = axisOf(clocks, Date.parse(asOf));
  return h("ul", { class: "clocks" }, clocks.map((clock) => entry(one, clock, axis)));
}

function axisOf(clocks, asOf) {
  const times = clocks.flatMap((clock) =>
    [clock.started_at, clock.due_at, clock.stopped_at].filter(Boolean).map(Date.parse));
  const from = Math.min(...times);
  const until = Math.max(...times, clocks.some((clock) => !clock.stopped_at) ? asOf : from);
  const length = Math.max(until - from, 1);
  return { asOf, place: (at) => Math.min(1, Math.max(0, (at - from) / length)) };
}

function entry(one, clock, axis) {
  const verdict = verdictOf(clock);
  const name = clockName(one.item, clock.clock);
  const rule = clockOf(one.item, clock.clock);
  return h("li", { class: `clock verdict-${verdict}` },
    h("p", { class: "clock-head" },
      h("strong", {}, name), clock.cycle > 1 ? h("span", { class: "note" }, t("round", { n: clock.cycle })) : null,
      rule ? h("span", { class: "note" }, t("limit", { limit: amount(rule.limit) }), ` · ${t(`certainty.${rule.certainty}`)}`) : null,
      h("span", { class: "pill" }, t(`status.${verdict}`))),
    bar(clock, axis),
    h("p", { class: "clock-times" },
      time("started", clock.started_at), time("due", clock.due_at), clock.stopped_at ? time("stopped", clock.stopped_at) : null,
      clock.provisional ? h("span", { class: "tag" }, t("provisional")) : null));
}

/** The verdict as it is shown: a breach is told apart from plain running and cancelling. */
export function verdictOf({ status, breached_at: breachedAt }) {
  if (!breachedAt) return status;
  if (status === "running") return "breached";
  return status === "cancelled" ? "cancelledLate" : status;
}

function bar(clock, axis) {
  const end = clock.stopped_at ? Date.parse(clock.stopped_at) : axis.asOf;
  const started = Date.parse(clock.started_at);
  const due = clock.due_at ? Date.parse(clock.due_at) : null;
  const inTime = due === null ? end : Math.min(end, due);
  const parts = [piece("in-time", started, inTime, axis)];
  if (due !== null && end > due) parts.push(piece("overdue", due, end, axis));
  if (due !== null) parts.push(h("i", { class: "due-mark", "--from": axis.place(due) }));
  return h("div", { class: "clock-bar", "aria-hidden": true }, parts);
}

function piece(kind, from, until, axis) {
  return h("i", { class: kind, "--from": axis.place(from), "--until": axis.place(until) });
}

function time(key, text) {
  return h("span", {}, h("span", { class: "note" }, t(key)), " ", h("time", { datetime: text }, instant(text)));
}
