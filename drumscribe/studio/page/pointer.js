// Mouse, pen and fingers on the stage: select, lasso, move, change drum and velocity, add, bar lines, seek, zoom.

import { el } from "./dom.js";
import { CONFIDENCE, ID, TIME, VELOCITY, placeOf } from "./rows.js";
import { beatsBetween, shifted, withBarLineAt } from "./tempo.js";

const STILL = 4; // pixels that are no drag

export class Pointer {
  tool = "select"; // or "draw", "erase", "bars"

  constructor(stage, editor) {
    Object.assign(this, { stage, editor, touches: new Map(), drag: null });
    const { top } = stage;
    top.addEventListener("pointerdown", (event) => this.#down(event));
    top.addEventListener("pointermove", (event) => this.#move(event));
    top.addEventListener("pointerup", (event) => this.#up(event));
    top.addEventListener("pointercancel", (event) => this.#cancel(event));
    top.addEventListener("dblclick", (event) => this.#double(event));
    top.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #at(event) {
    const box = this.stage.top.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #time(x) { return Math.max(0, this.stage.scroll.time(x - this.stage.gutter)); }

  #wheel(event) {
    event.preventDefault();
    const { scroll } = this.stage;
    const [x] = this.#at(event);
    const turn = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) scroll.pan((event.deltaX || event.deltaY) * turn);
    else scroll.zoom(Math.exp(-event.deltaY * turn * (event.ctrlKey ? 0.01 : 0.0022)), x - this.stage.gutter);
  }

  #down(event) {
    const [x, y] = this.#at(event);
    this.stage.top.focus({ preventScroll: true });
    if (!this.stage.draft && !this.stage.song) return;
    this.stage.top.setPointerCapture(event.pointerId);
    this.touches.set(event.pointerId, [x, y]);
    if (this.touches.size === 2) {
      this.#cancelDrag();
      this.drag = { kind: "pinch", spread: this.#spread() };
      return;
    }
    const { boxes } = this.stage;
    if (event.button === 1) this.drag = { kind: "pan", x };
    else if (y < boxes.ruler.h) this.drag = this.#onRuler(x);
    else if (y < boxes.spectrum.y + boxes.spectrum.h) this.drag = { kind: "picture", x, from: x };
    else this.drag = this.#onLanes(event, x, y);
  }

  #onRuler(x) {
    const line = this.tool === "bars" ? this.#barLineAt(x) : null;
    if (line) return { kind: "bar", line, rhythm: this.stage.draft.rhythm, x };
    return { kind: "loop", from: this.#time(x), x };
  }

  #barLineAt(x) {
    const map = this.stage.draft?.rhythm?.tempo_map;
    if (!map) return null;
    const time = this.#time(x);
    const reach = 9 / this.stage.scroll.scale;
    return beatsBetween(map, Math.max(0, time - reach), time + reach).find((beat) => beat.beat === 0) ?? null;
  }

  #onLanes(event, x, y) {
    const { stage } = this;
    const hit = stage.draft ? stage.hitAt(x, y) : null;
    if (this.tool === "erase") {
      if (hit) stage.draft.remove([hit[ID]]);
      return { kind: "erase" };
    }
    if (!hit) {
      if (this.tool === "draw") { this.editor.addAt(this.#time(x), stage.laneAt(y)?.name); return null; }
      return { kind: event.pointerType === "touch" ? "picture" : "lasso", x, y, from: x, more: event.shiftKey };
    }
    if (event.shiftKey && stage.selected.has(hit[ID])) {
      stage.selected.delete(hit[ID]);
      stage.select([], true);
      return null;
    }
    if (!stage.selected.has(hit[ID])) stage.select([hit[ID]], event.shiftKey);
    this.editor.sayHit(hit);
    return { kind: "hits", x, y, hit, velocity: event.altKey, rows: stage.selectedRows(), lane: stage.laneAt(y) };
  }

  #move(event) {
    const [x, y] = this.#at(event);
    if (!this.touches.has(event.pointerId)) { this.#hover(x, y); return; }
    const [before] = this.touches.get(event.pointerId);
    this.touches.set(event.pointerId, [x, y]);
    const { drag, stage } = this;
    if (!drag) return;
    if (drag.kind === "pinch") this.#pinch();
    else if (drag.kind === "pan" || drag.kind === "picture") stage.scroll.pan(before - x);
    else if (drag.kind === "loop" && Math.abs(x - drag.x) > STILL) {
      const [start, end] = [drag.from, this.#time(x)].sort((a, b) => a - b);
      stage.loop = { start, end };
      stage.drawTop();
    } else if (drag.kind === "lasso") {
      stage.lasso = { x: Math.min(x, drag.x), y: Math.min(y, drag.y), w: Math.abs(x - drag.x), h: Math.abs(y - drag.y) };
      stage.drawTop();
    } else if (drag.kind === "erase") {
      const hit = stage.hitAt(x, y);
      if (hit) stage.draft.remove([hit[ID]]);
    } else if (drag.kind === "hits") this.#dragHits(drag, x, y);
    else if (drag.kind === "bar") this.#dragBar(drag, x);
  }

  #hover(x, y) {
    const over = y > this.stage.boxes.ruler?.h && this.stage.draft && this.stage.hitAt(x, y);
    const bar = this.tool === "bars" && y < (this.stage.boxes.ruler?.h ?? 0) && this.#barLineAt(x);
    this.stage.top.style.cursor = bar ? "ew-resize" : over ? "grab" : this.tool === "draw" ? "crosshair" : "default";
  }

  #spread() {
    const [[ax], [bx]] = [...this.touches.values()];
    return { gap: Math.max(10, Math.abs(ax - bx)), middle: (ax + bx) / 2 };
  }

  #pinch() {
    const now = this.#spread();
    const { scroll, gutter } = this.stage;
    scroll.zoom(now.gap / this.drag.spread.gap, now.middle - gutter);
    scroll.pan(this.drag.spread.middle - now.middle);
    this.drag.spread = now;
  }

  #dragHits(drag, x, y) {
    if (Math.hypot(x - drag.x, y - drag.y) <= STILL && !drag.moved) return;
    drag.moved = true;
    const { stage } = this;
    const lane = stage.laneAt(y);
    const drum = lane && lane.name !== drag.lane.name && !drag.velocity ? lane.name : null;
    const by = drag.velocity || (drum === null && Math.abs(x - drag.x) <= STILL) ? 0 : this.editor.snapped(drag.hit[TIME] + (x - drag.x) / stage.scroll.scale) - drag.hit[TIME];
    const louder = drag.velocity ? Math.round(((drag.y - y) / Math.max(20, drag.lane.h)) * 127) : 0;
    const added = drag.rows.map((row) => {
      const copy = [...row];
      copy[TIME] = Math.max(0, Math.min(stage.draft.duration, row[TIME] + by));
      copy[VELOCITY] = Math.max(1, Math.min(127, row[VELOCITY] + louder));
      if (drum) this.editor.setDrum(copy, drum);
      copy[CONFIDENCE] = 1;
      if (by) copy[6] = null;
      return copy;
    });
    const label = drag.velocity ? "Velocity" : drum ? "Change drum" : "Move";
    drag.edit = { label, removed: drag.rows, added, set: {} };
    stage.draft.preview(drag.edit);
    stage.select(drag.rows.map((row) => row[ID]));
  }

  #dragBar(drag, x) {
    if (Math.abs(x - drag.x) <= STILL && !drag.moved) return;
    drag.moved = true;
    const { draft } = this.stage;
    const map = drag.rhythm.tempo_map;
    const time = this.#time(x);
    const first = Math.abs(drag.line.quarter) < 1e-6;
    const moved = first ? shifted(map, time - drag.line.time) : withBarLineAt(map, drag.line.quarter, time);
    drag.label = first ? "Move first downbeat" : "Move bar line";
    drag.after = { ...drag.rhythm, tempo_map: moved, steady: first && drag.rhythm.steady };
    draft.preview({ label: drag.label, removed: [], added: [], set: { rhythm: [drag.rhythm, drag.after] } });
  }

