// Changing what an element holds, and taking nothing from the hand of who reads it: not the focus, not
// what is pressed, not what was unfolded.

/**
 * Give `parent` these elements in this order. What stays is moved as little as can be, and never what
 * is focused or pressed: taken out for a moment only, it would lose the focus, and the click.
 */
export function arrange(parent, wanted) {
  keepingFocus(parent, () => {
    const kept = new Set(wanted);
    for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
    const held = wanted.find((one) => one.parentNode === parent && one.matches(":focus-within, :active"));
    let at = parent.firstElementChild;
    for (const one of wanted) {
      // The held one comes now: what stands before it belongs behind it.
      while (one === held && at !== held) {
        const next = at.nextElementSibling;
        parent.append(at);
        at = next;
      }
      if (one === at) at = at.nextElementSibling;
      else parent.insertBefore(one, at);
    }
  });
}

/** Put elements without listeners of their own into `place`; those that are as they were stay. */
export function renew(place, ...children) {
  const have = [...place.children];
  arrange(place, children.map((child, index) => (have[index]?.isEqualNode(child) ? have[index] : child)));
}

/** Put elements into `place` instead of what it holds; what was unfolded there is so again. */
export function refill(place, ...children) {
  const had = namesIn(place, "details");
  arrange(place, children.filter(Boolean));
  for (const [name, fold] of namesIn(place, "details")) fold.open ||= Boolean(had.get(name)?.open);
}

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";

/** Change what `place` holds; what was focused and is made anew is focused again. */
function keepingFocus(place, change) {
  const held = document.activeElement;
  if (held === place || !place.contains(held)) return change();
  const [name] = [...namesIn(place, FOCUSABLE)].find(([, one]) => one === held) ?? [];
  change();
  if (name && document.activeElement !== held) namesIn(place, FOCUSABLE).get(name)?.focus({ preventScroll: true });
}

/** What stands in `place`, each by a name that it has again when it is made anew. */
function namesIn(place, selector) {
  const named = new Map();
  const seen = new Map();
  for (const one of place.querySelectorAll(selector)) {
    // An address changes with what is looked at; where a link leads from there does not.
    const words = one.dataset.go || one.getAttribute("href") || one.name || one.getAttribute("aria-label")
      || (one.querySelector("summary") ?? one).textContent;
    const nth = seen.get(words) ?? 0;
    seen.set(words, nth + 1);
    named.set(`${nth} ${words}`, one);
  }
  return named;
}
