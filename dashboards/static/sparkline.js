// A line of daily values without axes: its shape is the message, the table behind it has the values.

import { svg } from "./dom.js";

const [WIDTH, HEIGHT, EDGE] = [120, 28, 2];

/** A line of `values`, oldest first; null leaves a gap. `name` says in words what it shows. */
export function sparkline(values, name) {
  const known = values.filter((value) => value !== null);
  const picture = svg("svg", {
    class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
    "aria-label": name,
  });
  if (known.length < 2) return picture;
  const low = Math.min(...known);
  const span = Math.max(...known) - low || 1;
  const x = (index) => EDGE + (index * (WIDTH - 2 * EDGE)) / (values.length - 1);
  const y = (value) => HEIGHT - EDGE - ((value - low) * (HEIGHT - 2 * EDGE)) / span;
  picture.append(svg("path", { d: line(values, x, y), "vector-effect": "non-scaling-stroke" }));
  return picture;
}

function line(values, x, y) {
  let pen = "M";
  return values.map((value, index) => {
    if (value === null) {
      pen = "M";
      return "";
    }
    const step = `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
}
