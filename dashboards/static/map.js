// One tile a county, where someone who knows the province looks for it; a prefecture fills the
// picture when it is chosen, and a county shows its townships. The tables show the same figures.

import { renew } from "./arrange.js";
import { byId, h, setText, svg } from "./dom.js";
import { count, share } from "./format.js";
import { GRADES, gradeOf, PATTERNS } from "./grades.js";
import { shapesOf } from "./map-shapes.js";
import { countyName, prefectureName, rememberTownships, townshipName } from "./names.js";
import { filled, frame } from "./panel.js";
import { fixedOf, seesTownships } from "./session.js";
import { drawTownshipTiles } from "./township-tiles.js";
import { language, t } from "./words.js";

let made = null;

export function drawMap(page) {
  const isCounty = Boolean(page.state.county) && seesTownships(page);
  const panel = isCounty ? "townships" : "counties";
  const body = frame(page, "map", { title: t(isCounty ? "mapTownships" : "map"), define: "panels.map", csv: panel });
  filled("map", page.store.has(panel));
  if (!page.store.has("counties")) return;
  made ??= make(page, body);
  rememberTownships(page.store.rows("townships"));
  setText(made.past, t("skipMap"));
  renew(made.trail, ...trail(page));
  made.picture.classList.toggle("away", isCounty);
  made.townships.hidden = !isCounty;
  if (isCounty) drawTownshipTiles(page, made.townships);
  else drawCounties(page);
  drawLegend(made.legend);
}

function make(page, body) {
  const shapes = shapesOf();
  const tiles = new Map(shapes.counties.map((shape) => [shape.code, tile(shape)]));
  const picture = svg("svg", { class: "tiles", role: "group" }, PATTERNS(),
    [...tiles.values()].map(({ link }) => link), svg("path", { class: "borders", d: shapes.borders }));
  const parts = {
    shapes, tiles, picture, trail: h("p", { class: "trail" }), townships: h("div", { class: "township-tiles" }),
    legend: h("ul", { class: "legend" }),
  };
  // By keyboard 129 tiles are a long way; the table has the same numbers.
  const past = h("a", { class: "skip-map", href: "#places", onclick: pastMap }, t("skipMap"));
  parts.past = past;
  body.append(parts.trail, past, h("div", { class: "canvas" }, picture, parts.townships), parts.legend);
  return parts;
}

function pastMap(event) {
  event.preventDefault();
  byId("places").focus();
}

function tile(shape) {
  const title = svg("title");
  const name = svg("text", { class: "tile-name", x: shape.x, y: shape.y - 5 });
  const number = svg("text", { class: "tile-number", x: shape.x, y: shape.y + 11 });
  const area = svg("path", { class: "area", d: shape.path });
  const hatch = svg("path", { class: "hatch", d: shape.path });
  return { shape, title, name, number, link: svg("a", { class: "tile" }, title, area, hatch, name, number) };
}

function drawCounties(page) {
  const { picture, shapes, tiles } = made;
  picture.setAttribute("aria-label", t("map"));
  picture.setAttribute("viewBox", shapes.boxOf(page.state.prefecture).join(" "));
  const rows = new Map(page.store.rows("counties").map((row) => [row.county, row]));
  for (const [code, one] of tiles) write(page, code, one, rows.get(code));
}

function write(page, code, { shape, link, title, name, number }, row) {
  const known = row ?? { open: 0, late: 0, supervised: 0 };
  const change = { prefecture: shape.prefecture, county: code, township: "", place: "" };
  link.setAttribute("href", page.hrefOf(change));
  link.dataset.go = JSON.stringify(change);
  link.setAttribute("class", `tile grade-${gradeOf(known)}${row ? "" : " outside"}`);
  const text = t("mapTile", {
    name: `${prefectureName(shape.prefecture)} ${countyName(code)}`, open: count(known.open),
    late: count(known.late), p: share(known.late, known.open), supervised: count(known.supervised),
  });
  link.setAttribute("aria-label", text);
  setText(title, text);
  nameTile(name, code, shape);
  setText(number, row ? count(row.late) : "");
}

/** English names are longer than a tile: smaller, and the longest drawn closer. */
function nameTile(element, code, { short, width }) {
  const isEnglish = language() === "en";
  const text = isEnglish ? countyName(code).replace(/ (County|District|City)$/, "") : short;
  setText(element, text);
  element.classList.toggle("long", isEnglish || text.length > 3);
  if (isEnglish && text.length > 7) element.setAttribute("textLength", width - 6);
  else element.removeAttribute("textLength");
  element.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

/** Where one is, each step leading back out. */
function trail(page) {
  const { prefecture, county, township } = page.state;
  const fixed = fixedOf(page.session);
  const step = (name, change) => h("a", { href: page.hrefOf(change), "data-go": JSON.stringify(change) }, name);
  const out = { prefecture: "", county: "", township: "", place: "" };
  const here = (name) => h("span", {}, name);
  const steps = [
    "prefecture" in fixed ? null : prefecture ? step(t("allPrefectures"), out) : here(t("allPrefectures")),
    !prefecture || "county" in fixed ? null
      : county ? step(prefectureName(prefecture), { ...out, prefecture }) : here(prefectureName(prefecture)),
    !county ? null : township ? step(countyName(county), { township: "" }) : here(countyName(county)),
    township ? here(townshipName(township)) : null,
  ].filter(Boolean);
  return steps.flatMap((one, index) => (index ? [here(" › "), one] : [one]));
}

function drawLegend(legend) {
  const percent = (part) => `${part * 100}\u2009%`;
  const names = [
    ["none", t("mapNone")], [0, "0"], [1, `< ${percent(GRADES[0])}`],
    ...GRADES.map((bound, index) => [index + 2, `≥ ${percent(bound)}`]),
  ];
  legend.replaceChildren(h("li", { class: "note" }, t("mapCounts")), ...names.map(([grade, text]) =>
    h("li", {}, h("i", { class: `swatch grade-${grade}`, "aria-hidden": true }), text)));
}
