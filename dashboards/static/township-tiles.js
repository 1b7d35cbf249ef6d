// The townships of a county as tiles in the order of their codes: where each lies is not known, and
// the picture says so.

import { renew } from "./arrange.js";
import { h, setText } from "./dom.js";
import { count, share } from "./format.js";
import { gradeOf } from "./grades.js";
import { townshipName } from "./names.js";
import { t } from "./words.js";

export function drawTownshipTiles(page, place) {
  if (!place.firstChild) place.append(h("p", { class: "note" }), h("div", { class: "squares" }));
  const [note, squares] = place.children;
  setText(note, t("townshipOrder"));
  renew(squares, ...page.store.rows("townships").map((row) => tile(page, row)));
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
