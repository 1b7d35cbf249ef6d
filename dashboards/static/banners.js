// What must not be overlooked: no connection, no warehouse, stale or simulated numbers.

import { byId, h, setText } from "./dom.js";
import { instantToSecond, span, timeOfDay } from "./format.js";
import { pick, t } from "./words.js";

export function showBanners(page) {
  const wanted = due(page);
  const place = byId("banners");
  document.documentElement.dataset.pulse = wanted.some(([kind]) => kind === "fault" || kind === "stale")
    ? "bad" : page.tick ? "good" : "none";
  const have = new Map([...place.children].map((child) => [child.dataset.id, child]));
  for (const [kind, id, text] of wanted) {
    const old = have.get(id);
    // A text that only counts up is written in place, so that it is not read out every second.
    if (old) setText(old, text);
    else place.append(h("p", { class: `banner ${kind}`, "data-id": id }, text));
    have.delete(id);
  }
  for (const gone of have.values()) gone.remove();
}

function due(page) {
  const banners = [];
  if (page.cutSince) {
    banners.push(["fault", "cut", t("cut", { at: timeOfDay(page.cutSince) })]);
  } else if (page.fault) {
    const more = t("downMore", { detail: page.fault.detail });
    banners.push(["fault", "down", `${t("down")} ${pick(page.fault.remedy)} ${more}`]);
  } else if (isStale(page)) {
    const age = page.tick.written_age_s;
    const limit = span(page.staleAfterS);
    banners.push(["stale", "stale", t("stale", { ago: span(age), limit })]);
  }
  if (page.frozen) banners.push(["notice", "frozen", t("frozenBanner", { at: instantToSecond(page.frozen) })]);
  if (page.simulated) banners.push(["notice", "simulated", t("simulated")]);
  return banners;
}

function isStale(page) {
  const age = page.tick?.written_age_s;
  return !page.frozen && typeof age === "number" && age > page.staleAfterS;
}
