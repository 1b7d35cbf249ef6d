// One tile a county, where someone who knows the province looks for it. The table by county shows
// the same figures.

import { h, setText, svg } from "./dom.js";
import { count, share } from "./format.js";
import { allCounties, countyName, prefectureName } from "./names.js";
import { filled, frame } from "./panel.js";
import { language, t } from "./words.js";

const TILE = 40;
const GAP = 2;
const MARGIN = 4;
const made = new Map();
let picture = null;
let legend = null;

export function drawMap(page) {
  const body = frame(page, "map", { title: t("map"), define: "panels.map", csv: "counties" });
  filled("map", page.store.has("counties"));
  if (!page.store.has("counties")) return;
  if (!picture) {
    body.append((picture = draw(page)), (legend = h("ul", { class: "legend" })));
  }
  picture.setAttribute("aria-label", t("map"));
  const rows = new Map(page.store.rows("counties").map((row) => [row.county, row]));
  for (const [code, tile] of made) write(page, code, tile, rows.get(code));
  drawLegend();
}

function draw(page) {
  const counties = allCounties();
  const right = Math.max(...counties.map(([, place]) => place.x));
  const bottom = Math.max(...counties.map(([, place]) => place.y));
  const left = Math.min(...counties.map(([, place]) => place.x));
  const top = Math.min(...counties.map(([, place]) => place.y));
  const at = ({ x, y }) => ({ x: (x - left) * TILE + MARGIN, y: (y - top) * TILE + MARGIN });
  const size = [(right - left + 1) * TILE + 2 * MARGIN, (bottom - top + 1) * TILE + 2 * MARGIN];
  const tiles = counties.map(([code, place]) => makeTile(page, code, place, at(place)));
  return svg("svg", { class: "tiles", viewBox: `0 0 ${size.join(" ")}`, role: "group" },
    tiles, svg("path", { class: "borders", d: borders(counties, at) }));
}

function makeTile(page, code, place, { x, y }) {
  const number = svg("text", { class: "tile-number", x: x + TILE / 2, y: y + 31 });
  const name = svg("text", { class: "tile-name", x: x + TILE / 2, y: y + 15 });
  const title = svg("title");
  const side = TILE - GAP;
  const link = svg("a", { class: "tile" }, title,
    svg("rect", { x: x + GAP / 2, y: y + GAP / 2, width: side, height: side, rx: 3 }), name, number);
  made.set(code, { link, title, name, number, place });
  return link;
}

function write(page, code, { link, title, name, number, place }, row) {
  const known = row ?? { open: 0, late: 0, supervised: 0 };
  const change = { prefecture: place.prefecture, county: code };
  link.setAttribute("href", page.hrefOf(change));
  link.dataset.go = JSON.stringify(change);
  link.setAttribute("class", `tile grade-${gradeOf(known)}${row ? "" : " outside"}`);
  const text = t("mapTile", {
    name: `${prefectureName(place.prefecture)} ${countyName(code)}`, open: count(known.open),
    late: count(known.late), p: share(known.late, known.open), supervised: count(known.supervised),
  });
  link.setAttribute("aria-label", text);
  setText(title, text);
  nameTile(name, code, place);
  setText(number, row ? count(row.late) : "");
}

/** English names are longer than a tile: smaller, and the longest drawn closer. */
function nameTile(element, code, place) {
  const isEnglish = language() === "en";
  const text = isEnglish ? countyName(code).replace(/ (County|District|City)$/, "") : place.short;
  setText(element, text);
  element.classList.toggle("long", isEnglish || text.length > 3);
  if (isEnglish && text.length > 7) element.setAttribute("textLength", TILE - 3 * GAP);
  else element.removeAttribute("textLength");
  element.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

const GRADES = [0.05, 0.1, 0.2, 0.4];

function gradeOf({ open, late }) {
  if (!open) return "none";
  if (!late) return 0;
  const part = late / open;
  return 1 + GRADES.filter((bound) => part >= bound).length;
}

function drawLegend() {
  const percent = (part) => `${part * 100}%`;
  const names = [
    ["none", t("mapNone")], [0, "0"], [1, `< ${percent(GRADES[0])}`],
    ...GRADES.map((bound, index) => [index + 2, `≥ ${percent(bound)}`]),
  ];
  legend.replaceChildren(...names.map(([grade, text]) =>
    h("li", {}, h("i", { class: `swatch grade-${grade}`, "aria-hidden": true }), text)));
}

/** The lines between tiles of different prefectures, and around all. */
function borders(counties, at) {
  const owner = new Map(counties.map(([, place]) => [`${place.x},${place.y}`, place.prefecture]));
  const lines = [];
  for (const [, place] of counties) {
    const { x, y } = at(place);
    const differs = (dx, dy) => owner.get(`${place.x + dx},${place.y + dy}`) !== place.prefecture;
    if (differs(-1, 0)) lines.push(`M${x} ${y}v${TILE}`);
    if (differs(0, -1)) lines.push(`M${x} ${y}h${TILE}`);
    if (!owner.has(`${place.x + 1},${place.y}`)) lines.push(`M${x + TILE} ${y}v${TILE}`);
    if (!owner.has(`${place.x},${place.y + 1}`)) lines.push(`M${x} ${y + TILE}h${TILE}`);
  }
  return lines.join("");
}
