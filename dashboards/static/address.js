// What is looked at lives in the address, so that a view can be sent and the back key works.

/** What narrows every question; the names are those of the server. */
export const FILTERS = [
  "prefecture", "county", "township", "item", "department", "raised_by", "channel", "level",
  "since", "until",
];
const KEYS = [
  "view", ...FILTERS, "place", "sort", "due", "who", "what", "of", "from", "to", "household", "at", "lang", "theme",
];
const CASE = "/case/";

/** The state that the address names; empty texts stand for defaults. */
export function read() {
  const query = new URLSearchParams(location.search);
  const state = Object.fromEntries(KEYS.map((key) => [key, query.get(key) ?? ""]));
  state.case = location.pathname.startsWith(CASE)
    ? decodeURIComponent(location.pathname.slice(CASE.length))
    : "";
  return state;
}

/** The address of a state, for links. */
export function href(state) {
  const query = new URLSearchParams();
  for (const key of KEYS) if (state[key]) query.set(key, state[key]);
  const path = state.case ? CASE + encodeURIComponent(state.case) : "/";
  return query.size ? `${path}?${query}` : path;
}

/** The query by which the server is asked for what a state looks at; empty for all. */
export function scopeQuery(state, more = {}) {
  const query = new URLSearchParams(FILTERS.filter((key) => state[key]).map((key) => [key, state[key]]));
  for (const [key, value] of Object.entries(more)) query.set(key, value);
  return query.size ? `?${query}` : "";
}

/** The change that leaves nothing filtered. */
export const unfiltered = () => Object.fromEntries(FILTERS.map((key) => [key, ""]));

export function push(state) {
  history.pushState(null, "", href(state));
}

export function replace(state) {
  history.replaceState(null, "", href(state));
}

/** Whether a click on a link is ours to follow without loading a page. */
export function isPlainClick(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}
