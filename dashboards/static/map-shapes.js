// The shapes of the map: equal tiles of our own making, or those of an approved GeoJSON that the
// server was given (docs/map.md); whoever draws them does not know which.

import { allCounties, outlines } from "./names.js";

const TILE = 40;
const GAP = 2;
const MARGIN = 4;

/**
 * `counties`: `code`, `prefecture`, `short`, `path`, the point `x`, `y` of its texts and their
 * `width`; `borders`: a path; `boxOf(prefecture)`: what to show of all, or of one prefecture.
 */
export function shapesOf() {
  const surveyed = outlines();
  return surveyed ? outlined(surveyed) : tiled();
}

function tiled() {
  const counties = allCounties().map(([code, place]) => {
    const [left, top] = [place.x * TILE, place.y * TILE];
    const side = TILE - GAP;
    return {
      code, prefecture: place.prefecture, short: place.short, x: left + TILE / 2, y: top + TILE / 2,
      width: TILE, path: `M${left + GAP / 2} ${top + GAP / 2}h${side}v${side}h${-side}z`,
      box: [left, top, left + TILE, top + TILE],
    };
  });
  return { counties, borders: borders(), boxOf: (prefecture) => boxAround(counties, prefecture) };
}

/** Outlines as the server projected them: `counties[code] = {path, x, y, box}` and `borders`. */
function outlined({ counties: outlines, borders: lines }) {
  const counties = allCounties().filter(([code]) => outlines[code]).map(([code, place]) => {
    const { box } = outlines[code];
    return { code, prefecture: place.prefecture, short: place.short, width: box[2] - box[0], ...outlines[code] };
  });
  return { counties, borders: lines, boxOf: (prefecture) => boxAround(counties, prefecture) };
}

function boxAround(counties, prefecture) {
  const inside = counties.filter((one) => !prefecture || one.prefecture === prefecture);
  const edge = (index, pick) => pick(...inside.map(({ box }) => box[index]));
  const [left, top] = [edge(0, Math.min) - MARGIN, edge(1, Math.min) - MARGIN];
  return [left, top, edge(2, Math.max) + MARGIN - left, edge(3, Math.max) + MARGIN - top];
}

/** The lines between tiles of different prefectures, and around all. */
function borders() {
  const counties = allCounties();
  const owner = new Map(counties.map(([, place]) => [`${place.x},${place.y}`, place.prefecture]));
  const lines = [];
  for (const [, place] of counties) {
    const [x, y] = [place.x * TILE, place.y * TILE];
    const differs = (dx, dy) => owner.get(`${place.x + dx},${place.y + dy}`) !== place.prefecture;
    if (differs(-1, 0)) lines.push(`M${x} ${y}v${TILE}`);
    if (differs(0, -1)) lines.push(`M${x} ${y}h${TILE}`);
    if (!owner.has(`${place.x + 1},${place.y}`)) lines.push(`M${x + TILE} ${y}v${TILE}`);
    if (!owner.has(`${place.x},${place.y + 1}`)) lines.push(`M${x} ${y + TILE}h${TILE}`);
  }
  return lines.join("");
}
