// The clips on the USB drive: listed on demand, played by ranges, deleted while unlocked; the drive ejected or adopted.
import { command, onLock } from "./changes.js";

const section = document.querySelector(".drive");
if (section) {
  const list = section.querySelector(".drive-clips");
  const said = section.querySelector("[data-drive-said]");
  const more = section.querySelector("[data-drive-more]");
  const adopt = section.querySelector("[data-drive-adopt]");
  const video = section.querySelector("video");
  const photo = section.querySelector("img");
  const blank = section.querySelector("#drive-clip").content.firstElementChild;
  const words = section.querySelector("#drive-words").content;
  const word = (name) => words.querySelector(`[data-word="${name}"]`).textContent;
  const megabytes = new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit", unit: "megabyte", minimumFractionDigits: 1, maximumFractionDigits: 1,
  });
  let unlocked = false;
  let page = null;

  function enable() {
    for (const button of section.querySelectorAll("[data-drive-eject], [data-drive-adopt], [data-delete]")) {
      button.disabled = !unlocked;
    }
  }

  function addClip(clip) {
    const row = blank.cloneNode(true);
    const time = row.querySelector("time");
    if (clip.captured_at) time.dateTime = clip.captured_at;
    time.textContent = clip.captured_at ? new Date(clip.captured_at).toLocaleString(document.documentElement.lang) : word("undated");
    row.querySelector("b").textContent = clip.camera;
    row.querySelector("[data-size]").textContent = megabytes.format(Math.max(0.1, clip.size_bytes / 1e6));
    row.querySelector("[data-backup]").hidden = clip.store !== "backup";
    row.querySelector("[data-play]").addEventListener("click", () => play(clip));
    row.querySelector("[data-delete]").addEventListener("click", () => remove(clip, row));
    list.append(row);
  }

  function play(clip) {
    const shown = clip.kind === "photo" ? photo : video;
    said.textContent = "";
    video.hidden = shown !== video;
    photo.hidden = shown !== photo;
    video.pause();
    shown.src = `/media/drive/${clip.store}/${encodeURIComponent(clip.clip_id)}`;
    if (shown === video) video.play().catch(() => {});
  }

  async function remove(clip, row) {
    if (!confirm(word("sure"))) return;
    const answer = await command("delete_drive_clip", { store: clip.store, clip_id: clip.clip_id });
    said.textContent = answer.ok ? "" : answer.detail;
    if (answer.ok) row.remove();
  }

  async function load(offset) {
    const query = new URLSearchParams({ offset: String(offset) });
    if (offset > 0) query.set("manifest_id", page.manifest_id);
    const answer = await fetch(`/api/v1/drive/clips?${query}`);
    const next = await answer.json();
    if (answer.status === 409) {
      await load(0);
      said.textContent = word("changed");
      return;
    }
    if (offset === 0) list.replaceChildren();
    said.textContent = answer.ok ? next.detail || (next.total === 0 ? word("empty") : "") : next.detail;
    if (!answer.ok) return;
    page = next;
    for (const clip of next.clips) addClip(clip);
    more.hidden = next.next_offset === null;
    adopt.hidden = next.state !== "foreign" || !next.other_uuid;
    section.querySelector("[data-drive-total]").textContent = String(next.total);
    enable();
  }

  function stop() {
    video.pause();
    video.hidden = photo.hidden = true;
  }

  async function act(name, args, done) {
    stop();
    const answer = await command(name, args);
    await load(0);
    said.textContent = answer.ok ? done : answer.detail;
  }

  for (const shown of [video, photo]) {
    shown.addEventListener("error", () => {
      said.textContent = word("not_played");
    });
  }
  section.querySelector("[data-drive-list]").addEventListener("click", () => load(0));
  more.addEventListener("click", () => load(page.next_offset));
  section.querySelector("[data-drive-eject]").addEventListener("click", () => act("eject_drive", {}, word("ejected")));
  adopt.addEventListener("click", () => act("adopt_drive", { uuid: page.other_uuid }, ""));
  onLock((now) => {
    unlocked = now;
    enable();
  });
}
