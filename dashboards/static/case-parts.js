// Parts of a case besides its clocks: escalations, custody, deliveries, what was done, events.

import { acknowledge, allowedAt } from "./case-actions.js";
import { h } from "./dom.js";
import { duration, instant } from "./format.js";
import { clockName, departmentName, levelName, recipientName, typeName } from "./names.js";
import { pick, t } from "./words.js";

const nothing = (key) => h("p", { class: "nothing" }, t(key));
const when = (at) => h("time", { datetime: at }, instant(at));

export function escalationsOf(page, { case: one, escalations }, history, again) {
  if (!escalations.length) return nothing("noEscalations");
  return h("ol", { class: "steps" }, escalations.map((row) => {
    const isGone = row.state === "withdrawn";
    const acked = ackOf(history, row.escalation_id);
    return h("li", { class: `entry level-${row.level}${isGone ? " gone" : ""}` },
      h("p", { class: "entry-head" }, h("span", { class: "badge" }, levelName(row.level)),
        h("span", {}, `${clockName(one.item, row.clock)} → ${recipientName(row.to)}`), when(row.at)),
      h("p", { class: "entry-why" }, pick({ zh: row.reason_zh, en: row.reason_en })),
      isGone ? h("p", { class: "tags" }, h("span", { class: "tag" }, `${t("withdrawn")} · ${t(`cause.${row.cause}`)}`)) : null,
      acked ? h("p", { class: "tags" }, h("span", { class: "tag acked" }, t("ackedBy", { by: acked.by, at: instant(acked.at) }))) : null,
      isGone ? null : acknowledge(page, one, row, Boolean(acked), allowedAt(history, row.level), again));
  }));
}

/** The acknowledgement that holds for an escalation, if one does. */
function ackOf({ actions = [] }, escalationId) {
  const about = actions.filter((one) => one.escalation_id === escalationId && /acknowledged$/.test(one.type));
  const last = about.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1);
  if (last?.type !== "acknowledged") return null;
  return last.expires_at && Date.parse(last.expires_at) < Date.now() ? null : last;
}

export function custodyOf({ custody }) {
  if (!custody.intervals.length) return nothing("noRows");
  const bounced = custody.bounces.length ? h("p", { class: "note" }, t("bouncedTimes", { n: custody.bounces.length })) : null;
  return [h("ol", { class: "custody" }, custody.intervals.map((one) => h("li", { class: one.until ? null : "now" },
    h("strong", {}, pick(one.holder.name)),
    h("span", {}, `${instant(one.since)} → ${one.until ? instant(one.until) : t("goesOn")}`),
    h("span", { class: "note" }, duration(one.duration_ms),
      one.accepted_at ? ` · ${t("acceptedAt", { at: instant(one.accepted_at) })}` : ` · ${t("notAccepted")}`)))), bounced];
}

const TOLD_SHOWN = 6;

export function deliveriesOf({ deliveries }) {
  if (!deliveries.length) return nothing("noDeliveries");
  const lines = deliveries.map(delivery);
  const list = (some) => h("ol", { class: "events told" }, some);
  if (lines.length <= TOLD_SHOWN + 2) return list(lines);
  return [list(lines.slice(0, TOLD_SHOWN)), h("details", { class: "why" },
    h("summary", {}, t("moreDeliveries", { n: lines.length - TOLD_SHOWN })), list(lines.slice(TOLD_SHOWN)))];
}

function delivery(row) {
  // Where a recipient has several endpoints the record names both in one.
  const [recipient] = row.recipient.split("@");
  const why = row.why && row.why !== "ok" ? ` · ${reason(row.why)}` : "";
  return h("li", { class: `outcome-${row.outcome} level-${row.level}` }, when(row.at),
    h("span", {}, h("span", { class: "badge" }, levelName(row.level)), ` → ${recipient}`,
      row.endpoint ? h("span", { class: "note" }, ` · ${row.endpoint}`) : null),
    h("span", { class: "note" }, t(`delivery.${row.outcome}`), why));
}

/** Why, in words; a reason that has none yet is shown as it is recorded. */
function reason(code) {
  const words = t(`undelivered.${code}`);
  return words === code ? code : words;
}

export function historyOf({ actions }) {
  if (!actions.length) return nothing("noActions");
  return h("ol", { class: "events" }, actions.map((row) => h("li", {},
    when(row.at),
    h("span", {}, h("b", {}, t(`action.${row.type}`)), " ", h("span", { class: "badge" }, levelName(row.level)),
      row.to ? ` → ${row.to}` : "", row.text ? h("span", { class: "words" }, row.text) : null),
    h("span", { class: "note" }, `${row.by} · ${t(`side.${row.side}`)}`))));
}

/** What happened, with what it did to the clocks where the account says so. */
export function eventsOf({ events }, { events: accounted = [] }) {
  if (!events.length) return nothing("noRows");
  const effects = new Map(accounted.map(({ event, effects: list }) => [event.event_id, list]));
  return h("ol", { class: "events" }, events.map((event) => h("li", {},
    when(event.occurred_at),
    h("span", {}, typeName(event.type), effectsOf(effects.get(event.event_id))),
    h("span", { class: "note" }, [event.department && departmentName(event.department), event.extended_by, event.grade]
      .filter(Boolean).join(" · ")))));
}

function effectsOf(effects) {
  if (!effects?.length) return null;
  return h("span", { class: "effects" }, effects.map(({ text }) => pick(text)).join(t("semicolon")));
}
