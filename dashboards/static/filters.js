// The selects in the head, and every link that changes the filter.

import { isPlainClick } from "./address.js";
import { byId, h } from "./dom.js";
import { allCounties, allItems, allPrefectures, countyName, itemName, prefectureName } from "./names.js";
import { t } from "./words.js";

export function installFilters(page) {
  byId("prefecture").addEventListener("change", (event) =>
    page.go({ prefecture: event.target.value, county: "" }));
  byId("county").addEventListener("change", (event) => page.go({ county: event.target.value }));
  byId("item").addEventListener("change", (event) => page.go({ item: event.target.value }));
  byId("clear").addEventListener("click", () => page.go({ prefecture: "", county: "", item: "" }));
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
  const { prefecture, county, item } = page.state;
  const inside = allCounties().filter(([, place]) => place.prefecture === prefecture);
  options("prefecture", t("allPrefectures"), allPrefectures().map(([code]) => [code, prefectureName(code)]), prefecture);
  options("county", t("allCounties"), inside.map(([code]) => [code, countyName(code)]), county);
  options("item", t("allItems"), allItems().map(([code]) => [code, itemName(code)]), item);
  byId("county").disabled = !prefecture;
  byId("clear").hidden = !prefecture && !county && !item;
}

function options(id, all, entries, chosen) {
  const select = byId(id);
  select.replaceChildren(...[["", all], ...entries].map(([code, name]) => h("option", { value: code }, name)));
  select.value = chosen;
}
