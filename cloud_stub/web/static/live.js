// The live page of one camera: its picture, its question to go on, its end, and the button to talk.

import { LivePlayer, Microphone } from "./live_player.js";

const page = document.querySelector("#live");
const part = (name) => page.querySelector(`[data-live-part="${name}"]`);
const word = (name) => page.querySelector(`[data-word="${CSS.escape(name)}"]`)?.textContent ?? "";
let player = null;
let microphone = null;
let turn = 0;

function say(text) {
  part("state").textContent = text;
}

function asked(visible) {
  part("question").hidden = !visible;
  if (visible) part("go-on").focus();
}

const tell = {
  grant(message) {
    const notes = [];
    if (part("extended").checked && message.kind !== "extended") notes.push(word(`extended-${message.extended}`));
    if (part("save").checked && message.saving !== "allowed") notes.push(word(`saving-${message.saving}`));
    part("notes").textContent = notes.join(" ");
    const noMicrophone = !window.isSecureContext || !navigator.mediaDevices;
    part("talk").hidden = !message.talk || noMicrophone;
    part("no-talk").hidden = !(message.talk && noMicrophone);
    say(word("begins"));
  },
  waiting: () => say(word("waiting")),
  head: () => say(""),
  away: (message) => say(message.detail ? word("unsupported") : word("away")),
  continue: () => asked(true),
  unsupported: () => over(word("unsupported")),
  end: (message) => over(word(`end-${message.reason}`) || word("closed")),
  closed: () => player !== null && over(word("closed")),
};

function over(text) {
  turn += 1;
  const ended = player;
  player = null;
  ended?.close();
  quiet();
  asked(false);
  part("talk").hidden = true;
  part("again").hidden = false;
  say(text);
}

function start() {
  part("again").hidden = true;
  part("notes").textContent = "";
  turn += 1;
  const mine = turn;
  player = new LivePlayer(document.querySelector("#video"), (type, message) => mine === turn && tell[type]?.(message));
  const url = new URL(page.dataset.socket, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  if (part("extended").checked) url.searchParams.set("extended", "1");
  if (part("save").checked) url.searchParams.set("save", "1");
  player.open(url);
}

async function speak() {
  if (microphone !== null || player === null) return;
  const opened = new Microphone((pcm) => player?.say(pcm));
  microphone = opened;
  try {
    await opened.open();
    if (microphone === opened) part("talk").setAttribute("aria-pressed", "true");
  } catch {
    part("notes").textContent = word("no-microphone");
    quiet();
  }
  if (microphone !== opened) await opened.close(); // let go while it was being opened
}

function quiet() {
  const open = microphone;
  microphone = null;
  part("talk").setAttribute("aria-pressed", "false");
  open?.close();
}

part("go-on").addEventListener("click", () => {
  player?.send({ type: "go_on" });
  asked(false);
});
part("again").addEventListener("click", start);
for (const name of ["extended", "save"]) {
  part(name).addEventListener("change", () => {
    over("");
    start();
  });
}
part("talk").addEventListener("pointerdown", (event) => {
  event.target.setPointerCapture(event.pointerId);
  speak();
});
for (const ended of ["pointerup", "pointercancel"]) part("talk").addEventListener(ended, quiet);
part("talk").addEventListener("keydown", (event) => event.key === " " && !event.repeat && speak());
part("talk").addEventListener("keyup", (event) => event.key === " " && quiet());
part("talk").addEventListener("blur", quiet);
addEventListener("pagehide", () => over(""));
start();