  #up(event) {
    const [x, y] = this.#at(event);
    this.touches.delete(event.pointerId);
    const { drag, stage } = this;
    this.drag = null;
    if (!drag) return;
    if (drag.kind === "hits" && drag.edit) stage.draft.commit(drag.edit);
    else if (drag.kind === "bar" && drag.after) {
      stage.draft.preview(null);
      stage.draft.setRhythm(drag.after, drag.label);
    } else if (drag.kind === "lasso") this.#lassoed(drag, x, y);
    else if (drag.kind === "loop" && Math.abs(x - drag.x) <= STILL) this.editor.seek(drag.from);
    else if (drag.kind === "loop") stage.emit("loop");
    else if (drag.kind === "picture" && Math.abs(x - drag.from) <= STILL) this.editor.seek(this.#time(x));
  }

  #lassoed(drag, x, y) {
    const { stage } = this;
    stage.lasso = null;
    if (Math.hypot(x - drag.x, y - drag.y) <= STILL) {
      if (!drag.more) stage.select([]);
      this.editor.seek(this.#time(x));
      return;
    }
    const [from, to] = [x, drag.x].map((one) => this.#time(one)).sort((a, b) => a - b);
    const [high, low] = [y, drag.y].sort((a, b) => a - b);
    const lanes = stage.lanes.filter((lane) => lane.y + lane.h > high && lane.y < low);
    const inside = lanes.flatMap(({ name }) => {
      const rows = stage.draft?.lanes.get(name) ?? [];
      return rows.slice(placeOf(rows, from), placeOf(rows, to));
    });
    stage.select(inside.map((row) => row[ID]), drag.more);
  }

  #double(event) {
    const [x, y] = this.#at(event);
    const lane = this.stage.laneAt(y);
    if (lane && this.tool === "select" && !this.stage.hitAt(x, y)) this.editor.addAt(this.#time(x), lane.name);
  }

  #cancel(event) {
    this.touches.delete(event.pointerId);
    this.#cancelDrag();
  }

  #cancelDrag() {
    if (this.drag?.edit || this.drag?.after) this.stage.draft?.preview(null);
    this.stage.lasso = null;
    this.drag = null;
    this.stage.drawTop();
  }
}

const TOOLS = [["select", "Select", "V"], ["draw", "Draw", "D"], ["erase", "Erase", "E"], ["bars", "Bar lines", "B"]];

export function toolButtons(pointer, draw) {
  return el("div", { class: "group", role: "group", "aria-label": "Tools" }, TOOLS.map(([name, text, key]) => el("button", {
    "aria-pressed": String(pointer.tool === name), title: `${text} (${key})`, onclick: () => { pointer.tool = name; draw(); },
  }, text)));
}

export const toolOf = (key) => TOOLS.find(([, , own]) => own.toLowerCase() === key)?.[0];
