// The visible time range: from `start`, at `scale` pixels per second.

import { Emitter } from "./model.js";

const FINEST = 60000; // pixels per second: a millisecond is 60 wide

export class Scroll extends Emitter {
  start = 0;
  scale = 100;
  width = 800;
  duration = 1;

  get end() { return this.start + this.width / this.scale; }
  x(time) { return (time - this.start) * this.scale; }
  time(x) { return this.start + x / this.scale; }

  set(start, scale) {
    const least = this.width / (this.duration * 1.02 + 0.2);
    this.scale = Math.min(FINEST, Math.max(least, scale));
    const room = this.duration + 0.1 - this.width / this.scale;
    this.start = Math.min(Math.max(-0.04 * (this.width / this.scale), start), Math.max(-0.04 * (this.width / this.scale), room));
    this.emit("change");
  }

  fit() { this.set(0, 0); }
  zoom(factor, x = this.width / 2) {
    const at = this.time(x);
    const scale = Math.min(FINEST, Math.max(this.width / (this.duration * 1.02 + 0.2), this.scale * factor));
    this.set(at - x / scale, scale);
  }
  pan(pixels) { this.set(this.start + pixels / this.scale, this.scale); }

  // Scrolls just far enough to show a time.
  reveal(time, margin = 0.12) {
    const span = this.width / this.scale;
    if (time < this.start + margin * span * 0.3 || time > this.end - margin * span) this.set(time - 0.3 * span, this.scale);
  }
  between(from, to) {
    const span = Math.max(0.01, to - from);
    this.set(from - 0.06 * span, this.width / (1.12 * span));
  }
}
