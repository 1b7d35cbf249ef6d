// The numbers of each prefecture, county, or township of a county; a name leads into its place.

import { countColumns } from "./count-columns.js";
import { h, setText } from "./dom.js";
import { countyName, prefectureName, prefectureOf, prefectureShort, rememberTownships, townshipName } from "./names.js";
import { filled, frame } from "./panel.js";
import { seesTownships } from "./session.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const tables = {};
const switches = {};
let switcher = null;

const KEY = { counties: "county", prefectures: "prefecture", townships: "township" };

/** The level that the table shows: townships within a county, else what the reader chose. */
function levelOf(page) {
  const { county, place } = page.state;
  if (county && seesTownships(page)) return place === "counties" ? "counties" : "townships";
  return place === "prefectures" ? "prefectures" : "counties";
}

export function drawPlaces(page, moved) {
  const panel = levelOf(page);
  rememberTownships(page.store.rows("townships"));
  const body = frame(page, "places", {
    title: t("places"), define: `panels.${panel}`, csv: panel, tools: [levelSwitch(page)],
  });
  for (const [name, button] of Object.entries(switches)) {
    setText(button, t(name));
    button.setAttribute("aria-pressed", String(name === panel));
    button.hidden = name === (page.state.county && seesTownships(page) ? "prefectures" : "townships");
  }
  filled("places", page.store.has(panel));
  for (const [name, table] of Object.entries(tables)) table.scroller.hidden = name !== panel;
  if (!page.store.has(panel)) return;
  tables[panel] ??= make(page, body, panel);
  tables[panel].draw(page.store.rows(panel), moved, sortOf(page, panel));
}

function sortOf(page, panel) {
  const asked = page.state.sort;
  const known = columns(page, panel).some(({ id }) => id === asked.replace("-", ""));
  return asked && known ? asked : "-late";
}

function levelSwitch(page) {
  if (switcher) return switcher;
  const choose = (name) => h("button", {
    type: "button", class: "quiet", onclick: () => page.go({ place: name, sort: "" }, "replace"),
  });
  for (const name of ["townships", "counties", "prefectures"]) switches[name] ??= choose(name);
  switcher = h("div", { class: "segmented", role: "group" }, Object.values(switches));
  return switcher;
}

function make(page, body, panel) {
  return new Table(body, {
    columns: columns(page, panel), keyOf: (row) => row[KEY[panel]], sort: "-late",
    onSort: (sort) => page.go({ sort }, "replace"),
    caption: () => `${t("places")} · ${t(panel)}`,
    isChosen: (row) => panel === "townships" && Boolean(row.township) && row.township === page.state.township,
  });
}

function columns(page, panel) {
  const shown = { counties: () => [county(page), ofPrefecture()], prefectures: () => [prefecture(page)], townships: () => [township(page)] };
  return [...shown[panel](), ...countColumns()];
}

const ofPrefecture = () => ({
  id: "prefecture", label: () => t("prefecture"), classOf: () => "thin",
  value: (row) => prefectureOf(row.county), text: (row) => prefectureShort(prefectureOf(row.county)),
});

function county(page) {
  return {
    id: "county", label: () => t("county"), value: (row) => row.county, text: (row) => countyName(row.county),
    link: (row) => placeLink(page, { prefecture: prefectureOf(row.county), county: row.county, township: "", place: "" }, countyName(row.county)),
  };
}

function prefecture(page) {
  return {
    id: "prefecture", label: () => t("prefecture"), value: (row) => row.prefecture,
    text: (row) => prefectureName(row.prefecture),
    link: (row) => placeLink(page, { prefecture: row.prefecture, county: "", township: "", place: "" }, prefectureName(row.prefecture)),
  };
}

function township(page) {
  const name = (row) => (row.township ? townshipName(row.township) : t("noTownship"));
  return {
    id: "township", label: () => t("township"), value: (row) => row.township, text: name,
    link: (row) => (row.township ? placeLink(page, { township: row.township }, name(row)) : h("span", {}, name(row))),
  };
}

function placeLink(page, change, name) {
  return h("a", { href: page.hrefOf(change), "data-go": JSON.stringify(change) }, name || "–");
}
