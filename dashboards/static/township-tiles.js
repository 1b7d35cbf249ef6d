// The townships of a county as tiles in the order of their codes: where each lies is not known, and
// the picture says so.

import { h } from "./dom.js";
import { count, share } from "./format.js";
import { gradeOf } from "./grades.js";
import { townshipName } from "./names.js";
import { t } from "./words.js";

export function drawTownshipTiles(page, place) {
  const rows = page.store.rows("townships");
  const tiles = rows.map((row) => tile(page, row));
  place.replaceChildren(
    h("p", { class: "note" }, t("townshipOrder")),
    h("div", { class: "squares" }, tiles));
}

function tile(page, row) {
  const name = row.township ? townshipName(row.township) : t("noTownship");
  const text = t("mapTile", {
    name, open: count(row.open), late: count(row.late), p: share(row.late, row.open), supervised: count(row.supervised),
  });
  const change = { township: page.state.township === row.township ? "" : row.township };
  const props = {
    "aria-current": page.state.township && page.state.township === row.township ? "true" : null,
    class: `square grade-${gradeOf(row)}${page.state.township === row.township ? " chosen" : ""}`, title: text, "aria-label": text,
    ...(row.township ? { href: page.hrefOf(change), "data-go": JSON.stringify(change) } : { role: "img" }),
  };
  return h(row.township ? "a" : "div", props, h("span", { class: "square-name" }, name), h("b", {}, count(row.late)));
}
