// Why a clip was made: its reasons and pictures, and whether it would have been made with another sensitivity.
import { ask, command } from "./changes.js";
import { onStatus } from "./status.js";

const EVERY_MS = 400;
const dialog = document.querySelector("dialog.why");
const language = document.documentElement.lang;
const part = (name) => dialog.querySelector(`[data-why="${name}"]`);
const words = dialog.querySelector("#why-words").content;
const word = (name, values = {}) =>
  words.querySelector(`[data-word="${name}"]`).textContent.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
const number = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
const slider = dialog.querySelector("input");
const progress = dialog.querySelector("progress");
let shown = null; // the clip's document
let answered = null; // the replay whose answer is shown
let cameras = [];
let asked = 0; // counts what was opened: an answer for an older one is passed over

function drawn(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function bars(svg, events, lengthS) {
  svg.replaceChildren(
    drawn("rect", { x: 0, y: 0, width: 1000, height: 20, class: "ground" }),
    ...events.filter((each) => each.start_s !== null).map((each) => {
      const end = each.end_s ?? lengthS;
      const width = Math.max(6, ((end - each.start_s) / lengthS) * 1000);
      return drawn("rect", { x: (each.start_s / lengthS) * 1000, y: 0, width, height: 20, class: each.light_change ? "light" : "motion" });
    }),
  );
}

// The height is the root of the score: a score far above the line does not flatten what is near it.
function curve(svg, trace, lengthS) {
  const height = (ratio) => Math.sqrt(Math.min(ratio, 16)) * 24;
  const points = trace.map(([at, ratio]) => `${((at / lengthS) * 1000).toFixed(1)},${(100 - height(ratio)).toFixed(1)}`);
  svg.replaceChildren(
    drawn("polyline", { points: points.join(" "), class: "score" }),
    drawn("line", { x1: 0, x2: 1000, y1: 100 - height(1), y2: 100 - height(1), class: "limit" }),
  );
}

function showEvents(events) {
  const blank = dialog.querySelector("#why-event").content.firstElementChild;
  const rows = events.map((event) => {
    const row = blank.cloneNode(true);
    const image = row.querySelector("img");
    image.addEventListener("error", () => image.remove());
    image.src = event.picture_url;
    row.querySelector("ul").append(...event.sentences.map((sentence) => {
      const line = document.createElement("li");
      line.textContent = sentence;
      return line;
    }));
    return row;
  });
  dialog.querySelector(".why-events").replaceChildren(...rows);
  part("none").hidden = events.length > 0;
}

function showLines(lengthS) {
  dialog.querySelector(".why-lines").hidden = !lengthS;
  if (!lengthS) return;
  bars(part("gave"), shown.events.map((each) => ({ ...each, light_change: each.stage === "light_change" })), lengthS);
  part("length").textContent = `${number.format(lengthS)} s`;
}

const cameraOf = () => cameras.find((each) => each.camera_id === shown?.camera_id);

// What the camera uses now, and the offer to use what was tried: for a camera that is still here, and only if it differs.
function showCamera() {
  const camera = cameraOf();
  part("now").textContent = camera ? word("now", { camera: camera.name, sensitivity: camera.sensitivity.level }) : "";
  part("offer").hidden = !camera || !answered || answered.sensitivity === camera.sensitivity.level;
  if (!part("offer").hidden) part("use").textContent = word("use", { camera: camera.name, sensitivity: answered.sensitivity });
}

async function use() {
  const camera = cameraOf();
  part("use").disabled = true;
  const answer = await command("sensitivity", { camera_id: camera.camera_id, sensitivity: answered.sensitivity });
  part("use").disabled = false;
  if (answer.ok) camera.sensitivity.level = answer.sensitivity;
  showCamera();
  part("said").textContent = answer.ok ? word("used", { camera: camera.name, sensitivity: answer.sensitivity }) : answer.detail;
}

function setSlider(level) {
  slider.value = level;
  dialog.querySelector("output").textContent = level;
}

function showAnswer(replay) {
  answered = replay;
  showCamera();
  const { events, trace, duration_s: lengthS } = replay.answer;
  const fired = events.filter((each) => !each.light_change).length;
  part("said").textContent = word(fired > 1 ? "many" : fired ? "one" : "zero", { sensitivity: replay.sensitivity, count: fired });
  showLines(lengthS);
  part("replayed").hidden = false;
  bars(part("answer"), events, lengthS);
  curve(part("trace"), trace, lengthS);
  part("list").replaceChildren(...events.map((each) => {
    const line = document.createElement("li");
    line.textContent = word(each.light_change ? "light" : "event", {
      start: number.format(each.start_s), end: number.format(each.end_s), share: percent.format(each.area),
      score: number.format(each.score), threshold: number.format(each.threshold),
    });
    return line;
  }));
}

function running(now) {
  part("begin").disabled = now || !shown?.replayable;
  part("stop").hidden = progress.hidden = !now;
}

async function open(clipId) {
  const mine = ++asked;
  shown = answered = null;
  showCamera();
  showEvents([]);
  part("none").hidden = part("replayed").hidden = true;
  part("said").textContent = "";
  running(false);
  dialog.querySelector(".why-lines").hidden = true;
  dialog.showModal();
  const answer = await ask("GET", `/api/v1/clips/${encodeURIComponent(clipId)}/why?lang=${language}`);
  if (mine !== asked) return;
  if (!answer.ok) {
    part("said").textContent = answer.detail;
    return;
  }
  shown = answer;
  showCamera();
  setSlider(cameraOf()?.sensitivity.level ?? slider.value);
  showEvents(answer.events);
  showLines(answer.duration_s);
  running(false);
}

async function replay() {
  const mine = asked;
  answered = null;
  showCamera();
  running(true);
  progress.value = 0;
  part("said").textContent = "";
  const path = `/api/v1/clips/${encodeURIComponent(shown.clip_id)}/replay?sensitivity=${slider.value}`;
  let answer = await ask("POST", path);
  while (mine === asked && answer.ok && answer.phase === "running") {
    progress.value = answer.share;
    await new Promise((done) => setTimeout(done, EVERY_MS));
    answer = await ask("GET", "/api/v1/replay");
  }
  if (mine !== asked) return;
  running(false);
  if (answer.ok && answer.phase === "done") showAnswer(answer);
  else part("said").textContent = answer.detail || word(answer.phase === "stopped" ? "stopped" : "failed");
}

const stop = () => ask("DELETE", "/api/v1/replay");

slider.addEventListener("input", () => setSlider(slider.value));
part("use").addEventListener("click", use);
onStatus((status) => {
  ({ cameras } = status);
  if (dialog.open) showCamera();
});
part("begin").addEventListener("click", replay);
part("stop").addEventListener("click", stop);
dialog.addEventListener("close", () => {
  asked += 1;
  if (!part("stop").hidden) stop(); // nobody waits for it any more
});
document.querySelector(".clips").addEventListener("click", (event) => {
  if (event.target.closest(".ask-why")) open(event.target.closest(".clip").dataset.key);
});
