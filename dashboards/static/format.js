// Numbers, instants and spans as people here read them; all instants in Beijing time.

import { language, t } from "./words.js";

const ZONE = "Asia/Shanghai";
const made = new Map();

function formatter(kind, options) {
  const key = `${language()} ${kind}`;
  if (!made.has(key)) made.set(key, options(language() === "en" ? "en-GB" : "zh-CN"));
  return made.get(key);
}

export function count(n) {
  return formatter("count", (locale) => new Intl.NumberFormat(locale)).format(n ?? 0);
}

/** A share of a whole as a percentage; a dash where there is no whole. */
export function share(part, whole) {
  if (!whole) return "–";
  const options = { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return formatter("share", (locale) => new Intl.NumberFormat(locale, options)).format(part / whole);
}

/** A share that was reckoned elsewhere, as a percentage. */
export const percent = (part) => (part === null || part === undefined ? "–" : share(part, 1));

export function oneDecimal(n) {
  const options = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return formatter("decimal", (locale) => new Intl.NumberFormat(locale, options)).format(n);
}

/** A number with its unit after a thin space. */
export const thin = (n, unit) => `${oneDecimal(n)}\u2009${t(`unitOf.${unit}`)}`;

/** A calendar day, such as `2026-06-10`, without its year. */
export function day(text) {
  const fields = { timeZone: "UTC", month: "2-digit", day: "2-digit", weekday: "short" };
  return formatter("day", (locale) => new Intl.DateTimeFormat(locale, fields)).format(new Date(`${text}T00:00:00Z`));
}

export function instant(text) {
  if (!text) return "–";
  return parts(text, "instant", {
    year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  });
}

/** An instant without its year, where only news is listed. */
export function instantOfYear(text) {
  return text ? parts(text, "news", { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }) : "–";
}

/** The Beijing day of an instant. */
export function dateOf(text) {
  return text ? parts(text, "date", { year: "numeric", month: "2-digit", day: "2-digit" }) : "–";
}

export function instantToSecond(text) {
  if (!text) return "–";
  const made = parts(text, "second", {
    year: "numeric", month: "2-digit", day: "2-digit", weekday: "short",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  return made.replace(/(周.)/, " $1");
}

/** An amount of the catalogue, such as `10wd`, in words. */
export function amount(text) {
  const [, n, unit] = /^(\d+)(h|d|wd)$/.exec(text) ?? [];
  return unit ? t(`amount.${unit}`, { n }) : text;
}

export function timeOfDay(text) {
  return parts(text, "time", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function parts(text, kind, options) {
  const fields = { timeZone: ZONE, hourCycle: "h23", ...options };
  return formatter(kind, (locale) => new Intl.DateTimeFormat(locale, fields)).format(new Date(text));
}

/** A span of seconds in its largest fitting unit. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return t("unit.s", { n: s });
  if (s < 3600) return t("unit.m", { n: Math.floor(s / 60) });
  if (s < 172800) return t("unit.h", { n: Math.floor(s / 3600) });
  return t("unit.d", { n: Math.floor(s / 86400) });
}

/** A duration in its two largest units. */
export function duration(ms) {
  const minutes = Math.round(ms / 60_000);
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const parts = [[d, "d"], [h, "h"], [m, "m"]].filter(([n]) => n).slice(0, 2);
  return parts.length ? parts.map(([n, unit]) => t(`unit.${unit}`, { n })).join(" ") : t("unit.m", { n: 0 });
}

export function ago(seconds) {
  return seconds < 2 ? t("justNow") : t("ago", { t: span(seconds) });
}
