// The numbers of each service item.

import { h } from "./dom.js";
import { itemName } from "./names.js";
import { filled, frame } from "./panel.js";
import { countColumns } from "./count-columns.js";
import { Table } from "./table.js";
import { t } from "./words.js";

let table = null;

export function drawItems(page, moved) {
  const body = frame(page, "items", { title: t("items"), define: "panels.items", csv: "items" });
  filled("items", page.store.has("items"));
  if (!page.store.has("items")) return;
  table ??= new Table(body, {
    columns: columns(page), keyOf: (row) => row.item, sort: "-late",
    onSort: (sort) => table.draw(page.store.rows("items"), [], sort),
    caption: () => t("items"),
  });
  table.draw(page.store.rows("items"), moved);
}

function columns(page) {
  const name = {
    id: "item", label: () => t("item"), value: (row) => itemName(row.item), text: (row) => itemName(row.item),
    link: (row) => h("a", { href: page.hrefOf({ item: row.item }), "data-item": row.item }, itemName(row.item) || "–"),
  };
  return [name, ...countColumns()];
}
