// A table of counts: sortable, its rows kept and only rewritten where they changed.

import { flash, h, setText } from "./dom.js";
import { t } from "./words.js";

/**
 * Columns: `id`, `label()`, `text(row)`, `value(row)` to sort by, `numeric`, `classOf(row)`,
 * `share(row)` for the bar under a number, `link(row)` → element for the row's heading.
 */
export class Table {
  constructor(place, { columns, keyOf, sort, onSort, caption }) {
    Object.assign(this, { columns, keyOf, sort, onSort });
    this.rows = new Map();
    this.head = h("tr");
    this.body = h("tbody");
    this.foot = h("tfoot");
    this.caption = h("caption", { class: "unseen" });
    this.captionText = caption;
    const table = h("table", {}, this.caption, h("thead", {}, this.head), this.body, this.foot);
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "region" }, table);
    place.append(this.scroller);
  }

  draw(rows, moved, sort = this.sort, total = null) {
    this.sort = sort;
    setText(this.caption, this.captionText());
    this.scroller.setAttribute("aria-label", this.captionText());
    this.drawHead();
    const sorted = this.sorted(rows);
    const seen = new Set();
    let at = this.body.firstElementChild;
    for (const row of sorted) {
      const key = this.keyOf(row);
      seen.add(key);
      const line = this.rows.get(key) ?? this.addRow(key);
      this.write(line, row, moved.includes(key));
      if (line !== at) this.body.insertBefore(line, at);
      else at = at.nextElementSibling;
    }
    for (const [key, line] of this.rows) {
      if (!seen.has(key)) this.drop(key, line);
    }
    this.foot.replaceChildren(...(total ? [this.totalLine(total)] : []));
  }

  drawHead() {
    if (!this.head.children.length) this.head.append(...this.columns.map((column) => this.headCell(column)));
    this.columns.forEach((column, index) => {
      const cell = this.head.children[index];
      setText(cell.firstElementChild, column.label());
      const isSorted = column.id === this.sort.replace("-", "");
      const way = this.sort.startsWith("-") ? "descending" : "ascending";
      if (isSorted) cell.setAttribute("aria-sort", way);
      else cell.removeAttribute("aria-sort");
    });
  }

  headCell(column) {
    const button = h("button", { type: "button", onclick: () => this.onSort(this.turned(column)) });
    return h("th", { scope: "col", class: column.numeric ? "n" : null }, button);
  }

  turned({ id, numeric }) {
    if (this.sort === `-${id}`) return id;
    if (this.sort === id) return `-${id}`;
    return numeric ? `-${id}` : id;
  }

  sorted(rows) {
    const column = this.columns.find(({ id }) => id === this.sort.replace("-", "")) ?? this.columns[0];
    const way = this.sort.startsWith("-") ? -1 : 1;
    const compare = (a, b) => {
      const [x, y] = [column.value(a), column.value(b)];
      const order = typeof x === "number" ? x - y : String(x).localeCompare(String(y), "zh-CN");
      return way * order || String(this.keyOf(a)).localeCompare(String(this.keyOf(b)));
    };
    return [...rows].sort(compare);
  }

  addRow(key) {
    const cells = this.columns.map((column, index) =>
      index === 0 ? h("th", { scope: "row" }) : h("td", { class: column.numeric ? "n" : null }));
    const line = h("tr", {}, cells);
    this.rows.set(key, line);
    return line;
  }

  drop(key, line) {
    line.remove();
    this.rows.delete(key);
  }

  write(line, row, isMoved) {
    this.columns.forEach((column, index) => {
      const cell = line.children[index];
      if (column.link) this.writeLink(cell, column, row);
      else {
        const differs = setText(cell, column.text(row));
        if (differs && isMoved) flash(cell);
      }
      if (column.classOf) cell.className = `${column.numeric ? "n " : ""}${column.classOf(row)}`;
      if (column.share) cell.style.setProperty("--share", column.share(row));
    });
  }

  writeLink(cell, column, row) {
    const made = column.link(row);
    const have = cell.firstElementChild;
    if (have && have.textContent === made.textContent && have.getAttribute("href") === made.getAttribute("href")) return;
    cell.replaceChildren(made);
  }

  totalLine(total) {
    return h("tr", {}, this.columns.map((column, index) => {
      const tag = index === 0 ? "th" : "td";
      const text = index === 0 ? total.name : column.total === false ? "" : column.text(total.row);
      return h(tag, { class: column.numeric ? "n" : null, scope: index === 0 ? "row" : null }, text);
    }));
  }
}

/** The columns of counts that several tables share. */
export function countColumns(count, share) {
  const plain = (id) => ({
    id, numeric: true, label: () => shortLabel(id),
    value: (row) => row[id], text: (row) => count(row[id]), classOf: (row) => (row[id] ? "" : "zero"),
  });
  const marked = (id, kind, of) => ({
    ...plain(id), classOf: (row) => (row[id] ? `mark ${kind}` : "zero"),
    share: (row) => (row[of] ? row[id] / row[of] : 0),
  });
  return [
    plain("received_today"), plain("open"), marked("late", "is-late", "open"),
    { id: "late_share", numeric: true, label: () => t("mapLegend"), classOf: () => "thin",
      value: (row) => (row.open ? row.late / row.open : -1), text: (row) => share(row.late, row.open) },
    marked("supervised", "is-supervised", "open"), plain("due_24h"), plain("due_72h"),
    plain("received_total"),
  ];
}

const SHORT = new Set(["received_today", "received_total", "due_24h", "due_72h"]);

function shortLabel(id) {
  return SHORT.has(id) ? t(`short.${id}`) : t(id);
}
