// Runs on the audio thread: gathers 100 ms of the microphone and hands them on as 16-bit PCM.

const SAMPLES = 1600;

class LiveTalk extends AudioWorkletProcessor {
  constructor() {
    super();
    this.pcm = new Int16Array(SAMPLES);
    this.filled = 0;
  }

  process([[samples]]) {
    for (const sample of samples ?? []) {
      this.pcm[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === SAMPLES) {
        this.port.postMessage(this.pcm.buffer.slice(0));
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("live-talk", LiveTalk);
