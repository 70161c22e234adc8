// Tiles of a song's picture, fetched when they are shown; the last ones are cached.

import { bytes, get } from "./api.js";

class Kept {
  #items = new Map();
  #waiting = new Set();

  constructor(fetchOne, most, ready) {
    Object.assign(this, { fetchOne, most, ready });
  }

  get(key) {
    const item = this.#items.get(key);
    if (item !== undefined) {
      this.#items.delete(key);
      this.#items.set(key, item);
      return item;
    }
    if (!this.#waiting.has(key)) this.#fetch(key);
    return null;
  }

  async #fetch(key) {
    this.#waiting.add(key);
    try {
      this.#items.set(key, await this.fetchOne(key));
      while (this.#items.size > this.most) this.#items.delete(this.#items.keys().next().value);
      this.ready();
    } catch {
      setTimeout(() => this.#waiting.delete(key), 2000);
      return;
    }
    this.#waiting.delete(key);
  }
}

export const SAMPLES_IN_TILE = 1 << 15;

export class Picture {
  static async load(song, ready) {
    return new Picture(song, await get(`songs/${song.id}/picture`), ready);
  }

  constructor(song, facts, ready) {
    Object.assign(this, { song, facts });
    this.wave = new Kept(async (key) => new Int8Array(await bytes(`songs/${song.id}/wave/${key}`)), 96, ready);
    this.spectrum = new Kept(async (key) => this.#paint(new Uint8Array(await bytes(`songs/${song.id}/spectrum/${key}`))), 140, ready);
    this.samples = new Kept(async (tile) => {
      const start = tile * SAMPLES_IN_TILE;
      return new Int16Array(await bytes(`songs/${song.id}/sound?mono=1&start=${start}&count=${SAMPLES_IN_TILE}`));
    }, 24, ready);
    this.colours = palette();
  }

  // The coarsest level with at least this many rows per second.
  level(perSecond, finest) {
    const level = Math.floor(Math.log(finest / Math.max(perSecond, 1e-6)) / Math.log(this.facts.factor));
    return Math.max(0, Math.min(this.facts.levels - 1, level));
  }

  perSecond(name, level) {
    return this.facts[name].per_second / this.facts.factor ** level;
  }

  #paint(values) {
    const { bands } = this.facts.spectrum;
    const frames = values.length / bands;
    if (!frames) return document.createElement("canvas");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [frames, bands];
    const context = canvas.getContext("2d");
    const image = context.createImageData(frames, bands);
    const pixels = new Uint32Array(image.data.buffer);
    for (let frame = 0; frame < frames; frame += 1) {
      for (let band = 0; band < bands; band += 1) {
        pixels[(bands - 1 - band) * frames + frame] = this.colours[values[frame * bands + band]];
      }
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }
}

// 256 colours from the background of the page to its brightest, as little-endian RGBA.
function palette() {
  const light = window.matchMedia("(prefers-color-scheme: light)").matches;
  const stops = light
    ? [[243, 242, 238], [222, 214, 205], [219, 165, 120], [176, 74, 60], [84, 24, 72]]
    : [[20, 22, 27], [36, 34, 66], [110, 44, 110], [222, 92, 84], [255, 226, 150]];
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const at = Math.max(0, (value / 255 - 0.12) / 0.8) * (stops.length - 1);
    const i = Math.min(stops.length - 2, Math.floor(at));
    const share = Math.min(1, at - i);
    const [r, g, b] = stops[i].map((from, c) => Math.round(from + share * (stops[i + 1][c] - from)));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}
