// Panels that the live stream does not bring: each asks for itself, shows that it waits, says what
// went wrong, and asks again every minute while it can be seen.

import { scopeQuery } from "./address.js";
import { h } from "./dom.js";
import { fetchJson } from "./fetching.js";
import { pick, t } from "./words.js";

const EVERY_MS = 60_000;

export class Asked {
  /** `draw(page, asked)` is called when there are rows, when asking failed, and before both. */
  constructor(panel, draw, { limit = 0 } = {}) {
    Object.assign(this, { panel, draw, limit });
    this.rows = null;
    this.problem = null;
    this.query = null;
  }

  /** Have the rows of what the page looks at; asks only where they are missing or old. */
  show(page) {
    const query = scopeQuery(page.state, this.limit ? { limit: this.limit } : {});
    const isOther = query !== this.query;
    if (isOther) Object.assign(this, { rows: null, problem: null, query });
    this.draw(page, this);
    if (isOther || performance.now() - this.askedAt > EVERY_MS) this.ask(page, !isOther);
  }

  /** What is asked again `byItself` does not keep the session of a reader who went away. */
  async ask(page, byItself = false) {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    this.askedAt = performance.now();
    try {
      const path = `/api/panels/${this.panel}${this.query}`;
      const headers = { accept: "application/json", ...(byItself ? { "x-by-itself": "1" } : {}) };
      const answer = await fetchJson(path, { signal: asking.signal, headers });
      Object.assign(this, { rows: answer.rows, asOf: answer.as_of, problem: null });
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.problem = problem;
    }
    this.draw(page, this);
  }
}

/** What a panel shows instead of its rows where asking failed. */
export function failure(problem, again) {
  const words = problem.remedy ? pick(problem.remedy) : "";
  return h("div", { class: "failure", role: "alert" },
    h("p", {}, t("failed", { detail: problem.detail ?? problem.status ?? "" })),
    words ? h("p", { class: "note" }, words) : null,
    again ? h("button", { type: "button", class: "quiet", onclick: again }, t("retry")) : null);
}
