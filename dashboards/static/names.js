// Names of codes, from the server; a code without a name is shown as it is.

import { early } from "./early.js";
import { language, pick, t } from "./words.js";

let names = null;

export const CHANNELS = [
  "one-phone", "wechat", "app", "hall", "hotline", "school", "inspection", "screening",
];

export async function loadNames(fetchJson) {
  names = (await early("/api/names")) ?? await fetchJson("/api/names");
}

/** Townships are named by the rows that are about them: there are too many to send at once. */
const townships = new Map();
export function rememberTownships(rows) {
  for (const { township, name_zh: zh, name_en: en } of rows) {
    if (township) townships.set(township, { zh, en });
  }
}
/** The township of a row that carries its names. */
export const townshipOf = (row) => pick({ zh: row.township_zh, en: row.township_en }, row.township);
/** Where a row is from, as far as the reader does not know by the place that is looked at. */
const whereOf = ({ county }, row) => (county ? townshipOf(row) || t("noTownship") : placeName(row.county));
/** The column of a list that says it. */
export const whereColumn = (page) => ({
  id: "county", label: () => t(page.state.county ? "township" : "county"),
  value: (row) => `${row.county}${row.township}`, text: (row) => whereOf(page.state, row),
});
export const townshipName = (code) => pick(townships.get(code), code);
export const townshipsOf = (county) =>
  [...townships.keys()].filter((code) => county && code.startsWith(county)).sort();

/** Outlines of an approved map, where the server was given one. */
export const outlines = () => names.geometry ?? null;

export const allDepartments = () => Object.entries(names.departments);
export const allLevels = () => Object.entries(names.levels);
export const allItems = () => Object.entries(names.items);
export const allCounties = () => Object.entries(names.counties);
export const allPrefectures = () => Object.entries(names.prefectures);

export const itemName = (code) => pick(names.items[code], code);
export const countyName = (code) => pick(names.counties[code], code);
export const prefectureName = (code) => pick(names.prefectures[code], code);
export const prefectureOf = (county) => names.counties[county]?.prefecture ?? "";
export const departmentName = (code) => pick(names.departments[code], code);
export const levelName = (code) => pick(names.levels[code], code);
export const recipientName = (code) => pick(names.recipients[code], code);
export const typeName = (code) => pick(names.types[code], code);
export const clockName = (item, clock) => pick(names.clocks[item]?.[clock], clock);
export const clockOf = (item, clock) => names.clocks[item]?.[clock];
export const raisedName = (code) => t(`raised.${code}`);
export const prefectureShort = (code) =>
  (language() === "zh" && names.prefectures[code]?.short) || prefectureName(code);
export const placeName = (county) =>
  [prefectureShort(prefectureOf(county)), countyName(county)].filter(Boolean).join(" · ");
/** The channel in words, or its code: departments may send ones of their own. */
export function channelName(code) {
  return CHANNELS.includes(code) ? t(`channel.${code}`) : code || "–";
}
