// The page, assembled: the address says what to look at, the stream brings it, panels draw it.

import * as address from "./address.js";
import { showBanners } from "./banners.js";
import { drawCase } from "./case.js";
import { drawDirections } from "./directions.js";
import { byId, setText } from "./dom.js";
import { installDefinitions } from "./definitions.js";
import { drawFeed } from "./feed.js";
import { drawFilters, installFilters } from "./filters.js";
import { ago, instantToSecond } from "./format.js";
import { drawItems } from "./items.js";
import { drawKpis } from "./kpis.js";
import { drawMap } from "./map.js";
import { loadNames } from "./names.js";
import { fetchJson } from "./fetching.js";
import { drawPlaces } from "./places.js";
import { KEY_OF, Store } from "./store.js";
import { Stream } from "./stream.js";
import { drawSupervised } from "./supervised.js";
import { setLanguage, t } from "./words.js";

const store = new Store();
const page = {
  state: address.read(),
  store,
  frozen: document.documentElement.dataset.frozen,
  simulated: document.documentElement.dataset.simulated === "true",
  staleAfterS: Number(document.documentElement.dataset.staleAfterS),
  tick: null,
  fault: null,
  cutSince: null,
  // Nothing is drawn before the names of codes are there.
  hasNames: false,
  go,
  hrefOf: (change) => address.href({ ...page.state, ...change }),
};

// Which panels draw what the stream names.
const DRAW = {
  numbers: [drawKpis, drawSupervised],
  directions: [drawDirections],
  items: [drawItems],
  counties: [drawMap, drawPlaces],
  prefectures: [drawPlaces],
  escalations: [drawFeed],
  supervised: [drawSupervised],
};

/** Change what is looked at; `how` is "push" for a step that the back key undoes. */
function go(change, how = "push") {
  const before = page.state;
  page.state = { ...page.state, ...change };
  address[how](page.state);
  follow(before);
}

function follow(before) {
  if (before.lang !== page.state.lang) setLanguage(page.state.lang);
  applyTheme();
  if (query(before) !== query(page.state)) {
    store.clear();
    stream.open(query(page.state));
  }
  if (page.hasNames) drawAll();
}

function query({ prefecture, county, item }) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries({ prefecture, county, item })) {
    if (value) asked.set(name, value);
  }
  return asked.size ? `?${asked}` : "";
}

function hear(event, body) {
  page.cutSince = null;
  if (event === "panel" || event === "change") {
    const first = !store.has(body.panel);
    const moved = store.take(KEY_OF[body.panel], body);
    if (page.hasNames) for (const draw of DRAW[body.panel] ?? []) draw(page, first ? [] : moved);
  } else if (event === "tick") {
    page.tick = body;
    page.fault = null;
  } else if (event === "fault") {
    page.fault = body;
  } else if (event === "recovered") {
    page.fault = null;
  }
  drawHead();
}

function silent(since) {
  page.cutSince = since;
  drawHead();
}

function drawHead() {
  const { tick } = page;
  const clock = byId("clock");
  setText(clock, tick ? instantToSecond(tick.as_of) : "--");
  if (tick) clock.dateTime = tick.as_of;
  setText(byId("fresh"), freshness(tick));
  showBanners(page);
}

function freshness(tick) {
  if (!tick) return "--";
  if (page.frozen) return t("frozen");
  if (tick.written_age_s === null) return t("writtenNever");
  return t("written", { ago: ago(tick.written_age_s) });
}

function drawAll() {
  drawTexts();
  drawFilters(page);
  for (const draw of new Set(Object.values(DRAW).flat())) draw(page, []);
  drawCase(page);
  drawHead();
}

function drawTexts() {
  for (const element of document.querySelectorAll("[data-t]")) {
    setText(element, t(element.dataset.t));
  }
  document.title = t("documentTitle");
  byId("home").href = page.hrefOf({ case: "", prefecture: "", county: "", item: "" });
  drawSwitches();
}

function applyTheme() {
  document.documentElement.dataset.theme = page.state.theme || "auto";
}

function drawSwitches() {
  const lang = byId("lang");
  setText(lang, t("lang"));
  lang.title = t("langTitle");
  lang.lang = page.state.lang === "en" ? "zh-CN" : "en";
  setText(byId("theme"), t(`theme.${page.state.theme || "auto"}`));
}

function installSwitches() {
  byId("lang").addEventListener("click", () =>
    go({ lang: page.state.lang === "en" ? "" : "en" }, "replace"));
  const next = { "": "light", auto: "light", light: "dark", dark: "" };
  byId("theme").addEventListener("click", () =>
    go({ theme: next[page.state.theme] ?? "" }, "replace"));
  byId("home").addEventListener("click", (event) => {
    if (!address.isPlainClick(event)) return;
    event.preventDefault();
    go({ case: "", prefecture: "", county: "", item: "" });
  });
  addEventListener("popstate", () => {
    const before = page.state;
    page.state = address.read();
    follow(before);
  });
  // Links to a case open the drawer instead of loading the page anew.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-case]");
    if (!link || !address.isPlainClick(event)) return;
    event.preventDefault();
    go({ case: link.dataset.case });
  });
}

const stream = new Stream(hear, silent);

setLanguage(page.state.lang);
applyTheme();
installSwitches();
installFilters(page);
installDefinitions();
stream.open(query(page.state));
drawTexts();
await namesAtLast();
page.hasNames = true;
drawAll();

async function namesAtLast() {
  for (;;) {
    try {
      return await loadNames(fetchJson);
    } catch (problem) {
      page.fault = problem;
      drawHead();
      await new Promise((again) => setTimeout(again, 3000));
    }
  }
}
