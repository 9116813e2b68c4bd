// Keeps the newest status document of this module for every part of the page, also for one that loads later.
let newest = null;
const listeners = new Set();

export function publish(status) {
  newest = status;
  for (const listener of listeners) listener(status);
}

// Calls `listener(status)` now where a status is known, and with each one that follows.
export function onStatus(listener) {
  listeners.add(listener);
  if (newest) listener(newest);
}
