// Keeps a part of a page as the cloud has it: fetches the part again and swaps it when it has changed.
const parts = document.querySelectorAll("[data-refresh]");

function isBusy(part) {
  // Nobody loses what they type, or the list they have opened.
  const active = document.activeElement;
  return part.contains(active) && active.matches("input, select, textarea") || part.querySelector("dialog[open]") !== null;
}

function keepOpen(part, fresh) {
  for (const opened of part.querySelectorAll("details[open][id]")) {
    const twin = fresh.querySelector(`#${CSS.escape(opened.id)}`);
    if (twin) twin.open = true;
  }
}

async function refresh(part) {
  const headers = part.dataset.version ? { "If-None-Match": part.dataset.version } : {};
  const answer = await fetch(part.dataset.refresh, { headers, credentials: "same-origin", redirect: "manual" });
  if (answer.type === "opaqueredirect" || answer.status === 401) { location.reload(); return; }
  if (answer.status !== 200 || isBusy(part)) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  keepOpen(part, fresh.content);
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  part.replaceChildren(fresh.content);
  part.dataset.version = answer.headers.get("ETag") ?? "";
  if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

for (const part of parts) {
  const period = Number(part.dataset.every ?? 2) * 1000;
  const again = async () => {
    if (!document.hidden) await refresh(part).catch(() => undefined);
    setTimeout(again, period);
  };
  setTimeout(again, period);
}

// A poster that the cloud has not made yet leaves its place to the icon below it.
document.addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement && event.target.closest(".poster")) event.target.hidden = true;
}, true);

// Copies a command to the clipboard and says so on the button.
document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  button.textContent = button.dataset.copied;
});
