// The numbers of each county, or of each prefecture; a name leads into its place.

import { h, setText } from "./dom.js";
import { count, share } from "./format.js";
import { countyName, prefectureName, prefectureOf, prefectureShort } from "./names.js";
import { filled, frame } from "./panel.js";
import { countColumns, Table } from "./table.js";
import { t } from "./words.js";

const tables = {};
const switches = {};
let switcher = null;

export function drawPlaces(page, moved) {
  const panel = page.state.place === "prefectures" ? "prefectures" : "counties";
  const body = frame(page, "places", {
    title: t("places"), define: "panels.counties", csv: panel, tools: [levelSwitch(page)],
  });
  for (const [name, button] of Object.entries(switches)) {
    setText(button, t(name));
    button.setAttribute("aria-pressed", String(name === panel));
  }
  filled("places", page.store.has(panel));
  if (!page.store.has(panel)) return;
  tables[panel] ??= make(page, body, panel);
  for (const [name, table] of Object.entries(tables)) table.scroller.hidden = name !== panel;
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
    type: "button", class: "quiet", onclick: () => page.go({ place: name === "counties" ? "" : name, sort: "" }, "replace"),
  });
  for (const name of ["counties", "prefectures"]) switches[name] ??= choose(name);
  switcher = h("div", { class: "segmented", role: "group" }, Object.values(switches));
  return switcher;
}

function make(page, body, panel) {
  return new Table(body, {
    columns: columns(page, panel), keyOf: (row) => row[KEY[panel]], sort: "-late",
    onSort: (sort) => page.go({ sort }, "replace"),
    caption: () => `${t("places")} · ${t(panel)}`,
  });
}

const KEY = { counties: "county", prefectures: "prefecture" };

function columns(page, panel) {
  const shown = panel === "counties"
    ? [county(page), { id: "prefecture", label: () => t("prefecture"), classOf: () => "thin",
      value: (row) => prefectureOf(row.county), text: (row) => prefectureShort(prefectureOf(row.county)) }]
    : [prefecture(page)];
  return [...shown, ...countColumns(count, share)];
}

function county(page) {
  return {
    id: "county", label: () => t("county"), value: (row) => row.county, text: (row) => countyName(row.county),
    link: (row) => placeLink(page, { prefecture: prefectureOf(row.county), county: row.county }, countyName(row.county)),
  };
}

function prefecture(page) {
  return {
    id: "prefecture", label: () => t("prefecture"), value: (row) => row.prefecture,
    text: (row) => prefectureName(row.prefecture),
    link: (row) => placeLink(page, { prefecture: row.prefecture, county: "", place: "" }, prefectureName(row.prefecture)),
  };
}

function placeLink(page, change, name) {
  return h("a", { href: page.hrefOf(change), "data-go": JSON.stringify(change) }, name || "–");
}
