// Plays a clip, also while it is still being recorded: fragments go to the browser as the cloud gets them.
const video = document.getElementById("video");
const over = document.getElementById("over");
const live = document.getElementById("live");
const indexUrl = video.dataset.index;
const mediaUrl = video.dataset.media;
const POLL_MS = 500;
const WATCH_MS = 5000;

class Gone extends Error {}
class Unplayable extends Error {}

function say(sentence) {
  over.textContent = sentence;
  over.hidden = false;
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

// A network that stumbles is tried again; a clip that is gone is not.
async function patiently(read) {
  for (let left = 20; ; left -= 1) {
    try {
      return await read();
    } catch (error) {
      if (error instanceof Gone || left === 0) throw error;
      await pause(POLL_MS);
    }
  }
}

async function readIndex() {
  const answer = await fetch(indexUrl, { credentials: "same-origin", cache: "no-store" });
  if (answer.status === 410 || answer.status === 404) throw new Gone();
  if (!answer.ok) throw new Error(`index: ${answer.status}`);
  return answer.json();
}

async function readBytes(start, end) {
  const headers = { Range: `bytes=${start}-${end - 1}` };
  const answer = await fetch(mediaUrl, { headers, credentials: "same-origin", cache: "no-store" });
  if (answer.status === 410 || answer.status === 404) throw new Gone();
  if (answer.status !== 206) throw new Error(`media: ${answer.status}`);
  return answer.arrayBuffer();
}

function append(buffer, bytes) {
  return new Promise((done, failed) => {
    buffer.addEventListener("updateend", done, { once: true });
    buffer.addEventListener("error", () => failed(new Unplayable()), { once: true });
    buffer.appendBuffer(bytes);
  });
}

function open(source) {
  return new Promise((done) => {
    source.addEventListener("sourceopen", done, { once: true });
    video.src = URL.createObjectURL(source);
  });
}

function cannotPlay(mime) {
  return Boolean(mime) && video.canPlayType(mime) === "";
}

async function waitForFirstFragment() {
  for (;;) {
    const index = await patiently(readIndex);
    if (index.mime && (index.fragments.length > 0 || !index.growing)) return index;
    await pause(POLL_MS);
  }
}

async function follow(firstIndex) {
  let index = firstIndex;
  const source = new MediaSource();
  await open(source);
  const buffer = source.addSourceBuffer(index.mime);
  await append(buffer, await patiently(() => readBytes(0, index.init_bytes)));
  let next = index.fragments.findIndex((fragment) => fragment.keyframe);
  next = next < 0 ? 0 : next;
  for (;;) {
    const fresh = index.fragments.slice(next);
    if (fresh.length > 0) {
      await append(buffer, await patiently(() => readBytes(fresh[0].start, fresh[fresh.length - 1].end)));
      next = index.fragments.length;
    }
    if (!index.growing) break;
    await pause(POLL_MS);
    index = await patiently(readIndex);
  }
  if (source.readyState === "open") source.endOfStream();
  await settle();
}

// The clip is whole: its length and its size are known now, and the page says them.
async function settle() {
  if (live.hidden) return;
  live.hidden = true;
  const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("facts");
  if (fresh) document.getElementById("facts").replaceWith(fresh);
}

async function watchForEnd() {
  for (;;) {
    await pause(WATCH_MS);
    const index = await patiently(readIndex);
    if (!index.growing) await settle();
  }
}

function end(error) {
  if (error instanceof Gone) {
    video.pause();
    video.removeAttribute("src");
    video.load();
    live.hidden = true;
    say(video.dataset.gone);
  } else if (error instanceof Unplayable) {
    say(video.dataset.unplayable);
  } else if (video.error && video.readyState < 2) {
    say(video.dataset.trouble);
  }
}

async function play() {
  const index = await waitForFirstFragment();
  if (cannotPlay(index.mime)) {
    say(/hvc1|hev1/.test(index.mime) ? video.dataset.h265 : video.dataset.unplayable);
    return;
  }
  watchForEnd().catch((error) => { if (error instanceof Gone) end(error); });
  video.addEventListener("error", () => {
    if (video.getAttribute("src")) readIndex().then(() => end(new Error("playback")), end);
  });
  const joins = index.growing && "MediaSource" in window && MediaSource.isTypeSupported(index.mime);
  live.hidden = !index.growing;
  if (joins) {
    await follow(index).catch((error) => {
      if (error instanceof Gone) throw error;
      video.src = mediaUrl;
    });
  } else {
    video.src = mediaUrl;
  }
}

video.muted = true;
play().catch(end);
