// Keeps the diagnostics page true: fetches the status document and changes only what differs.
import { publish } from "./status.js";

const EVERY_MS = 1500;
const MOST_LIVE = 3; // a browser opens six connections to one host, and the status needs one too
const language = document.documentElement.lang;
const day = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
const formats = {
  seconds: new Intl.DateTimeFormat(language, { ...day, second: "2-digit" }),
  minutes: new Intl.DateTimeFormat(language, day),
};

const at = (tree, path) => path.split(".").reduce((value, key) => (value == null ? value : value[key]), tree);

function setText(element, value) {
  const text = value == null ? "" : String(value);
  if (element.classList.contains("moment")) {
    setMoment(element, text);
  } else if (element.textContent !== text) {
    element.textContent = text;
  }
}

function setMoment(element, text) {
  if (element.dataset.is === text) return;
  element.dataset.is = text;
  const time = document.createElement("time");
  const when = new Date(text);
  if (text && !Number.isNaN(when.getTime())) {
    time.dateTime = text;
    time.title = text;
    time.textContent = formats[element.dataset.format ?? "seconds"].format(when);
  }
  element.replaceChildren(time);
}

function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function fill(root, values, skip = null) {
  for (const element of root.querySelectorAll("[data-text]")) {
    if (skip && element.closest(skip)) continue;
    setText(element, at(values, element.dataset.text));
  }
}

function show(root, name, visible) {
  for (const element of root.querySelectorAll(`[data-show="${name}"]`)) element.hidden = !visible;
}

// Makes the children of a list those of `items`, in order; a child whose key stays is kept, so nothing flickers.
function list(parent, template, items, keyOf, change) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const key = keyOf(item);
    const child = known.get(key) ?? template.content.firstElementChild.cloneNode(true);
    known.delete(key);
    child.dataset.key = key;
    change(child, item);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  for (const gone of known.values()) gone.remove();
}

function showClip(row, clip) {
  fill(row, clip);
  setAttribute(row, "data-phase", clip.phase);
  show(row, "unsure", !clip.clock_trusted);
  const chip = row.querySelector(".chip");
  setAttribute(chip, "data-sink", clip.sink);
  setAttribute(chip, "title", clip.choice_text);
  const play = row.querySelector(".play");
  play.disabled = !clip.media_url;
  setAttribute(play, "data-media", clip.media_url ?? "");
  setAttribute(play, "data-kind", clip.kind);
  row.querySelector(".ask-why").hidden = clip.kind === "photo";
}

function showCamera(card, camera) {
  fill(card, camera);
  setAttribute(card, "data-health", camera.health);
  setAttribute(card, "data-phase", camera.phase);
  setAttribute(card.querySelector(".chip"), "data-sink", camera.sink ?? "none");
}

function showStatus(status) {
  fill(document.body, status, ".camera, .clip, .findings, .counts");
  show(document, "lease.expires_at", Boolean(status.lease.expires_at));
  show(document, "clock_unsure", !status.clock_trusted);
  show(document, "armed", status.armed);
  show(document, "disarmed", !status.armed);
  show(document, "no_clips", status.clips.length === 0);
  const { ok, failures, warnings } = status.health;
  setAttribute(document.querySelector(".headline"), "data-level", ok ? (warnings.length ? "warn" : "ok") : "fail");
  const found = [...failures.map((each) => ({ ...each, level: "fail" })), ...warnings.map((each) => ({ ...each, level: "warn" }))];
  list(document.querySelector(".findings"), document.querySelector("#finding"), found, (each) => each.code + each.subject, (child, each) => {
    fill(child, each);
    setAttribute(child, "class", each.level);
  });
  list(document.querySelector(".counts"), document.querySelector("#count"), status.ledger, (each) => each.phase, (child, each) => {
    fill(child, each);
    setAttribute(child, "data-phase", each.phase);
  });
  list(document.querySelector(".clips"), document.querySelector("#clip"), status.clips, (clip) => clip.clip_id, showClip);
  for (const camera of status.cameras) {
    const card = document.querySelector(`[data-camera="${CSS.escape(camera.camera_id)}"]`);
    if (card) showCamera(card, camera);
    else location.reload(); // another set of cameras: the agent was configured anew
  }
  publish(status);
}

// The first cameras that can be seen are live; the others are refreshed with the status.
const inView = new Set();
function refreshPictures() {
  let live = 0;
  for (const image of document.querySelectorAll(".picture img")) {
    const seen = inView.has(image) && !document.hidden;
    const working = image.closest(".camera").dataset.health === "ok";
    const wanted = seen && working && live < MOST_LIVE && !image.dataset.failed ? image.dataset.live : "";
    if (wanted) live += 1;
    if (wanted && image.dataset.shows !== wanted) {
      image.dataset.shows = wanted;
      image.src = wanted;
    } else if (!wanted && (image.dataset.shows || (seen && working))) {
      delete image.dataset.shows;
      image.src = `${image.dataset.snapshot}?t=${Date.now()}`;
    }
  }
}

function watchPictures() {
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) inView.add(entry.target);
      else inView.delete(entry.target);
    }
    refreshPictures();
  });
  for (const image of document.querySelectorAll(".picture img")) {
    observer.observe(image);
    image.addEventListener("error", () => {
      if (!image.dataset.shows) return;
      image.dataset.failed = "yes"; // too many viewers, or the stream broke: snapshots for a while
      delete image.dataset.shows;
      setTimeout(() => delete image.dataset.failed, 10_000);
    });
  }
  document.addEventListener("visibilitychange", refreshPictures);
}

function watchClips() {
  const player = document.querySelector(".player");
  const [video, photo, sorry] = ["video", "img", "p"].map((name) => player.querySelector(name));
  const failed = () => {
    video.hidden = photo.hidden = true;
    sorry.hidden = false;
  };
  video.addEventListener("error", () => player.open && failed());
  photo.addEventListener("error", () => player.open && failed());
  player.addEventListener("close", () => {
    video.removeAttribute("src");
    video.load();
  });
  document.querySelector(".clips").addEventListener("click", (event) => {
    const play = event.target.closest(".play");
    if (!play?.dataset.media) return;
    const isPhoto = play.dataset.kind === "photo";
    video.hidden = isPhoto;
    photo.hidden = !isPhoto;
    sorry.hidden = true;
    (isPhoto ? photo : video).src = play.dataset.media;
    player.showModal();
  });
}

async function refresh() {
  const stale = document.querySelector(".stale");
  try {
    const answer = await fetch(`/api/v1/status?lang=${language}`, { signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    showStatus(await answer.json());
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
  refreshPictures();
}

async function run() {
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((done) => setTimeout(done, EVERY_MS));
  }
}

watchPictures();
watchClips();
run();
