// The risk index of a household over time, from 0 to 100.

import { h, svg } from "./dom.js";
import { dateOf, oneDecimal } from "./format.js";
import { t } from "./words.js";

const [WIDTH, HEIGHT] = [600, 90];

/** A line through the instants at which a fact changed the index, and the index as of now. */
export function riskLine(trail, { risk_index: index }, asOf) {
  const points = [...trail.map((one) => [Date.parse(one.at), one.risk_index]), [Date.parse(asOf), index]];
  if (points.length < 2) return "";
  const [from, until] = [points[0][0], points.at(-1)[0]];
  const x = (at) => ((at - from) / Math.max(until - from, 1)) * WIDTH;
  const y = (value) => HEIGHT - (value / 100) * HEIGHT;
  const path = points.map(([at, value], n) => `${n ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const most = Math.max(...points.map(([, value]) => value));
  const words = t("riskTrail", { from: dateOf(trail[0].at), most: oneDecimal(most), now: oneDecimal(index) });
  const grid = [0, 50, 100].map((value) => svg("path", { class: "grid", d: `M0 ${y(value)}H${WIDTH}`, "vector-effect": "non-scaling-stroke" }));
  return h("figure", { class: "risk-line" },
    svg("svg", { viewBox: `0 -2 ${WIDTH} ${HEIGHT + 4}`, preserveAspectRatio: "none", role: "img", "aria-label": words },
      grid, svg("path", { class: "line", d: path, "vector-effect": "non-scaling-stroke" })),
    h("figcaption", { class: "note" }, h("span", {}, dateOf(trail[0].at)), h("span", {}, words), h("span", {}, dateOf(asOf))));
}
