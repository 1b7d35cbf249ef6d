// JSON from our own server; a refusal is thrown as the problem that the server described.

let csrf = "";
let onSignedOut = () => {};

/** The token that changes must carry, and what to do when the server wants a sign-in. */
export function keepSession(token, signedOut) {
  csrf = token ?? "";
  onSignedOut = signedOut ?? onSignedOut;
}

export async function fetchJson(path, options = {}) {
  const answer = await ask(path, { headers: { accept: "application/json" }, ...options });
  if (answer.ok) return answer.json();
  if (answer.status === 401 && !options.isSignIn) onSignedOut();
  throw await answer.json().catch(() => ({ status: answer.status, detail: answer.statusText }));
}

export async function fetchText(path) {
  const answer = await ask(path);
  if (!answer.ok) throw { status: answer.status, detail: answer.statusText };
  return answer.text();
}

/** Send a change; the answer of the server, or its problem thrown. */
export function sendJson(path, body, options = {}) {
  const headers = {
    accept: "application/json", "content-type": "application/json", "x-csrf-token": csrf,
  };
  return fetchJson(path, { method: "POST", headers, body: JSON.stringify(body), ...options });
}

async function ask(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw { status: 0, detail: error.message, remedy: {} };
  }
}
