// Which rows of a long table can be seen: the others are two empty rows of the right height, so
// that five thousand scroll as fast as fifty. On paper all of them are there.

import { h } from "./dom.js";

const LONG = 200;
// Rows that are drawn anew at once: few enough for one frame (14 ms of one core for a screen).
const AROUND = 8;
const PAPER = matchMedia("print");
// The event comes before the paper is laid out; the query of the medium may answer only after that.
let isPrinting = false;
const onPaper = () => isPrinting || PAPER.matches;

export class Visible {
  constructor(scroller, table, redraw) {
    Object.assign(this, { scroller, table, redraw, rowHeight: 0, isPart: false, at: -1 });
    this.above = h("tr", { class: "pad", "aria-hidden": true }, h("td"));
    this.below = h("tr", { class: "pad", "aria-hidden": true }, h("td"));
    scroller.addEventListener("scroll", () => this.onScroll(), { passive: true });
    const again = () => this.isLong && this.redraw();
    PAPER.addEventListener("change", again);
    addEventListener("beforeprint", () => { isPrinting = true; again(); });
    addEventListener("afterprint", () => { isPrinting = false; again(); });
  }

  /** The rows to draw, of `n`. */
  range(n) {
    this.isLong = n > LONG;
    this.isPart = this.isLong && !onPaper();
    this.table.toggleAttribute("data-long", this.isPart);
    if (!this.isPart) {
      this.table.removeAttribute("aria-rowcount");
      return { from: 0, until: n };
    }
    this.table.setAttribute("aria-rowcount", n + 1);
    const height = this.rowHeight || 32;
    const first = Math.floor(this.scroller.scrollTop / height);
    const seen = Math.ceil((this.scroller.clientHeight || 800) / height);
    this.at = Math.floor(first / AROUND);
    const from = Math.max(0, Math.min(this.at * AROUND - AROUND, n - seen));
    return { from, until: Math.min(n, from + seen + 3 * AROUND) };
  }

  /** Stand in for the rows that are not drawn. */
  pad(body, from, until, n) {
    this.above.remove();
    this.below.remove();
    if (!this.isPart) return;
    const line = body.firstElementChild;
    if (!this.rowHeight && line?.offsetHeight) {
      this.rowHeight = line.getBoundingClientRect().height;
      this.freeze();
    }
    const height = this.rowHeight || 32;
    this.above.firstElementChild.style.setProperty("height", `${from * height}px`);
    this.below.firstElementChild.style.setProperty("height", `${(n - until) * height}px`);
    body.prepend(this.above);
    body.append(this.below);
  }

  /** Keep the columns as wide as they are, whatever rows come into view. */
  freeze() {
    const heads = [...this.table.tHead.rows[0].cells];
    const widths = heads.map((cell) => cell.offsetWidth);
    heads.forEach((cell, index) => cell.style.setProperty("width", `${widths[index]}px`));
    this.table.dataset.frozen = "";
  }

  onScroll() {
    if (!this.isPart || this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      const at = Math.floor(Math.floor(this.scroller.scrollTop / (this.rowHeight || 32)) / AROUND);
      if (at !== this.at) this.redraw();
    });
  }
}
