// What the page needs of the server before it can show anything, asked for while the other modules
// are still under way: this one imports nothing, so it runs first.

const ask = (path) => {
  const answer = fetch(path, { headers: { accept: "application/json" } }).then((got) => (got.ok ? got.json() : null));
  return answer.catch(() => null);
};

/** Each answer once, null where there was none: whoever wants it asks again then. */
const answers = new Map(["/api/session", "/api/names"].map((path) => [path, ask(path)]));

export async function early(path) {
  const answer = answers.get(path) ?? null;
  answers.delete(path);
  return answer;
}
