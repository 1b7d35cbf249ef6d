// The filters in the head, and every link that changes one.

import { FILTERS, isPlainClick, unfiltered } from "./address.js";
import { byId, h, setText } from "./dom.js";
import {
  allCounties, allDepartments, allItems, allLevels, allPrefectures, CHANNELS, channelName, countyName,
  departmentName, itemName, levelName, prefectureName, raisedName, townshipName, townshipsOf,
} from "./names.js";
import { fixedOf } from "./session.js";
import { t } from "./words.js";

// What a choice takes back with it: a county of another prefecture is none.
const BELOW = { prefecture: { county: "", township: "" }, county: { township: "" } };
const FOLDED = ["department", "raised_by", "channel", "level", "since", "until"];
const WAYS = ["self", "proxy", "government"];

export function installFilters(page) {
  for (const name of FILTERS) {
    byId(name).addEventListener("change", ({ target }) =>
      target.checkValidity() && page.go({ ...BELOW[name], [name]: target.value }));
  }
  byId("clear").addEventListener("click", () => page.go({ ...unfiltered(), place: "" }));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => follow(page, event));
}

function follow(page, event) {
  const link = event.target.closest?.("[data-go], [data-item]");
  if (!link || !isPlainClick(event)) return;
  event.preventDefault();
  page.go(link.dataset.item === undefined ? JSON.parse(link.dataset.go) : { item: link.dataset.item });
}

export function drawFilters(page) {
  const { state } = page;
  const inside = allCounties().filter(([, place]) => place.prefecture === state.prefecture);
  const named = (entries, name) => entries.map(([code]) => [code, name(code)]);
  options("prefecture", t("allPrefectures"), named(allPrefectures(), prefectureName), state);
  options("county", t("allCounties"), named(inside, countyName), state);
  drawTownships(page);
  options("item", t("allItems"), named(allItems(), itemName), state);
  options("department", t("allDepartments"), named(allDepartments(), departmentName), state);
  options("raised_by", t("all"), WAYS.map((code) => [code, raisedName(code)]), state);
  options("channel", t("all"), CHANNELS.map((code) => [code, channelName(code)]), state);
  options("level", t("all"), named(allLevels(), levelName), state);
  for (const name of ["since", "until"]) byId(name).value = state[name];
  byId("county").disabled = !state.prefecture;
  const fixed = fixedOf(page.session);
  byId("clear").hidden = !FILTERS.some((name) => state[name] && !(name in fixed));
  const folded = FOLDED.filter((name) => state[name]).length;
  setText(byId("more-name"), folded ? t("moreFiltersSet", { n: folded }) : t("moreFilters"));
  setText(byId("filtered"), folded ? t("filtered", { what: foldedWords(state) }) : "");
  // A reader of a prefecture or county looks nowhere else; the server holds to it in any case.
  for (const name of Object.keys(fixed)) byId(name).disabled = true;
}

/** What the folded filters keep, for paper, where they cannot be unfolded. */
function foldedWords(state) {
  const chosen = (name) => (name === "since" || name === "until" ? state[name] : byId(name).selectedOptions[0]?.text);
  const label = (name) => byId(name).closest("label").firstElementChild.textContent;
  return FOLDED.filter((name) => state[name]).map((name) => `${label(name)} ${chosen(name)}`).join(t("semicolon"));
}

/** Townships of the chosen county; they become known with the first rows about them. */
export function drawTownships({ state }) {
  const codes = new Set(townshipsOf(state.county));
  if (state.township) codes.add(state.township);
  options("township", t("allTownships"), [...codes].map((code) => [code, townshipName(code)]), state);
  byId("township-label").hidden = !state.county;
}

function options(id, all, entries, state) {
  const select = byId(id);
  const wanted = [["", all], ...entries];
  const key = JSON.stringify(wanted);
  if (select.drawn !== key) {
    select.drawn = key;
    select.replaceChildren(...wanted.map(([code, name]) => h("option", { value: code }, name)));
  }
  select.value = state[id];
}
