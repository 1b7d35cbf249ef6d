// The newest escalations; new ones come in at the top by themselves.

import { flash, h, setText } from "./dom.js";
import { instant } from "./format.js";
import { clockName, itemName, levelName, placeName, recipientName } from "./names.js";
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
  const rows = newestFirst(page.store.rows("escalations"));
  setText(empty, rows.length ? "" : t("noEscalations"));
  empty.hidden = rows.length > 0;
  list.replaceChildren(...rows.map((row) => entryOf(page, row)));
  for (const key of moved) if (made.has(key)) flash(made.get(key).element);
}

function newestFirst(rows) {
  // As the question orders them: what a bulk load brought late already is no news of that day.
  const instantOf = (row) => Date.parse(row.known_late && row.revision === 1 ? row.at : row.published_at);
  return rows
    .sort((a, b) => instantOf(b) - instantOf(a) || Date.parse(b.at) - Date.parse(a.at)
      || a.escalation_id.localeCompare(b.escalation_id))
    .slice(0, SHOWN);
}

function entryOf(page, row) {
  const have = made.get(row.escalation_id);
  if (have?.revision === row.revision && have.query === location.search) return have.element;
  const element = entry(page, row);
  made.set(row.escalation_id, { revision: row.revision, element, query: location.search });
  return element;
}

function entry(page, row) {
  const isGone = row.state === "withdrawn";
  return h("li", { class: `entry level-${row.level}${isGone ? " gone" : ""}` },
    h("p", { class: "entry-head" },
      h("span", { class: "badge" }, levelName(row.level)),
      h("a", { href: page.hrefOf({ case: row.case_id }), "data-case": row.case_id }, row.case_id),
      h("time", { datetime: row.at }, instant(row.at))),
    h("p", { class: "entry-what" }, `${itemName(row.item)} · ${clockName(row.item, row.clock)}`),
    h("p", { class: "entry-where" }, placeName(row.county), " → ", recipientName(row.to)),
    h("p", { class: "entry-why" }, pick({ zh: row.reason_zh, en: row.reason_en })),
    tags(row, isGone));
}

function tags(row, isGone) {
  const texts = [
    isGone ? `${t("withdrawn")} · ${t(`cause.${row.cause}`)}` : null,
    row.known_late ? t("knownLate") : null,
    row.provisional ? t("provisional") : null,
  ].filter(Boolean);
  return texts.length ? h("p", { class: "tags" }, texts.map((text) => h("span", { class: "tag" }, text))) : null;
}
