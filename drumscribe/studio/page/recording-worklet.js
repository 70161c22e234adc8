// Hands on what the microphone hears, in pieces of 4096 samples.

class Recording extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(4096);
    this.filled = 0;
  }

  process([input]) {
    for (const value of input[0] ?? []) {
      this.piece[this.filled] = value;
      this.filled += 1;
      if (this.filled === this.piece.length) {
        this.port.postMessage(this.piece.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recording", Recording);
