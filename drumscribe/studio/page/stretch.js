// Sound played slower at the same pitch: grains laid over each other where they fit best (WSOLA, Verhelst and Roelands
// 1993). Short grains keep the strokes of drums sharp.

const GRAIN_S = 0.046;
const SEARCH_S = 0.009;

export class Stretcher {
  // `speed` below 1 is slower. Channels are Float32Arrays that are pushed piece by piece.
  constructor(channels, rate, speed) {
    this.size = 2 * Math.round((GRAIN_S * rate) / 2);
    this.hop = this.size / 2;
    this.search = Math.round(SEARCH_S * rate);
    this.speed = speed;
    this.input = Array.from({ length: channels }, () => new Float32Array(0));
    this.tail = Array.from({ length: channels }, () => new Float32Array(this.hop));
    this.window = Float32Array.from({ length: this.size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / this.size));
    this.place = 0; // of the next grain in the input
    this.expected = null; // where the last grain would go on
  }

  push(channels) {
    this.input = this.input.map((before, c) => joined(before, channels[c]));
    const out = this.input.map(() => []);
    while (Math.round(this.place) + this.search + this.size + this.hop < this.input[0].length) {
      const at = this.expected === null ? Math.round(this.place) : this.#best(Math.round(this.place));
      this.input.forEach((samples, c) => out[c].push(this.#grain(samples, at, c)));
      this.expected = at + this.hop;
      this.place += this.hop * this.speed;
    }
    const done = Math.max(0, Math.min(Math.round(this.place), this.expected ?? 0) - this.search);
    this.input = this.input.map((samples) => samples.slice(done));
    this.place -= done;
    if (this.expected !== null) this.expected -= done;
    return out.map((pieces) => pieces.reduce((all, piece) => joined(all, piece), new Float32Array(0)));
  }

  #grain(samples, at, channel) {
    const piece = new Float32Array(this.hop);
    const tail = this.tail[channel];
    for (let i = 0; i < this.hop; i += 1) piece[i] = tail[i] + samples[at + i] * this.window[i];
    for (let i = 0; i < this.hop; i += 1) tail[i] = samples[at + this.hop + i] * this.window[this.hop + i];
    return piece;
  }

  // The position at which the input most resembles the continuation of the last grain.
  #best(middle) {
    const samples = this.input[0];
    let best = middle;
    let most = -Infinity;
    for (let at = Math.max(0, middle - this.search); at <= middle + this.search; at += 4) {
      let sum = 0;
      for (let i = 0; i < this.hop; i += 6) sum += samples[at + i] * (samples[this.expected + i] ?? 0);
      if (sum > most) [most, best] = [sum, at];
    }
    return best;
  }
}

function joined(a, b) {
  const all = new Float32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
