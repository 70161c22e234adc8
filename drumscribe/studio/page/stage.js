// The stage: one canvas with ruler, wave, spectrum and lanes, another on top for moving parts.

import { drawErrors, drawGrid, drawLane, drawRuler, drawSpectrum, drawWave } from "./drawing.js";
import { el, shortWords, words } from "./dom.js";
import { Emitter, model } from "./model.js";
import { DRUM, ID, TIME, placeOf } from "./rows.js";
import { Scroll } from "./scroll.js";
import { Picture } from "./tiles.js";

const NEAR = 7; // pixels from a hit that still mean it

export class Stage extends Emitter {
  scroll = new Scroll();
  selected = new Set();
  solo = new Set();
  loop = null;
  errors = null; // of a comparison: {missing, false}
  ghosts = null; // rows that a preview would move
  song = null;
  draft = null;
  picture = null;
  playhead = 0;
  lasso = null;

  constructor() {
    super();
    this.base = el("canvas", { "aria-hidden": "true" });
    this.top = el("canvas", {
      tabindex: 0, role: "application", "aria-roledescription": "hit editor",
      "aria-label": "Lanes of hits. Arrow keys go from hit to hit; question mark shows all keys.",
    });
    this.heads = el("div", { class: "heads", role: "group", "aria-label": "Lanes" });
    this.node = el("div", { class: "canvas" }, this.base, this.top, this.heads);
    this.scroll.on("change", () => this.redraw());
    new ResizeObserver(() => this.#resize()).observe(this.node);
    window.matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => this.#recolour());
    this.#recolour();
  }

  get gutter() { return this.heads.offsetWidth || 152; }

  show(song, draft) {
    const other = this.song?.id !== song?.id;
    if (draft !== this.draft) this.errors = null;
    Object.assign(this, { song, draft, ghosts: null });
    this.selected.clear();
    if (other) Object.assign(this, { picture: null, errors: null, loop: null, playhead: 0 });
    this.#stopListening?.();
    this.#stopListening = draft?.on("change", () => this.#edited());
    this.scroll.duration = draft?.duration ?? song?.duration ?? 1;
    if (other && song) this.scroll.fit();
    this.#layOut();
    if (song?.picture && !this.picture) this.loadPicture();
    this.redraw();
    this.emit("select");
  }

  async loadPicture() {
    const { song } = this;
    const picture = await Picture.load(song, () => this.redraw()).catch(() => null);
    if (picture && this.song?.id === song.id) this.picture = picture;
    this.redraw();
  }

  select(ids, more = false) {
    if (!more) this.selected.clear();
    for (const id of ids) this.selected.add(id);
    this.redraw();
    this.emit("select");
  }

  selectedRows() {
    return [...this.selected].map((id) => this.draft?.rows.get(id)).filter(Boolean).sort((a, b) => a[TIME] - b[TIME]);
  }

  // The visible lanes: drums with hits, in the order of the vocabulary, then the player's own sounds.
  get laneNames() {
    if (!this.draft) return [];
    const played = new Set(this.draft.lanes.keys());
    const known = model.drums.map((drum) => drum.name).filter((name) => played.has(name) || this.#always(name));
    return [...known, ...[...played].filter((name) => !model.drumByName.has(name)).sort()];
  }

  laneAt(y) {
    return this.lanes.find((lane) => y >= lane.y && y < lane.y + lane.h) ?? null;
  }

  hitAt(x, y) {
    const lane = this.laneAt(y);
    if (!lane) return null;
    const time = this.scroll.time(x - this.gutter);
    const rows = this.draft.lanes.get(lane.name) ?? [];
    const place = placeOf(rows, time);
    const near = [rows[place - 1], rows[place]].filter(Boolean);
    const best = near.sort((a, b) => Math.abs(a[TIME] - time) - Math.abs(b[TIME] - time))[0];
    return best && Math.abs(best[TIME] - time) * this.scroll.scale <= NEAR ? best : null;
  }

  redraw() {
    if (this.#pending) return;
    this.#pending = requestAnimationFrame(() => {
      this.#pending = 0;
      this.#draw();
      this.drawTop();
    });
  }

  lanes = [];
  boxes = {};
  #pending = 0;
  #stopListening = null;
  #colours = {};

  #countHits() {
    for (const [i, count] of this.heads.querySelectorAll("small").entries()) count.textContent = this.draft.lanes.get(this.lanes[i].name)?.length ?? 0;
  }

