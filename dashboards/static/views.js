// The views of the page: which panels belong to which, and the way from one to the other.

import { isPlainClick } from "./address.js";
import { renew } from "./arrange.js";
import { byId, h, setText } from "./dom.js";
import { maySee } from "./session.js";
import { t } from "./words.js";

/** "" is the overview; `right` is what a reader needs to see the view at all. */
export const VIEWS = [
  { id: "" }, { id: "open", right: "cases" }, { id: "late", right: "cases" }, { id: "supervised", right: "cases" },
  { id: "attainment" }, { id: "households" }, { id: "audit", right: "audit" },
];

export const mayView = (page, view) =>
  VIEWS.some(({ id, right }) => id === view && (!right || maySee(page, right)));

export function viewOf({ view }) {
  return VIEWS.some(({ id }) => id === view) ? view : "";
}

/** The narrowest place that is looked at: province, prefecture, county or township. */
const levelOf = ({ prefecture, county, township }) =>
  (township && "township") || (county && "county") || (prefecture && "prefecture") || "province";

/** Whether a panel is part of what is shown; one that asks for itself asks only then. */
export const isShown = (id) => !byId(id).hidden;

export function drawViews(page) {
  const now = viewOf(page.state);
  const links = VIEWS.filter(({ id }) => mayView(page, id)).map(({ id }) =>
    h("a", { href: page.hrefOf({ view: id, case: "", due: "" }), "data-view": id, "aria-current": id === now ? "page" : null },
      t(`view.${id || "overview"}`)));
  byId("views").setAttribute("aria-label", t("views"));
  renew(byId("views"), ...links);
  const [view, place] = [now || "overview", levelOf(page.state)];
  byId("main").dataset.view = view;
  byId("main").dataset.place = place;
  byId("main").classList.toggle("of-one-item", Boolean(page.state.item));
  for (const section of byId("main").querySelectorAll(":scope > [data-in]")) {
    // A view alone, or a view of one level of place, such as overview@township.
    const places = section.dataset.in.split(" ");
    section.hidden = !(places.includes(view) || places.includes(`${view}@${place}`))
      || (section.dataset.right && !maySee(page, section.dataset.right));
    if (section.hidden) section.removeAttribute("aria-busy");
    else if (!section.body && section.matches(".panel")) section.setAttribute("aria-busy", "true");
  }
  setText(byId("view-title"), t(`view.${now || "overview"}`));
}

export function installViews(page) {
  byId("views").addEventListener("click", (event) => {
    const link = event.target.closest("a[data-view]");
    if (!link || !isPlainClick(event)) return;
    event.preventDefault();
    page.go({ view: link.dataset.view, due: "" });
    byId("main").focus({ preventScroll: true });
    scrollTo(0, 0);
  });
}
