// Texts of the page itself in both languages. Names of items, places and levels come from the
// server (`/api/names`); definitions of numbers from `/api/definitions`.

import EN from "./words-en.js";
import ZH from "./words-zh.js";

/** Exported so that a test can see that both languages have the same keys. */
export const WORDS = { zh: ZH, en: EN };

let current = "zh";

export function language() {
  return current;
}

export function setLanguage(code) {
  current = code === "en" ? "en" : "zh";
  document.documentElement.lang = current === "en" ? "en" : "zh-CN";
}

/** The text of `key` (dots for nesting), `{name}` filled in; the key itself where there is none. */
export function t(key, filling = {}) {
  let text = WORDS[current];
  for (const part of key.split(".")) text = text?.[part];
  if (typeof text !== "string") return undefinedText(key);
  return text.replace(/\{(\w+)\}/g, (_, name) => filling[name] ?? "");
}

function undefinedText(key) {
  return key.split(".").pop().replaceAll("_", " ");
}

/** Of a pair of texts the one in the language of the page. */
export function pick(pair, otherwise = "") {
  return pair?.[current] || otherwise;
}
