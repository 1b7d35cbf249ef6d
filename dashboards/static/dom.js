// Elements made by calls, never by markup: text of others stays text.

const SVG = "http://www.w3.org/2000/svg";

/** An element; `props` are attributes, or `on…` listeners; null and false leave one out. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    // An attribute of ARIA is "true"; an empty one says nothing.
    else element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Write text only where it differs; says whether it did. */
export function setText(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

const changed = new Set();

/** A short highlight of what changed, with the next frame; the style respects reduced motion. */
export function flash(element) {
  if (!changed.size) requestAnimationFrame(highlight);
  changed.add(element);
}

/** An animation starts anew only after a layout without it: one for all of them. */
function highlight() {
  for (const element of changed) element.classList.remove("moved");
  void document.body.offsetWidth;
  for (const element of changed) element.classList.add("moved");
  changed.clear();
}

export const byId = (id) => document.getElementById(id);
