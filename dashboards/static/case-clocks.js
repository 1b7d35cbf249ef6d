// The clocks of a case: a bar each on one axis of time, in pieces that say whether the time counted,
// and under it why: rule, source, ladder, every interval in words.

import { h } from "./dom.js";
import { amount, duration, instant } from "./format.js";
import { clockName, clockOf } from "./names.js";
import { pick, t } from "./words.js";

/** From the account of the case, as `jushou explain` gives it. */
export function clocksOf(account) {
  const { clocks } = account;
  if (!clocks.length) return h("p", { class: "nothing" }, t("noClocks"));
  const axis = axisOf(clocks, Date.parse(account.as_of));
  return [key(), h("ul", { class: "clocks" }, clocks.map((clock) => entry(clock, axis)))];
}

function axisOf(clocks, asOf) {
  const spans = clocks.flatMap((clock) => [
    clock.start?.at ?? clock.started_at, clock.due_at, clock.stopped_at,
    ...(clock.intervals ?? []).map(({ until }) => until)]);
  const times = spans.filter(Boolean).map(Date.parse);
  const from = Math.min(...times);
  const until = Math.max(...times, clocks.some((clock) => !clock.stopped_at) ? asOf : from);
  const length = Math.max(until - from, 1);
  return { asOf, from, until, place: (at) => Math.min(1, Math.max(0, (at - from) / length)) };
}

function key() {
  const kinds = ["running", "paused", "not-counted", "overdue"];
  return h("ul", { class: "bar-key" }, kinds.map((kind) =>
    h("li", {}, h("i", { class: `swatch ${kind}`, "aria-hidden": true }), t(`piece.${kind}`))),
  h("li", {}, h("i", { class: "swatch due", "aria-hidden": true }), t("due")));
}

function entry(clock, axis) {
  const verdict = clock.status === "running" && clock.breached_at ? "breached" : clock.status;
  return h("li", { class: `clock verdict-${verdict}` },
    h("div", { class: "clock-head" }, h("h4", {}, pick(clock.name)),
      clock.cycle > 1 ? h("span", { class: "note" }, t("round", { n: clock.cycle })) : null,
      h("span", { class: "note" }, t("limit", { limit: amount(clock.rule.limit) })),
      h("span", { class: "pill" }, pick(clock.status_text))),
    bar(clock, axis),
    h("p", { class: "clock-summary" }, pick(clock.summary), clock.provisional ? h("span", { class: "tag" }, t("provisional")) : null),
    why(clock));
}

function bar(clock, axis) {
  const pieces = clock.intervals.map((one) => piece(
    `${one.kind}${one.projected ? " projected" : ""}`, Date.parse(one.since), Date.parse(one.until ?? axis.until), axis));
  // What it shows stands in words below it.
  return h("div", { class: "clock-bar", "aria-hidden": true }, pieces, marks(clock, axis));
}

function marks(clock, axis) {
  const mark = (kind, at) => h("i", { class: kind, "--from": axis.place(at) });
  return [
    clock.due_at ? mark("due-mark", Date.parse(clock.due_at)) : null,
    clock.stopped_at ? null : mark("now-mark", axis.asOf),
  ].filter(Boolean);
}

function piece(kind, from, until, axis) {
  return h("i", { class: `piece ${kind}`, "--from": axis.place(from), "--until": axis.place(until) });
}

function why(clock) {
  const { rule } = clock;
  return h("details", { class: "why" }, h("summary", {}, t("why")),
    h("dl", { class: "rule" },
      row(t("rule"), pick(rule.text)), row(t("source"), pick(rule.source)),
      row(t("certaintyName"), `${rule.certainty} · ${pick(rule.certainty_text)}`),
      row(t("policy"), t("policySince", { policy: rule.policy, since: rule.in_force_from })),
      row(t("calendar"), clock.calendar)),
    h("h5", {}, t("intervals")),
    h("ol", { class: "intervals" }, clock.intervals.map((one) => h("li", { class: one.projected ? "projected" : null },
      h("i", { class: `swatch ${one.kind}`, "aria-hidden": true }),
      h("span", {}, `${instant(one.since)} → ${one.until ? instant(one.until) : t("goesOn")}`),
      h("span", { class: "note" }, duration(one.duration_ms)), h("span", {}, pick(one.text), one.projected ? ` ${t("projected")}` : "")))),
    clock.ladder.length ? [h("h5", {}, t("ladder")), ladder(clock.ladder)] : null);
}

const row = (name, text) => h("div", {}, h("dt", {}, name), h("dd", {}, text));

function ladder(steps) {
  return h("ol", { class: "ladder" }, steps.map((step) => h("li", { class: `rung ${step.state}` },
    h("b", { class: `level-${step.level}` }, h("span", { class: "badge" }, pick(step.name))),
    h("span", {}, `→ ${pick(step.to_name)}`),
    h("span", { class: "note" }, pick(step.rule)), h("span", {}, pick(step.text)))));
}

/** The verdicts alone, where the account is not to be had: a bar from start to end each. */
export function verdictBars({ case: one, clocks, as_of: asOf }) {
  if (!clocks.length) return h("p", { class: "nothing" }, t("noClocks"));
  const axis = axisOf(clocks, Date.parse(asOf));
  return h("ul", { class: "clocks" }, clocks.map((clock) => plainEntry(one, clock, axis)));
}

function plainEntry(one, clock, axis) {
  const verdict = verdictOf(clock);
  const rule = clockOf(one.item, clock.clock);
  return h("li", { class: `clock verdict-${verdict}` },
    h("div", { class: "clock-head" }, h("h4", {}, clockName(one.item, clock.clock)),
      clock.cycle > 1 ? h("span", { class: "note" }, t("round", { n: clock.cycle })) : null,
      rule ? h("span", { class: "note" }, t("limit", { limit: amount(rule.limit) })) : null,
      h("span", { class: "pill" }, t(`status.${verdict}`))),
    plainBar(clock, axis),
    h("p", { class: "clock-times" }, time("started", clock.started_at), time("due", clock.due_at),
      clock.stopped_at ? time("stopped", clock.stopped_at) : null));
}

/** The verdict as it is shown: a breach is told apart from plain running and cancelling. */
function verdictOf({ status, breached_at: breachedAt }) {
  if (!breachedAt) return status;
  if (status === "running") return "breached";
  return status === "cancelled" ? "cancelledLate" : status;
}

function plainBar(clock, axis) {
  const end = clock.stopped_at ? Date.parse(clock.stopped_at) : axis.asOf;
  const due = clock.due_at ? Date.parse(clock.due_at) : end;
  const parts = [piece("running", Date.parse(clock.started_at), Math.min(end, due), axis)];
  if (end > due) parts.push(piece("overdue", due, end, axis));
  return h("div", { class: "clock-bar", "aria-hidden": true }, parts, marks(clock, axis));
}

function time(name, text) {
  return h("span", {}, h("span", { class: "note" }, t(name)), " ", h("time", { datetime: text }, instant(text)));
}
