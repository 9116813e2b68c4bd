// Chooses how sensitive one camera is; a square over its picture is as large as the smallest thing that counts.
import { command, onLock } from "./changes.js";
import { onStatus } from "./status.js";

const dialog = document.querySelector("dialog.sensitivity");
const part = (name) => dialog.querySelector(`[data-sensitivity="${name}"]`);
const word = (name, values = {}) =>
  dialog.querySelector(`[data-word="${name}"]`).textContent.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent", maximumSignificantDigits: 2 });
const view = dialog.querySelector(".view");
const square = dialog.querySelector(".square");
const slider = dialog.querySelector("input");
let cameras = [];
let camera = null;
let place = [0.5, 0.5];

const level = () => Number(slider.value);
const shape = () => (camera.width ?? 16) / (camera.height ?? 9);

function show() {
  const side = camera.sensitivity.smallest_sides[level() - 1];
  dialog.querySelector("output").textContent = slider.value;
  part("means").textContent = dialog.querySelector(`[data-level="${slider.value}"]`).textContent;
  slider.setAttribute("aria-valuetext", `${slider.value}: ${part("means").textContent}`);
  part("share").textContent = word("share", { share: percent.format(side * side * shape()) });
  square.style.width = `${side * 100}%`;
  square.style.left = `${place[0] * 100}%`;
  square.style.top = `${place[1] * 100}%`;
  const { level: now, set_by: setBy, configured } = camera.sensitivity;
  part("use").disabled = level() === now;
  part("reset").hidden = setBy !== "owner";
  part("reset").textContent = word("reset", { sensitivity: configured });
}

function open(of) {
  camera = of;
  part("name").textContent = camera.name;
  part("said").textContent = "";
  view.style.aspectRatio = String(shape());
  view.querySelector("img").src = `/snapshot/${encodeURIComponent(camera.camera_id)}.jpg?t=${Date.now()}`;
  slider.value = camera.sensitivity.level;
  place = [0.5, 0.5];
  show();
  dialog.showModal();
  slider.focus();
}

async function set(asked) {
  part("use").disabled = part("reset").disabled = true;
  const answer = await command("sensitivity", { camera_id: camera.camera_id, sensitivity: asked });
  part("reset").disabled = false;
  if (answer.ok) {
    camera.sensitivity = { ...camera.sensitivity, level: answer.sensitivity, set_by: answer.set_by };
    slider.value = answer.sensitivity;
    part("said").textContent = word("saved", { sensitivity: answer.sensitivity });
  } else {
    part("said").textContent = word(answer.code === "locked" ? "locked" : "failed");
  }
  show();
}

slider.addEventListener("input", () => {
  part("said").textContent = "";
  show();
});
view.addEventListener("pointerdown", (event) => {
  view.setPointerCapture(event.pointerId);
  move(event);
});
view.addEventListener("pointermove", (event) => {
  if (view.hasPointerCapture(event.pointerId)) move(event);
});

function move(event) {
  const box = view.getBoundingClientRect();
  const within = (share) => Math.min(1, Math.max(0, share));
  place = [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  show();
}

part("use").addEventListener("click", () => set(level()));
part("reset").addEventListener("click", () => set(null));
document.querySelector(".cameras").addEventListener("click", (event) => {
  const id = event.target.closest(".edit-sensitivity")?.closest(".camera").dataset.camera;
  const found = cameras.find((each) => each.camera_id === id);
  if (found) open(found);
});
onStatus((status) => {
  ({ cameras } = status);
  camera = cameras.find((each) => each.camera_id === camera?.camera_id) ?? camera;
  if (dialog.open) show();
});
onLock((unlocked) => {
  if (!unlocked && dialog.open) dialog.close();
});
