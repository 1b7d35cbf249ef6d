// Who reads the page: asked once at the start, and again whenever the server wants a sign-in.

import { refill } from "./arrange.js";
import { byId, h, setText } from "./dom.js";
import { early } from "./early.js";
import { fetchJson, keepSession, sendJson } from "./fetching.js";
import { countyName, prefectureName } from "./names.js";
import { pick, t } from "./words.js";

/** Who reads, once somebody does: waits at the sign-in form until then. */
export async function sessionOf(page) {
  for (;;) {
    try {
      return begun(page, (await early("/api/session")) ?? await fetchJson("/api/session", { isSignIn: true }));
    } catch (problem) {
      if (problem.status === 401) return begun(page, await askToSignIn(page));
      page.fault = problem;
      page.drawHead();
      await new Promise((again) => setTimeout(again, 3000));
    }
  }
}

function begun(page, session) {
  page.session = session;
  page.fault = null;
  // A session that ends in the middle: start over, and the form comes with the address kept.
  keepSession(session.csrf, () => location.reload());
  document.documentElement.dataset.role = session.role ?? "";
  return session;
}

/** The part of a state that is not the reader's to choose: their prefecture, or their county. */
export function fixedOf(session) {
  if (session?.role === "prefecture") return { prefecture: session.region };
  // A county's code begins with that of its prefecture (GB/T 2260); the server compares whole codes.
  if (session?.role === "county") return { prefecture: `${session.region.slice(0, 4)}00`, county: session.region };
  return {};
}

/** A state within the reader's region; what lies below another place than theirs is left out. */
export function within(session, state) {
  const fixed = fixedOf(session);
  const isOther = Object.entries(fixed).some(([name, code]) => state[name] !== code);
  return isOther ? { ...state, county: "", township: "", ...fixed } : state;
}

export const maySee = (page, right) => !page.session?.rights || page.session.rights.includes(right);

/** Counts of so small a place may tell of a family: an analyst gets none (docs/access.md). */
export const seesTownships = (page) => page.session?.role !== "analyst";

/** Draw who reads, with the way out, or in where the page is open. */
export function drawSession(page) {
  const { session } = page;
  const place = byId("session");
  if (!session) return;
  const button = session.open
    ? h("button", { type: "button", class: "switch", onclick: () => offer(page) }, t("signIn"))
    : h("button", { type: "button", class: "switch", onclick: () => leave() }, t("signOut"));
  const who = session.open ? [] : [h("span", { class: "who" }, session.name || session.user,
    h("span", { class: "note" }, ` ${t(`role.${session.role}`)}${regionOf(session)}`))];
  refill(place, ...who, button);
}

function regionOf({ role, region }) {
  if (role === "prefecture") return ` · ${prefectureName(region)}`;
  return role === "county" ? ` · ${countyName(region)}` : "";
}

async function leave() {
  await sendJson("/api/sign-out", {}).catch(() => null);
  location.reload();
}

export async function offer(page) {
  await askToSignIn(page, true);
  location.reload();
}

/** Show the form; the session once the server took account and password. */
function askToSignIn(page, mayCancel = false) {
  const dialog = byId("sign-in");
  document.documentElement.classList.toggle("signed-out", !mayCancel);
  page.drawTexts();
  return new Promise((done) => {
    const form = h("form", { class: "sign-in-form" }, ...fields(dialog, mayCancel));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const session = await attempt(form);
      if (!session) return;
      document.documentElement.classList.remove("signed-out");
      dialog.close();
      done(session);
    });
    dialog.replaceChildren(form);
    dialog.addEventListener("cancel", (event) => { if (!mayCancel) event.preventDefault(); });
    if (!dialog.open) dialog.showModal();
  });
}

function fields(dialog, mayCancel) {
  const field = (name, type, autocomplete) => h("label", {}, h("span", {}, t(`signInForm.${name}`)),
    h("input", { name, type, autocomplete, required: true, maxlength: "256", autofocus: name === "user" }));
  return [
    h("img", { src: "/static/icon.svg", alt: "", width: "48", height: "48" }),
    h("h2", { id: "sign-in-title" }, t("signInTitle")), h("p", { class: "note" }, t("subtitle")),
    field("user", "text", "username"), field("password", "password", "current-password"),
    h("p", { class: "wrong", role: "alert" }),
    h("button", { type: "submit", class: "main-button" }, t("signIn")),
    mayCancel ? h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, t("cancel")) : null,
    h("p", { class: "note" }, t("signInNote")),
  ];
}

async function attempt(form) {
  const wrong = form.querySelector(".wrong");
  const [user, password] = [form.elements.user.value.trim(), form.elements.password.value];
  setText(wrong, "");
  form.setAttribute("aria-busy", "true");
  try {
    return await sendJson("/api/sign-in", { user, password }, { isSignIn: true });
  } catch (problem) {
    const isWrong = problem.status === 401;
    setText(wrong, isWrong ? t("signInWrong") : `${t("failed", { detail: problem.detail ?? "" })} ${pick(problem.remedy)}`);
    form.elements.password.value = "";
    form.elements.password.focus();
    return null;
  } finally {
    form.removeAttribute("aria-busy");
  }
}
