// The newest escalations; new ones come in at the top by themselves.

import { arrange } from "./arrange.js";
import { flash, h, setText } from "./dom.js";
import { instantOfYear } from "./format.js";
import { levelName, placeName, recipientName } from "./names.js";
import { filled, frame } from "./panel.js";
import { pick, t } from "./words.js";

const SHOWN = 50;
const made = new Map();
let list = null;
let empty = null;
let drawnIn = "";

export function drawFeed(page, moved) {
  const body = frame(page, "escalations", {
    title: t("escalations"), define: "panels.escalations", csv: "escalations",
  });
  filled("escalations", page.store.has("escalations"));
  if (!page.store.has("escalations")) return;
  if (!list) body.append((list = h("ol", { class: "feed-list" })), (empty = h("p", { class: "nothing" })));
  const language = document.documentElement.lang;
  if (language !== drawnIn) made.clear();
  drawnIn = language;
  const groups = grouped(newestFirst(page.store.rows("escalations")));
  setText(empty, groups.length ? "" : t("noEscalations"));
  empty.hidden = groups.length > 0;
  arrange(list, groups.map((rows) => entryOf(page, rows)));
  // A screen on a wall is not loaded anew for weeks: what left the list is let go.
  const kept = new Set(groups.map(([row]) => row.escalation_id));
  for (const key of made.keys()) if (!kept.has(key)) made.delete(key);
  for (const key of moved) for (const one of made.values()) if (one.ids.has(key)) flash(one.element);
}

function newestFirst(rows) {
  // As the question orders them: what a bulk load brought late already is no news of that day.
  const instantOf = (row) => Date.parse(row.known_late && row.revision === 1 ? row.at : row.published_at);
  return rows
    .sort((a, b) => instantOf(b) - instantOf(a) || Date.parse(b.at) - Date.parse(a.at)
      || a.case_id.localeCompare(b.case_id) || a.escalation_id.localeCompare(b.escalation_id))
    .slice(0, SHOWN);
}

/** Steps of one case that came at the same instant to the same desk are told once. */
function grouped(rows) {
  const kindOf = (row) => [row.case_id, row.level, row.to, row.at, row.state, row.cause, row.known_late].join();
  const groups = [];
  for (const row of rows) {
    if (groups.length && kindOf(groups.at(-1)[0]) === kindOf(row)) groups.at(-1).push(row);
    else groups.push([row]);
  }
  return groups;
}

function entryOf(page, rows) {
  const key = rows[0].escalation_id;
  const stamp = `${rows.map((row) => `${row.escalation_id} ${row.revision}`).join()} ${location.search}`;
  if (made.get(key)?.stamp === stamp) return made.get(key).element;
  const element = entry(page, rows);
  made.set(key, { stamp, element, ids: new Set(rows.map((row) => row.escalation_id)) });
  return element;
}

function entry(page, rows) {
  const [row] = rows;
  const isGone = row.state === "withdrawn";
  return h("li", { class: `entry level-${row.level}${isGone ? " gone" : ""}` },
    h("p", { class: "entry-head" },
      h("span", { class: "badge" }, levelName(row.level)),
      h("a", { href: page.hrefOf({ case: row.case_id }), "data-case": row.case_id }, row.case_id),
      h("span", { class: "entry-where" }, placeName(row.county), " → ", recipientName(row.to)),
      h("time", { datetime: row.at }, instantOfYear(row.at))),
    rows.map((each) => h("p", { class: "entry-why" }, pick({ zh: each.reason_zh, en: each.reason_en }))),
    tags(row, isGone));
}

function tags(row, isGone) {
  const texts = [
    isGone ? `${t("withdrawn")} · ${t(`cause.${row.cause}`)}` : null,
    row.known_late ? t(Date.parse(row.due_at) > Date.parse(row.at) ? "knownDue" : "knownLate") : null,
    row.provisional ? t("provisional") : null,
  ].filter(Boolean);
  return texts.length ? h("p", { class: "tags" }, texts.map((text) => h("span", { class: "tag" }, text))) : null;
}
