// The audit log, for those who keep the accounts: who looked at which case when, by account, case,
// act and period. It is asked when its reader asks: reading it is a line of it too.

import { renew } from "./arrange.js";
import { failure } from "./asked.js";
import { h, setText } from "./dom.js";
import { fetchJson } from "./fetching.js";
import { count, instantToSecond } from "./format.js";
import { countyName, prefectureName } from "./names.js";
import { filled, frame } from "./panel.js";
import { Table } from "./table.js";
import { t, WORDS } from "./words.js";

const LISTED = 1000;
// What the address calls a filter, and what the server does.
const FILTERS = { who: "account", of: "of", what: "act", from: "since", to: "until" };
const ACTS = Object.keys(WORDS.zh.acts);
const shown = { lines: null, query: null };
let made = null;

export function drawAudit(page) {
  const query = queryOf(page.state);
  const body = frame(page, "audit", { title: t("audit"), define: "records.audit", csv: "audit" });
  document.getElementById("audit").parts.download.href = `/api/audit.csv${query}`;
  made ??= make(page, body);
  drawForm(page.state);
  if (shown.query !== query) ask(page, query);
  else drawLines();
}

function queryOf(state) {
  const query = new URLSearchParams();
  for (const [key, name] of Object.entries(FILTERS)) if (state[key]) query.set(name, state[key]);
  return query.size ? `?${query}` : "";
}

async function ask(page, query) {
  Object.assign(shown, { query, lines: null });
  made.problem.replaceChildren();
  filled("audit", false);
  try {
    const answer = await fetchJson(`/api/audit${query}${query ? "&" : "?"}limit=${LISTED}`);
    if (shown.query !== query) return;
    shown.lines = answer.lines;
    drawLines();
  } catch (problem) {
    if (shown.query !== query) return;
    made.problem.replaceChildren(failure(problem, () => ask(page, query)));
  }
  filled("audit");
}

function make(page, body) {
  const fields = {
    who: h("input", { name: "who", maxlength: "64", autocomplete: "off", spellcheck: "false" }),
    of: h("input", { name: "of", maxlength: "64", autocomplete: "off", spellcheck: "false" }),
    what: h("select", { name: "what" }),
    from: h("input", { name: "from", type: "date" }), to: h("input", { name: "to", type: "date" }),
  };
  const labels = Object.fromEntries(Object.keys(fields).map((name) => [name, h("span")]));
  const button = h("button", { type: "submit", class: "quiet" });
  const form = h("form", { class: "filters ask" },
    Object.entries(fields).map(([name, field]) => h("label", {}, labels[name], field)), button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    shown.query = null; // the same once more is a wish to see what is new
    page.go(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value.trim()])));
  });
  const note = h("p", { class: "note list-note", role: "status" });
  const problem = h("div");
  body.append(form, problem, note);
  const table = new Table(body, {
    columns: columns(), keyOf: (line) => line.number, sort: "-at", caption: () => t("audit"),
    onSort: (sort) => table.draw(shown.lines ?? [], [], sort),
  });
  return { fields, labels, button, note, problem, table };
}

const LABELS = { who: "auditWho", of: "auditObject", what: "auditAct", from: "auditSince", to: "auditUntil" };

function drawForm(state) {
  for (const [name, key] of Object.entries(LABELS)) setText(made.labels[name], t(key));
  setText(made.button, t("auditFind"));
  const options = [["", t("all")], ...ACTS.map((one) => [one, t(`acts.${one}`)])];
  const act = made.fields.what.value;
  renew(made.fields.what, ...options.map(([value, name]) => h("option", { value }, name)));
  made.fields.what.value = act;
  // Only what the address changed: the panel is drawn again while somebody types.
  const asked = Object.keys(made.fields).map((name) => state[name]).join("\n");
  if (made.asked === asked) return;
  made.asked = asked;
  for (const [name, field] of Object.entries(made.fields)) field.value = state[name];
}

function drawLines() {
  const { lines } = shown;
  if (!lines) return;
  made.table.draw(lines, []);
  const n = { n: count(lines.length) };
  setText(made.note, !lines.length ? t("noAudit") : lines.length === LISTED ? t("auditFirst", n) : t("auditCount", n));
}

function columns() {
  const text = (id, label, value, classOf) => ({ id, label: () => t(label), value, text: value, ...(classOf ? { classOf } : {}) });
  return [
    { id: "at", label: () => t("auditWhen"), value: (line) => line.number, text: (line) => instantToSecond(line.at) },
    text("account", "auditWho", (line) => line.account),
    text("act", "auditAct", (line) => t(`acts.${line.act}`), (line) => (/refused|failed/.test(line.act) ? "ground late" : "")),
    text("object", "auditObject", objectOf),
    text("role", "auditRole", (line) => t(`role.${line.role}`), () => "thin"),
    text("region", "region", regionOf, () => "thin"),
    text("address", "auditFrom", (line) => line.address, () => "thin"),
  ];
}

// A list by the name that its panel has; what a sign-in names is only who keeps the account.
const LISTS = { late: "lateList", supervised: "supervisedList", overview: "view.overview" };

function objectOf({ act, object }) {
  if (act === "list-exported" || act === "list-seen") return t(LISTS[object] ?? object);
  return act === "signed-in" ? "–" : object || "–";
}

function regionOf({ role, region }) {
  if (role === "county") return countyName(region);
  return role === "prefecture" ? prefectureName(region) : t("allPrefectures");
}
