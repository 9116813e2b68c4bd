// Changes things on this module: unlocks the page, and sends commands. Every part of the page that changes uses it.

const HEADER = "X-Veilleur-Token";
let token = null;
const listeners = new Set();

// Asks this module: {ok, status, ...document}, with the token of the session where there is one.
export async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers[HEADER] = token;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const document = answer.status === 204 ? {} : await answer.json();
  if (answer.status === 401 && document.code === "locked") setToken(null);
  return { ok: answer.ok, status: answer.status, ...document };
}

function setToken(next) {
  token = next;
  document.body.dataset.locked = String(token === null);
  for (const listener of listeners) listener(token !== null);
}

// Calls `listener(unlocked)` now and after each change.
export function onLock(listener) {
  listeners.add(listener);
  listener(token !== null);
}

export async function unlock(key) {
  const answer = await ask("POST", "/api/v1/session", { key });
  if (answer.ok) setToken(answer.token);
  return answer;
}

export async function lock() {
  await ask("DELETE", "/api/v1/session");
  setToken(null);
}

// Carries out one command of docs/wire.md: {ok, code, ...} or {ok: false, code, detail}.
export const command = (name, args = {}) => ask("POST", `/api/v1/commands/${name}`, args);

async function begin() {
  const key = new URLSearchParams(location.hash.slice(1)).get("unlock");
  if (key !== null) {
    history.replaceState(null, "", location.pathname + location.search); // the key is not left in the address bar
    await unlock(key);
  } else {
    const answer = await ask("GET", "/api/v1/session");
    setToken(answer.token ?? null);
  }
}

await begin();