  #always(name) {
    return ["kick", "snare", "hihat_closed"].includes(name);
  }

  #edited() {
    this.ghosts = null; // a preview is of the hits as they were
    for (const id of [...this.selected]) if (!this.draft.rows.has(id)) this.selected.delete(id);
    if (this.laneNames.join() !== this.lanes.map((lane) => lane.name).join()) this.#layOut();
    else this.#countHits();
    this.redraw();
    this.emit("select");
  }

  #resize() {
    const { clientWidth: w, clientHeight: h } = this.node;
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.base, this.top]) [canvas.width, canvas.height] = [w * ratio, h * ratio];
    const whole = this.scroll.width / this.scroll.scale > this.scroll.duration;
    this.scroll.width = Math.max(50, w - this.gutter);
    this.#layOut();
    if (whole) this.scroll.fit();
    else this.scroll.set(this.scroll.start, this.scroll.scale);
  }

  #layOut() {
    const ruler = Math.round(1.75 * parseFloat(getComputedStyle(document.documentElement).fontSize)); // as high as a line
    const height = this.node.clientHeight;
    const names = this.laneNames;
    const share = Math.min(0.5, Math.max(0.28, 1 - (names.length * 44 + ruler) / Math.max(1, height)));
    const picture = names.length ? Math.round((height - ruler) * share) : height - ruler;
    const wave = Math.round(picture * 0.42);
    this.boxes = {
      ruler: { y: 0, h: ruler }, wave: { y: ruler, h: wave }, spectrum: { y: ruler + wave, h: picture - wave },
    };
    const top = ruler + picture;
    const each = names.length ? Math.min(Math.max(76, height * 0.07), (height - top) / names.length) : 0;
    this.lanes = names.map((name, i) => ({ name, y: top + i * each, h: each }));
    this.#headings();
    this.redraw();
  }

  #headings() {
    const heads = [["ruler", this.draft?.rhythm?.tempo_map ? "Bars" : "Time"], ["wave", "Wave"], ["spectrum", "Spectrum"]].map(([name, text]) => this.#head(this.boxes[name], el("span", {}, text)));
    for (const lane of this.lanes) {
      const mark = el("i", { class: "swatch", "aria-hidden": "true" });
      mark.style.background = this.colourOf(lane.name);
      const text = words(lane.name);
      const count = this.draft.lanes.get(lane.name)?.length ?? 0;
      const solo = el("button", {
        "aria-pressed": String(this.solo.has(lane.name)), "aria-label": `Solo ${text}`, title: "Play this lane alone",
        onclick: () => { this.toggleSolo(lane.name); },
      }, "S");
      const head = this.#head(lane, mark, el("span", { title: text }, shortWords(lane.name)), el("small", {}, count), solo);
      head.style.setProperty("--lane", this.colourOf(lane.name));
      heads.push(head);
    }
    this.heads.replaceChildren(...heads);
  }

  toggleSolo(name) {
    if (!this.solo.delete(name)) this.solo.add(name);
    this.#headings();
    this.redraw();
    this.emit("solo");
  }

  #head(box, ...children) {
    const node = el("div", {}, ...children);
    Object.assign(node.style, { top: `${box.y}px`, height: `${box.h}px` });
    return node;
  }

  #recolour() {
    const style = getComputedStyle(document.documentElement);
    const names = ["ground", "panel", "raised", "line", "ink", "soft", "accent", "bad", "good", "wave", "beat", "bar", "own", ...(model.instruments ?? [])];
    this.#colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    if (this.picture) this.loadPicture();
    this.redraw();
  }

  colourOf(name) {
    return this.#colours[model.instrumentOf(name)] ?? this.#colours.own;
  }

  #box(box) {
    return { x: this.gutter, w: this.scroll.width, y: box.y, h: box.h };
  }

  #draw() {
    const ratio = window.devicePixelRatio || 1;
    const pen = this.base.getContext("2d");
    const { scroll } = this;
    const colours = this.#colours;
    const map = this.draft?.rhythm?.tempo_map;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.base.width, this.base.height);
    if (!this.song) return;
    drawSpectrum(pen, this.#box(this.boxes.spectrum), scroll, this.picture);
    drawWave(pen, this.#box(this.boxes.wave), scroll, this.picture, colours);
    for (const lane of this.lanes) {
      pen.fillStyle = colours.line;
      pen.fillRect(this.gutter, lane.y + lane.h - 1, scroll.width, 1);
    }
    drawGrid(pen, { x: this.gutter, w: scroll.width, y: this.boxes.ruler.h, h: this.node.clientHeight }, scroll, map, colours);
    for (const lane of this.lanes) {
      const dim = this.solo.size > 0 && !this.solo.has(lane.name);
      const rows = this.draft.lanes.get(lane.name) ?? [];
      const marks = { selected: this.selected, ghost: dim, ink: colours.ink };
      drawLane(pen, this.#box(lane), scroll, rows, this.colourOf(lane.name), marks);
      if (this.ghosts) {
        const moved = this.ghosts.filter((row) => row[DRUM] === lane.name);
        drawLane(pen, this.#box(lane), scroll, moved, colours.good, { selected: new Set(moved.map((row) => row[ID])), ghost: false, ink: colours.good });
      }
    }
    if (this.errors) this.#drawErrors(pen);
    drawRuler(pen, this.#box(this.boxes.ruler), scroll, map, colours);
  }

  // Errors are known by instrument; they are drawn in the first of its lanes.
  #drawErrors(pen) {
    const seen = new Set();
    for (const lane of this.lanes) {
      const instrument = model.instrumentOf(lane.name);
      if (seen.has(instrument)) continue;
      seen.add(instrument);
      const own = ([, name]) => name === instrument;
      drawErrors(pen, this.#box(lane), this.scroll, this.errors.missing.filter(own), this.errors.false.filter(own), this.#colours);
    }
  }

  drawTop() {
    const ratio = window.devicePixelRatio || 1;
    const pen = this.top.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.top.width, this.top.height);
    if (!this.song) return;
    const { scroll } = this;
    pen.save();
    pen.beginPath();
    pen.rect(this.gutter, 0, scroll.width, this.node.clientHeight);
    pen.clip();
    if (this.loop) {
      pen.fillStyle = this.#colours.accent;
      pen.globalAlpha = 0.14;
      const [from, to] = [this.loop.start, this.loop.end].map((time) => this.gutter + scroll.x(time));
      pen.fillRect(from, 0, to - from, this.node.clientHeight);
      pen.globalAlpha = 1;
      pen.fillRect(from, 0, to - from, 4);
    }
    if (this.lasso) {
      pen.strokeStyle = this.#colours.accent;
      pen.setLineDash([4, 3]);
      pen.strokeRect(this.lasso.x, this.lasso.y, this.lasso.w, this.lasso.h);
      pen.setLineDash([]);
    }
    const x = this.gutter + scroll.x(this.playhead);
    pen.fillStyle = this.#colours.accent;
    pen.fillRect(x - 0.75, 0, 1.5, this.node.clientHeight);
    pen.beginPath();
    pen.moveTo(x - 6, 0);
    pen.lineTo(x + 6, 0);
    pen.lineTo(x, 9);
    pen.fill();
    pen.restore();
  }
}
