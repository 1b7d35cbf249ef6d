// A table: sortable, its rows kept and only rewritten where they changed; a long one draws only the
// rows that can be seen.

import { arrange } from "./arrange.js";
import { flash, h, setText } from "./dom.js";
import { Visible } from "./visible.js";
import { t } from "./words.js";

/**
 * Columns: `id`, `label()`, `text(row)`, `value(row)` to sort by, `numeric`, `classOf(row)`,
 * `share(row)` for the bar under a number, `link(row)` → element for the row's heading, and
 * `draw(cell, row)` for a cell that is more than text. `isChosen(row)` marks the row that is looked at.
 */
export class Table {
  constructor(place, { columns, keyOf, sort, onSort, caption, isChosen = () => false }) {
    Object.assign(this, { columns, keyOf, sort, onSort, isChosen });
    this.rows = new Map();
    this.head = h("tr");
    this.body = h("tbody");
    this.foot = h("tfoot");
    this.caption = h("caption", { class: "unseen" });
    this.captionText = caption;
    this.table = h("table", {}, this.caption, h("thead", {}, this.head), this.body, this.foot);
    this.scroller = h("div", { class: "scroller", tabindex: "0", role: "group" }, this.table);
    this.visible = new Visible(this.scroller, this.table, () => this.fill([]));
    place.append(this.scroller);
  }

  draw(rows, moved, sort = this.sort, total = null) {
    this.sort = sort;
    setText(this.caption, this.captionText());
    this.scroller.setAttribute("aria-label", this.captionText());
    this.drawHead();
    this.sorted = this.inOrder(rows);
    this.fill(moved);
    this.foot.replaceChildren(...(total ? [this.totalLine(total)] : []));
  }

  fill(moved) {
    const { from, until } = this.visible.range(this.sorted.length);
    const shown = this.sorted.slice(from, until);
    const keys = new Set(shown.map(this.keyOf));
    for (const key of this.rows.keys()) if (!keys.has(key)) this.rows.delete(key);
    arrange(this.body, shown.map((row, index) => {
      const key = this.keyOf(row);
      const line = this.rows.get(key) ?? this.addRow(key);
      this.write(line, row, moved.includes(key));
      if (this.visible.isPart) line.setAttribute("aria-rowindex", from + index + 2);
      return line;
    }));
    this.visible.pad(this.body, from, until, this.sorted.length);
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

  inOrder(rows) {
    const column = this.columns.find(({ id }) => id === this.sort.replace("-", "")) ?? this.columns[0];
    const way = this.sort.startsWith("-") ? -1 : 1;
    const keyed = rows.map((row) => [column.value(row), row]);
    const compare = ([x, a], [y, b]) => {
      const order = typeof x === "number" ? x - y : COLLATE.compare(String(x), String(y));
      return way * order || (String(this.keyOf(a)) < String(this.keyOf(b)) ? -1 : 1);
    };
    return keyed.sort(compare).map(([, row]) => row);
  }

  addRow(key) {
    const cells = this.columns.map((column, index) =>
      index === 0 ? h("th", { scope: "row" }) : h("td", { class: column.numeric ? "n" : null }));
    const line = h("tr", {}, cells);
    this.rows.set(key, line);
    return line;
  }

  write(line, row, isMoved) {
    const isSame = line.row === row && line.lang === document.documentElement.lang && line.at === location.search;
    Object.assign(line, { row, lang: document.documentElement.lang, at: location.search });
    if (isSame) return;
    line.classList.toggle("chosen", Boolean(this.isChosen(row)));
    this.columns.forEach((column, index) => {
      const cell = line.children[index];
      if (column.link) this.writeLink(cell, column, row);
      else if (column.draw) column.draw(cell, row);
      else if (setText(cell, column.text(row)) && isMoved) flash(cell);
      if (column.classOf) cell.className = `${column.numeric ? "n " : ""}${column.classOf(row)}`;
      if (column.share) cell.style.setProperty("--share", column.share(row));
    });
  }

  writeLink(cell, column, row) {
    const made = column.link(row);
    const have = cell.firstElementChild;
    if (have && have.textContent === made.textContent && have.getAttribute("href") === made.getAttribute("href")) return;
    arrange(cell, [made]);
  }

  totalLine(total) {
    return h("tr", {}, this.columns.map((column, index) => {
      const tag = index === 0 ? "th" : "td";
      const text = index === 0 ? total.name : column.total === false ? "" : column.text(total.row);
      return h(tag, { class: column.numeric ? "n" : null, scope: index === 0 ? "row" : null }, text);
    }));
  }
}

const COLLATE = new Intl.Collator("zh-CN", { numeric: true });
