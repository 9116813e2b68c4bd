// Plays one live view in a <video>: a WebSocket brings fragments (docs/wire.md, live view), a MediaSource shows them.

const HEAD = 0;
const TALK = 16;
const BEHIND_S = 2.5; // further behind than this it jumps to what is newest
const KEPT_S = 20;

export class LivePlayer {
  // `told(type, message)` gets every document, and {type: "closed"} or {type: "unsupported"} once.
  constructor(video, told) {
    this.video = video;
    this.told = told;
    this.waiting = [];
    this.buffer = null;
  }

  open(url) {
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => this.take(data));
    this.socket.addEventListener("close", () => this.told("closed", {}));
  }

  send(document) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(document));
  }

  say(pcm) {
    if (this.socket?.readyState !== WebSocket.OPEN || this.socket.bufferedAmount > 64_000) return;
    const message = new Uint8Array(1 + pcm.byteLength);
    message[0] = TALK;
    message.set(new Uint8Array(pcm), 1);
    this.socket.send(message);
  }

  close() {
    this.socket?.close();
    this.buffer = null;
    this.waiting = [];
    this.video.removeAttribute("src");
    this.video.load();
  }

  take(data) {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      if (message.type === "head") this.begin(message.mime);
      this.told(message.type, message);
      return;
    }
    const kind = new Uint8Array(data, 0, 1)[0];
    if (kind === HEAD) this.waiting = [];
    this.waiting.push(new Uint8Array(data, 1));
    this.feed();
  }

  begin(mime) {
    this.buffer = null;
    this.waiting = [];
    if (!window.MediaSource?.isTypeSupported(mime)) {
      this.told("unsupported", { mime });
      return;
    }
    const source = new MediaSource();
    this.video.src = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(this.video.src);
      this.buffer = source.addSourceBuffer(mime);
      this.buffer.addEventListener("updateend", () => this.updated());
      this.feed();
    }, { once: true });
  }

  feed() {
    if (this.buffer === null || this.buffer.updating || this.waiting.length === 0) return;
    try {
      this.buffer.appendBuffer(this.waiting.shift());
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      this.buffer.remove(0, Math.max(0.1, this.video.currentTime - 1));
    }
  }

  updated() {
    const { video, buffer } = this;
    if (buffer === null) return;
    const ranges = buffer.buffered;
    if (ranges.length) {
      const newest = ranges.length - 1;
      const [from, to] = [ranges.start(newest), ranges.end(newest)];
      if (video.currentTime < from || to - video.currentTime > BEHIND_S) {
        video.currentTime = Math.max(from, to - 0.5);
      }
      if (video.paused) video.play().catch(() => {});
      if (video.currentTime - ranges.start(0) > KEPT_S && !buffer.updating) {
        buffer.remove(0, video.currentTime - KEPT_S / 2);
        return;
      }
    }
    this.feed();
  }
}

// The microphone while a person speaks: 16-bit PCM, 16,000 samples a second, about ten messages a second.
export class Microphone {
  constructor(heard) {
    this.heard = heard;
  }

  async open() {
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true } });
    this.context = new AudioContext({ sampleRate: 16_000 });
    await this.context.audioWorklet.addModule("/static/live_talk.js");
    const node = new AudioWorkletNode(this.context, "live-talk", { numberOfOutputs: 0 });
    node.port.addEventListener("message", ({ data }) => this.heard(data));
    node.port.start();
    this.context.createMediaStreamSource(this.stream).connect(node);
  }

  async close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    await this.context?.close();
    this.stream = this.context = undefined;
  }
}
