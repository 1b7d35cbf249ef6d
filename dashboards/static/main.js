// The page, assembled: the address says what to look at, the stream brings it, panels draw it.

import * as address from "./address.js";
import { drawAgeing } from "./ageing.js";
import { drawAttainment, drawTownshipAttainment } from "./attainment.js";
import { drawAudit } from "./audit.js";
import { drawCase } from "./case.js";
import { installDefinitions } from "./definitions.js";
import { askWhoFirst, drawDirections } from "./directions.js";
import { drawFeed } from "./feed.js";
import { fetchJson } from "./fetching.js";
import { drawFilters, drawTownships, installFilters } from "./filters.js";
import { drawForecast } from "./forecast.js";
import { applyTheme, drawHead, drawTexts, installHead } from "./head.js";
import { drawHousehold } from "./household.js";
import { drawHolders } from "./holders.js";
import { HOUSEHOLDS } from "./households.js";
import { drawItems } from "./items.js";
import { drawKpis } from "./kpis.js";
import { drawLateView } from "./late.js";
import { drawMap } from "./map.js";
import { loadNames } from "./names.js";
import { drawOpenCases } from "./open-cases.js";
import { drawPlaces } from "./places.js";
import { sessionOf, within } from "./session.js";
import { KEY_OF, Store } from "./store.js";
import { Stream } from "./stream.js";
import { drawSupervised, drawSupervisedView } from "./supervised.js";
import { trends } from "./trends.js";
import { drawViews, installViews, isShown } from "./views.js";
import { setLanguage } from "./words.js";

const RENEW_MS = 10_000;
const PRESSED_MS = 50;
const root = document.documentElement.dataset;
const page = {
  state: address.read(),
  store: new Store(),
  session: null,
  frozen: root.frozen,
  simulated: root.simulated === "true",
  staleAfterS: Number(root.staleAfterS),
  tick: null,
  fault: null,
  cutSince: null,
  // Nothing is drawn before the names of codes are there.
  hasNames: false,
  go,
  redraw,
  drawHead: () => drawHead(page),
  drawTexts: () => drawTexts(page),
  hrefOf: (change) => address.href({ ...page.state, ...change }),
};

// Which panels draw what the stream names.
const DRAW = {
  numbers: [drawKpis, drawSupervised],
  directions: [drawDirections],
  items: [drawItems],
  counties: [drawMap, drawPlaces],
  prefectures: [drawPlaces],
  townships: [drawMap, drawPlaces, drawTownships],
  escalations: [drawFeed],
  supervised: [drawSupervised],
};

const FIRST = new Set([drawKpis, drawMap]);

// What the stream does not bring is asked for while its panel is part of the view.
const ASKED = [
  ["numbers", (page) => trends.show(page)], ["forecast", drawForecast], ["ageing", drawAgeing], ["directions", askWhoFirst],
  ["open_cases", drawOpenCases], ["holders", drawHolders], ["late-all", drawLateView], ["supervised-all", drawSupervisedView],
  ["attainment_departments", drawAttainment], ["attainment_townships", drawTownshipAttainment],
  ...HOUSEHOLDS, ["audit", drawAudit],
];

/** Change what is looked at; `how` is "push" for a step that the back key undoes. */
function go(change, how = "push") {
  const before = page.state;
  page.state = within(page.session, { ...page.state, ...change });
  address[how](page.state);
  follow(before);
}

function follow(before) {
  if (before.lang !== page.state.lang) setLanguage(page.state.lang);
  applyTheme(page.state);
  if (address.scopeQuery(before) !== address.scopeQuery(page.state)) {
    page.store.clear();
    stream.open(address.scopeQuery(page.state));
  }
  if (page.hasNames) drawAll();
}

function hear(event, body) {
  page.cutSince = null;
  if (event === "panel" || event === "change") {
    const first = !page.store.has(body.panel);
    const moved = page.store.take(KEY_OF[body.panel], body);
    if (page.hasNames) for (const draw of DRAW[body.panel] ?? []) inTurn(draw, first ? [] : moved);
  } else if (event === "tick") {
    page.tick = body;
    page.fault = null;
  } else if (event === "fault") {
    page.fault = body;
  } else if (event === "recovered") {
    page.fault = null;
  } else if (event === "signed-out") {
    location.reload();
  }
  drawHead(page);
}

function silent(since) {
  page.cutSince = since;
  drawHead(page);
}

function drawAll() {
  drawTexts(page);
  drawViews(page);
  drawFilters(page);
  drawHousehold(page);
  drawCase(page);
  drawHead(page);
  for (const draw of new Set(Object.values(DRAW).flat())) inTurn(draw, []);
  inTurn(drawAsked, []);
}

// What has yet to be drawn, with the keys of the rows that moved.
const waiting = new Map();

/** Draw the numbers and the map at once, all else a task each: a reader's hand goes before a table. */
function inTurn(draw, moved) {
  if (FIRST.has(draw)) return draw(page, moved);
  if (!waiting.size) setTimeout(drawNext);
  waiting.set(draw, [...(waiting.get(draw) ?? []), ...moved]);
}

function drawNext() {
  // What is pressed does not move away from under the hand.
  if (document.querySelector("a:active, button:active")) return setTimeout(drawNext, PRESSED_MS);
  const [draw, moved] = waiting.entries().next().value;
  waiting.delete(draw);
  if (waiting.size) setTimeout(drawNext);
  draw(page, moved);
}

function drawAsked() {
  if (!page.hasNames || document.hidden) return;
  for (const [id, draw] of ASKED) if (isShown(id)) draw(page);
}

/** Draw what shows the rows of a panel that was asked for. */
function redraw(panel) {
  if (page.hasNames && panel === "trends") drawKpis(page, []);
}

function installLinks() {
  addEventListener("popstate", () => {
    const before = page.state;
    page.state = within(page.session, address.read());
    follow(before);
  });
  // Links to a case open the drawer instead of loading the page anew.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-case]");
    if (!link || !address.isPlainClick(event)) return;
    event.preventDefault();
    go({ case: link.dataset.case, at: "" });
  });
  setInterval(drawAsked, RENEW_MS);
  addEventListener("visibilitychange", drawAsked);
}

async function persist(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (problem) {
      page.fault = problem;
      drawHead(page);
      await new Promise((again) => setTimeout(again, 3000));
    }
  }
}

const stream = new Stream(hear, silent);

setLanguage(page.state.lang);
applyTheme(page.state);
drawTexts(page);
drawViews(page);
installHead(page);
installFilters(page);
installViews(page);
installDefinitions();
installLinks();
await sessionOf(page);
page.state = within(page.session, page.state);
address.replace(page.state);
stream.open(address.scopeQuery(page.state));
await persist(() => loadNames(fetchJson));
page.hasNames = true;
drawAll();
