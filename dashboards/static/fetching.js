// JSON from our own server; a refusal is thrown as the problem that the server described.

export async function fetchJson(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { headers: { accept: "application/json" }, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw { status: 0, detail: error.message, remedy: {} };
  }
  if (answer.ok) return answer.json();
  throw await answer.json().catch(() => ({ status: answer.status, detail: answer.statusText }));
}

export async function fetchText(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw { status: answer.status, detail: answer.statusText };
  return answer.text();
}
