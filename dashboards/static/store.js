// The newest rows of every panel, as the stream told them.

export class Store {
  constructor() {
    this.panels = new Map();
  }

  clear() {
    this.panels.clear();
  }

  /** Take a `panel` or `change` event; the keys of the rows that differ from before. */
  take(keyOf, body) {
    const before = this.panels.get(body.panel);
    if (body.rows) {
      this.panels.set(body.panel, new Map(body.rows.map((row) => [keyOf(row), row])));
      return before ? body.rows.map(keyOf) : [];
    }
    const rows = before ?? new Map();
    for (const key of body.removed) rows.delete(key);
    for (const row of body.upsert) rows.set(keyOf(row), row);
    this.panels.set(body.panel, rows);
    return body.upsert.map(keyOf);
  }

  has(panel) {
    return this.panels.has(panel);
  }

  rows(panel) {
    return [...(this.panels.get(panel)?.values() ?? [])];
  }
}

export const KEY_OF = {
  numbers: (row) => row.scope,
  directions: (row) => row.raised_by,
  items: (row) => row.item,
  counties: (row) => row.county,
  prefectures: (row) => row.prefecture,
  townships: (row) => row.township,
  escalations: (row) => row.escalation_id,
  supervised: (row) => row.case_id,
};
