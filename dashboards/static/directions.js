// 找政府 and 政府找 side by side, and the three ways of raising a hand below.

import { refill } from "./arrange.js";
import { h } from "./dom.js";
import { count, percent, share } from "./format.js";
import { raisedName } from "./names.js";
import { FIRST } from "./households.js";
import { filled, frame, unheededWords } from "./panel.js";
import { Asked } from "./asked.js";
import { countColumns } from "./count-columns.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const WAYS = ["self", "proxy", "government"];
// The households themselves: who came first, once that is known.
const first = new Asked("first", drawFirst);
let who = null;
let table = null;
let sides = null;

export function drawDirections(page, moved) {
  const body = frame(page, "directions", {
    title: t("directions"), define: "panels.directions", csv: "directions",
  });
  const rows = page.store.rows("directions").filter((row) => WAYS.includes(row.raised_by));
  filled("directions", page.store.has("directions"));
  if (!page.store.has("directions")) return;
  if (!table) {
    sides = h("div", { class: "sides" });
    body.append(sides, (who = h("p", { class: "note who-first" })));
    table = new Table(body, {
      columns: columns(), keyOf: (row) => row.raised_by, sort: "raised_by",
      onSort: (sort) => table.draw(page.store.rows("directions"), [], sort),
      caption: () => t("directions"),
    });
  }
  drawSides(rows);
  table.draw(rows, moved);
}

export const askWhoFirst = (page) => first.show(page);

function drawFirst(page, { rows }) {
  const whole = rows?.find((row) => row.place === "all");
  if (!who || !whole?.asked) return who && refill(who);
  const words = t("whoFirst", { p: percent(whole.share), low: percent(whole.low), high: percent(whole.high) });
  refill(who, h("span", {}, `${words} ${unheededWords(page.state, FIRST)} `), h("a", { href: page.hrefOf({ view: "households" }), "data-go": '{"view": "households"}' }, t("more")));
}

function drawSides(rows) {
  const of = (...codes) => sum(rows.filter((row) => codes.includes(row.raised_by)));
  const [people, officials] = [of("self", "proxy"), of("government")];
  const whole = people.open + officials.open;
  sides.replaceChildren(
    side("people", t("toGovernment"), t("toGovernmentNote"), people, whole),
    side("officials", t("byGovernment"), t("byGovernmentNote"), officials, whole),
  );
}

function side(kind, name, note, n, whole) {
  const fact = (key, extra = "") => h("div", { class: extra }, h("dt", {}, t(key)), h("dd", {}, count(n[key])));
  return h("div", { class: `side ${kind}`, role: "group", "aria-label": name },
    h("p", { class: "side-name" }, h("strong", {}, name), " ", h("span", { class: "note" }, note)),
    h("div", { class: "bar", "--share": whole ? n.open / whole : 0 }, h("i")),
    h("dl", {}, fact("open"), fact("late", n.late ? "is-late" : ""),
      fact("supervised", n.supervised ? "is-supervised" : ""), fact("received_today"),
      h("div", {}, h("dt", {}, t("mapLegend")), h("dd", {}, share(n.late, n.open)))));
}

function sum(rows) {
  const total = { open: 0, late: 0, supervised: 0, received_today: 0 };
  for (const row of rows) for (const key of Object.keys(total)) total[key] += row[key];
  return total;
}

function columns() {
  const name = { id: "raised_by", label: () => t("direction"), value: (row) => WAYS.indexOf(row.raised_by),
    text: (row) => raisedName(row.raised_by) };
  return [name, ...countColumns()];
}
