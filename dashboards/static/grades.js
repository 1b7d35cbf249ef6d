// How late a place is, in steps: each has a colour and a pattern of its own, so that the map can be
// read in grey and by those who do not see colours.

import { svg } from "./dom.js";

export const GRADES = [0.1, 0.2, 0.3, 0.5];

/** "none" without open cases, 0 without late ones, then 1 to 5 by the share that is late. */
export function gradeOf({ open, late }) {
  if (!open) return "none";
  if (!late) return 0;
  return 1 + GRADES.filter((bound) => late / open >= bound).length;
}

const lines = (id, size, d) => svg("pattern", {
  id: `hatch-${id}`, width: size, height: size, patternUnits: "userSpaceOnUse",
}, svg("path", { d }));

/** Hatches of the grades from 3 on: dots, lines, crossed lines. */
export const PATTERNS = () => svg("defs", {},
  lines(3, 8, "M3 3h1.4v1.4h-1.4z"),
  lines(4, 7, "M0 7L7 0M-1 1L1 -1M6 8L8 6"),
  lines(5, 6, "M0 6L6 0M0 0L6 6"));
