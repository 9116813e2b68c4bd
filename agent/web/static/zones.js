// Draws the zones of one camera over its picture: with a finger or the mouse, or corner by corner as numbers.

import { command, onLock } from "./changes.js";
import { onStatus } from "./status.js";

const SVG = "http://www.w3.org/2000/svg";
const NEAR_PX = 18;
const dialog = document.querySelector("dialog.zones");
const part = (name) => dialog.querySelector(`[data-zones-part="${name}"]`);
const canvas = dialog.querySelector(".canvas");
const drawing = canvas.querySelector("svg");
const corners = dialog.querySelector(".corners");
const mostCorners = Number(dialog.dataset.corners);
let cameras = [];
let camera = null;
let version = 0;
let zones = [];
let steps = []; // what undo goes back to
let dragged = null;

const say = (name) => {
  part("said").textContent = name ? dialog.querySelector(`[data-word="${name}"]`).textContent : "";
};
const copy = () => structuredClone(zones);
const current = () => zones.at(-1);
const round = (share) => Math.round(Math.min(1, Math.max(0, share)) * 10_000) / 10_000;

function change(act) {
  const before = copy();
  if (act() === false) return;
  steps.push(before);
  say("");
  show();
}

function begin() {
  const kind = part("kind").value;
  const most = Number(part("kind").selectedOptions[0].dataset.most);
  const alike = zones.filter((zone) => (zone.kind === "privacy") === (kind === "privacy"));
  if (alike.length >= most) {
    say("most");
    return false;
  }
  zones.push({ kind, corners: [] });
  return true;
}

function add(corner) {
  if (!current() && begin() === false) return false;
  if (current().corners.length >= mostCorners) {
    say("full");
    return false;
  }
  current().corners.push(corner);
  return true;
}

function show() {
  drawing.replaceChildren();
  zones.forEach((zone, at) => {
    const shape = document.createElementNS(SVG, "polygon");
    shape.setAttribute("points", zone.corners.map(([x, y]) => `${x * 1000},${y * 1000}`).join(" "));
    shape.setAttribute("class", `${zone.kind}${at === zones.length - 1 ? " current" : ""}`);
    drawing.append(shape);
    for (const [x, y] of zone.corners) {
      const dot = document.createElementNS(SVG, "line"); // a round line end stays round whatever the picture's shape is
      for (const [name, value] of [["x1", x], ["x2", x], ["y1", y], ["y2", y]]) dot.setAttribute(name, value * 1000);
      dot.setAttribute("class", zone.kind);
      drawing.append(dot);
    }
  });
  if (!corners.contains(document.activeElement)) showList();
  part("undo").disabled = steps.length === 0;
  part("clear").disabled = zones.length === 0;
  if (current()) part("kind").value = current().kind;
}

function showList() {
  corners.replaceChildren();
  for (const [x, y] of current()?.corners ?? []) {
    const row = dialog.querySelector("#corner").content.firstElementChild.cloneNode(true);
    row.querySelector('[name="x"]').value = String(Math.round(x * 1000) / 10);
    row.querySelector('[name="y"]').value = String(Math.round(y * 1000) / 10);
    corners.append(row);
  }
}

function at(event) {
  const box = canvas.getBoundingClientRect();
  return [round((event.clientX - box.left) / box.width), round((event.clientY - box.top) / box.height)];
}

function near(event) {
  const box = canvas.getBoundingClientRect();
  for (const zone of zones.toReversed()) {
    const found = zone.corners.findIndex(([x, y]) =>
      Math.hypot(x * box.width + box.left - event.clientX, y * box.height + box.top - event.clientY) < NEAR_PX);
    if (found >= 0) return { zone, found };
  }
  return null;
}

canvas.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  dragged = near(event);
  if (dragged) {
    steps.push(copy());
    canvas.setPointerCapture(event.pointerId);
  } else {
    change(() => add(at(event)));
  }
});
canvas.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  dragged.zone.corners[dragged.found] = at(event);
  show();
});
for (const ended of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(ended, () => {
    dragged = null;
  });
}

part("new").addEventListener("click", () => change(() => (current()?.corners.length === 0 ? false : begin())));
part("kind").addEventListener("change", () => {
  const kind = part("kind").value;
  if (current() && current().corners.length < 3) {
    change(() => {
      current().kind = kind;
    });
  } else {
    change(begin);
  }
});
part("undo").addEventListener("click", () => {
  zones = steps.pop();
  say("");
  show();
});
part("clear").addEventListener("click", () => change(() => {
  zones = [];
}));
part("corner").addEventListener("click", () => {
  change(() => add([0.5, 0.5]));
  corners.querySelector("li:last-child input")?.select();
});
corners.addEventListener("change", ({ target }) => {
  const row = target.closest("li");
  change(() => {
    const [x, y] = ["x", "y"].map((name) => round(Number(row.querySelector(`[name="${name}"]`).value) / 100));
    current().corners[[...corners.children].indexOf(row)] = [x, y];
  });
});
corners.addEventListener("click", ({ target }) => {
  if (!target.matches("[data-remove]")) return;
  const index = [...corners.children].indexOf(target.closest("li"));
  part("corner").focus();
  change(() => {
    current().corners.splice(index, 1);
  });
});

part("save").addEventListener("click", async () => {
  const drawn = zones.filter((zone) => zone.corners.length > 0);
  if (drawn.some((zone) => zone.corners.length < 3)) {
    say("corners");
    return;
  }
  part("save").disabled = true;
  const answer = await command("zones", { camera_id: camera.camera_id, version, zones: drawn });
  part("save").disabled = false;
  if (answer.ok) {
    ({ version } = answer);
    zones = drawn;
    steps = [];
    show();
    say("saved");
  } else {
    const stale = cameras.find((each) => each.camera_id === camera.camera_id)?.zones.version !== version;
    say({ locked: "locked", bad_arguments: stale ? "stale" : "refused" }[answer.code] ?? "failed");
  }
});

document.querySelector(".cameras").addEventListener("click", (event) => {
  const button = event.target.closest(".edit-zones");
  const card = button?.closest(".camera");
  camera = cameras.find((each) => each.camera_id === card?.dataset.camera) ?? camera;
  if (!button || !camera) return;
  part("name").textContent = camera.name;
  canvas.style.aspectRatio = `${camera.width ?? 16} / ${camera.height ?? 9}`;
  canvas.querySelector("img").src = `/snapshot/${encodeURIComponent(camera.camera_id)}.jpg?t=${Date.now()}`;
  ({ version } = camera.zones);
  zones = camera.zones.zones.map(({ kind, corners: kept }) => ({ kind, corners: kept.map((corner) => [...corner]) }));
  steps = [];
  say("");
  show();
  dialog.showModal();
});

onStatus((status) => {
  ({ cameras } = status);
});
onLock((unlocked) => {
  if (!unlocked && dialog.open) dialog.close();
});
