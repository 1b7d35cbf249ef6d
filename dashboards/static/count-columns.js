// The columns of counts that several tables share.

import { count, share } from "./format.js";
import { t } from "./words.js";

export function countColumns() {
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
