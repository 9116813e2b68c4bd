// The lock bar, and the controls of arming: switches, snooze and the weekly schedule; enabled only while unlocked.
import { command, lock, onLock, unlock } from "./changes.js";
import { onStatus } from "./status.js";

const refused = document.querySelector("[data-refused]");
const editor = document.querySelector(".schedule");
const list = editor.querySelector(".steps");
let unlocked = false;
let status = null;
let edited = false;

function say(answer) {
  const sentence = document.querySelector("#refused").content.querySelector(`[data-code="${CSS.escape(answer.code ?? "")}"]`);
  refused.textContent = answer.ok ? "" : (sentence?.textContent ?? answer.detail ?? "");
  return answer.ok;
}

async function tell(name, args) {
  return say(await command(name, args));
}

const cameraOf = (element) => element.closest(".camera")?.dataset.camera;

function enable() {
  for (const element of document.querySelectorAll(".controls :is(button, select, input), .schedule :is(button, select, input)")) {
    element.disabled = !unlocked || !status; // what a button opens is filled from the status
  }
  for (const camera of status?.cameras ?? []) {
    const card = document.querySelector(`[data-camera="${CSS.escape(camera.camera_id)}"]`);
    const choice = card?.querySelector("[data-snooze]");
    if (choice) choice.disabled = !unlocked || !(camera.arming.may_snooze || camera.arming.snoozed_until);
  }
}

function addStep(step) {
  const row = document.querySelector("#step").content.firstElementChild.cloneNode(true);
  for (const [name, value] of Object.entries(step)) row.querySelector(`[name="${name}"]`).value = String(value);
  list.append(row);
  editor.querySelector(".no-steps").hidden = true;
  return row;
}

function showSchedule(arming) {
  const now = JSON.stringify([arming.time_zone, arming.steps]);
  if (edited || list.dataset.is === now) return;
  list.dataset.is = now;
  list.replaceChildren();
  editor.elements.time_zone.value = arming.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const step of arming.steps) addStep(step);
  editor.querySelector(".no-steps").hidden = arming.steps.length > 0;
}

onStatus((newest) => {
  status = newest;
  for (const camera of status.cameras) {
    const card = document.querySelector(`[data-camera="${CSS.escape(camera.camera_id)}"]`);
    if (!card) continue;
    const box = card.querySelector("[data-motion]");
    if (document.activeElement !== box || !unlocked) box.checked = camera.arming.motion_on;
    card.querySelector('[data-show="snoozed"]').hidden = !camera.arming.snoozed_until;
  }
  showSchedule(status.arming);
  enable();
});

document.querySelector(".when-locked").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = event.target.elements.key;
  const answer = await unlock(field.value.trim().replace(/^.*#unlock=/, "")); // the whole address may be pasted too
  if (say(answer)) field.value = "";
});
document.querySelector("[data-lock]").addEventListener("click", lock);

for (const button of document.querySelectorAll("[data-arm]")) {
  button.addEventListener("click", () => tell("arm", { armed: button.dataset.arm === "true" }));
}

document.addEventListener("change", async ({ target }) => {
  if (target.matches("[data-motion]")) {
    const done = await tell("motion", { camera_id: cameraOf(target), on: target.checked });
    if (!done) target.checked = !target.checked;
    target.blur();
  } else if (target.matches("[data-snooze]") && target.value !== "") {
    const args = { minutes: Number(target.value) };
    if (cameraOf(target)) args.camera_id = cameraOf(target);
    target.value = "";
    await tell("snooze", args);
  } else if (target.closest(".schedule")) {
    edited = true;
  }
});

editor.addEventListener("click", ({ target }) => {
  if (target.matches("[data-add]")) {
    edited = true;
    addStep({ day: "mon", at: "22:00", armed: true }).querySelector("select").focus();
    enable();
  } else if (target.matches("[data-remove]")) {
    edited = true;
    target.closest("li").remove();
    editor.querySelector(".no-steps").hidden = list.children.length > 0;
    editor.querySelector("[data-add]").focus();
  }
});

editor.addEventListener("submit", async (event) => {
  event.preventDefault();
  const steps = [...list.children].map((row) => ({
    day: row.querySelector('[name="day"]').value,
    at: row.querySelector('[name="at"]').value,
    armed: row.querySelector('[name="armed"]').value === "true",
  }));
  const done = await tell("schedule", { time_zone: editor.elements.time_zone.value.trim(), steps });
  editor.querySelector("[data-saved]").hidden = !done;
  if (done) edited = false;
});

onLock((open) => {
  unlocked = open;
  enable();
});
