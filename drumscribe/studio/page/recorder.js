// The microphone, recorded as a 16-bit wav file.

export class Recorder {
  on = false;
  onlevel = () => {};

  async start() {
    if (!navigator.mediaDevices) throw new Error("The microphone needs https, or this machine's own address");
    const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule("recording-worklet.js");
    await this.context.resume();
    this.parts = [];
    this.node = new AudioWorkletNode(this.context, "recording", { numberOfOutputs: 0 });
    this.node.port.onmessage = ({ data }) => {
      this.parts.push(data);
      this.onlevel(data.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
    };
    this.context.createMediaStreamSource(this.stream).connect(this.node);
    this.on = true;
  }

  stop() {
    this.on = false;
    this.stream.getTracks().forEach((track) => track.stop());
    const { sampleRate } = this.context;
    this.context.close();
    return wavOf(this.parts, sampleRate);
  }
}

export function wavOf(parts, rate) {
  const count = parts.reduce((sum, part) => sum + part.length, 0);
  const view = new DataView(new ArrayBuffer(44 + 2 * count));
  const text = (at, word) => [...word].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * count, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * count, true);
  let at = 44;
  for (const part of parts) {
    for (const value of part) {
      view.setInt16(at, Math.max(-1, Math.min(1, value)) * 32767, true);
      at += 2;
    }
  }
  return view.buffer;
}
