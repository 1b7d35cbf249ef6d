// The head of the page: name, clock, freshness, language, appearance, and who reads.

import { isPlainClick, unfiltered } from "./address.js";
import { showBanners } from "./banners.js";
import { byId, setText } from "./dom.js";
import { ago, instantToSecond } from "./format.js";
import { drawSession } from "./session.js";
import { t } from "./words.js";

const NEXT_THEME = { "": "light", auto: "light", light: "dark", dark: "" };

export function drawHead(page) {
  const { tick } = page;
  const clock = byId("clock");
  setText(clock, tick ? instantToSecond(tick.as_of) : "--");
  if (tick) clock.dateTime = tick.as_of;
  setText(byId("fresh"), freshness(page, tick));
  showBanners(page);
}

function freshness(page, tick) {
  if (!tick) return "--";
  if (page.frozen) return t("frozen");
  if (tick.written_age_s === null) return t("writtenNever");
  return t("written", { ago: ago(tick.written_age_s) });
}

export function drawTexts(page) {
  for (const element of document.querySelectorAll("[data-t]")) setText(element, t(element.dataset.t));
  document.title = t("documentTitle");
  byId("home").href = page.hrefOf({ case: "", view: "", ...unfiltered() });
  const lang = byId("lang");
  setText(lang, t("lang"));
  lang.title = t("langTitle");
  lang.lang = page.state.lang === "en" ? "zh-CN" : "en";
  setText(byId("theme"), t(`theme.${page.state.theme || "auto"}`));
  drawSession(page);
}

export function applyTheme({ theme }) {
  document.documentElement.dataset.theme = theme || "auto";
}

export function installHead(page) {
  byId("lang").addEventListener("click", () =>
    page.go({ lang: page.state.lang === "en" ? "" : "en" }, "replace"));
  byId("theme").addEventListener("click", () =>
    page.go({ theme: NEXT_THEME[page.state.theme] ?? "" }, "replace"));
  byId("home").addEventListener("click", (event) => {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    page.go({ case: "", view: "", place: "", ...unfiltered() });
  });
}
