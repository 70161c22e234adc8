// Actions on a draft, for the pointer, the keys and the inspector.

import { note, say, words } from "./dom.js";
import { unsureFirst } from "./draft.js";
import { model } from "./model.js";
import { CONFIDENCE, DRUM, ID, NOTE, QUARTER, TIME, VELOCITY, placeOf } from "./rows.js";
import { barAround, beatsBetween, positionOf, steady } from "./tempo.js";

export class Editor {
  snap = false;
  reviewed = new Set();
  taps = [];
  lastDrum = "snare";

  constructor(stage, player) {
    Object.assign(this, { stage, player });
  }

  get draft() { return this.stage.draft; }
  get chosen() { return this.stage.selectedRows(); }

  seek(time) {
    this.player.seek(time);
    this.stage.playhead = time;
    this.stage.drawTop();
    this.stage.emit("seek");
  }

  // The nearest sixteenth to a time, if snapping is on.
  snapped(time) {
    const map = this.draft?.rhythm?.tempo_map;
    if (!this.snap || !map) return time;
    const beats = beatsBetween(map, Math.max(0, time - 4), time + 4).map((beat) => beat.time);
    let best = time;
    let least = Infinity;
    for (let i = 0; i + 1 < beats.length; i += 1) {
      for (let part = 0; part < 4; part += 1) {
        const line = beats[i] + ((beats[i + 1] - beats[i]) * part) / 4;
        if (Math.abs(line - time) < least) [least, best] = [Math.abs(line - time), line];
      }
    }
    return best;
  }

  addAt(time, drum = this.lastDrum) {
    if (!this.draft || !drum) return;
    const kin = this.draft.lanes.get(drum)?.[0];
    const row = [this.draft.newId(), this.snapped(time), drum, 96, 1, kin ? kin[NOTE] : null, null];
    this.draft.add([row]);
    this.lastDrum = drum;
    this.stage.select([row[ID]]);
    this.player.preview(row);
    this.sayHit(row);
  }

  setDrum(row, drum) {
    row[DRUM] = drum;
    row[NOTE] = this.draft.lanes.get(drum)?.[0]?.[NOTE] ?? null;
  }

  remove() {
    const ids = [...this.stage.selected];
    if (ids.length) this.draft.remove(ids);
    say(`${ids.length} deleted`);
  }

  nudge(seconds) {
    this.#change("Move", (row) => ({ [TIME]: Math.max(0, Math.min(this.draft.duration, row[TIME] + seconds)), [QUARTER]: null, [CONFIDENCE]: 1 }));
  }

  louder(by) {
    this.#change("Velocity", (row) => ({ [VELOCITY]: Math.max(1, Math.min(127, row[VELOCITY] + by)), [CONFIDENCE]: 1 }));
  }

  setVelocity(value) {
    this.#change("Velocity", () => ({ [VELOCITY]: value, [CONFIDENCE]: 1 }));
  }

  toDrum(drum) {
    this.lastDrum = drum;
    const note_ = this.draft?.lanes.get(drum)?.[0]?.[NOTE] ?? null;
    this.#change(`To ${words(drum)}`, () => ({ [DRUM]: drum, [NOTE]: note_, [CONFIDENCE]: 1 }));
  }

  // Changes hits to a player's own sound. It needs a note: a free one, or that of its existing hits.
  toOwn(name) {
    const used = new Set([...model.drums.map((drum) => drum.note), ...this.draft.ordered.map((row) => row[NOTE])]);
    const kin = this.draft.lanes.get(name)?.[0];
    const free = kin?.[NOTE] ?? Array.from({ length: 67 }, (_, i) => 60 + i).find((one) => !used.has(one));
    this.#change(`To ${name}`, () => ({ [DRUM]: name, [NOTE]: free, [CONFIDENCE]: 1 }));
  }

  confirm() {
    this.#change("Confirm", () => ({ [CONFIDENCE]: 1 }));
  }

  #change(label, change) {
    if (!this.draft || !this.stage.selected.size) return;
    this.draft.change([...this.stage.selected], label, change);
    const [first] = this.chosen;
    if (this.chosen.length === 1) this.sayHit(first);
  }

  // The next or the previous hit, in the soloed lanes, or in all.
  step(by) {
    const rows = this.draft?.ordered.filter((row) => !this.stage.solo.size || this.stage.solo.has(row[DRUM])) ?? [];
    if (!rows.length) return;
    const [now] = this.chosen;
    const at = now ? rows.findIndex((row) => row[ID] === now[ID]) + by : placeOf(rows, this.stage.playhead) - (by < 0 ? 1 : 0);
    this.goTo(rows[Math.max(0, Math.min(rows.length - 1, at))]);
  }

  goTo(row) {
    this.stage.select([row[ID]]);
    this.stage.scroll.reveal(row[TIME]);
    this.stage.playhead = row[TIME];
    if (!this.player.playing) this.player.position = row[TIME];
    this.stage.emit("seek");
    this.sayHit(row);
  }

  get unsure() {
    const rows = unsureFirst(this.draft?.ordered ?? []);
    return rows.filter((row) => row[CONFIDENCE] < 0.85 && !this.reviewed.has(row[ID]));
  }

  // The hit of lowest confidence that was not reviewed yet.
  nextUnsure() {
    const [row] = this.unsure;
    if (!row) { note("No unsure hits are left."); return; }
    this.reviewed.add(row[ID]);
    if (this.stage.scroll.scale < 150) this.stage.scroll.set(row[TIME] - 1.5, 220);
    this.goTo(row);
    this.player.play(Math.max(0, row[TIME] - 0.6), row[TIME] + 1.3);
  }

  // The error of a comparison that comes after the playhead, or else the first.
  nextError() {
    const { errors } = this.stage;
    const times = errors ? [...errors.missing, ...errors.false].map(([time]) => time).sort((a, b) => a - b) : [];
    const time = times.find((one) => one > this.stage.playhead + 0.001) ?? times[0];
    if (time === undefined) return;
    this.stage.scroll.reveal(time, 0.3);
    this.seek(time);
  }

  keepAndGoOn() {
    this.confirm();
    this.nextUnsure();
  }

  selectWhere(test) {
    this.stage.select((this.draft?.ordered ?? []).filter(test).map((row) => row[ID]));
    say(`${this.stage.selected.size} hits selected`);
  }

  undo() {
    const edit = this.draft?.undo();
    if (edit) say(`Undone: ${edit.label}`);
  }

  redo() {
    const edit = this.draft?.redo();
    if (edit) say(`Redone: ${edit.label}`);
  }

  loopBar() {
    const map = this.draft?.rhythm?.tempo_map;
    if (this.stage.loop) this.stage.loop = null;
    else if (map) this.stage.loop = barAround(map, this.player.now());
    else note("In free time there are no bars: drag along the ruler to loop a passage.");
    this.stage.emit("loop");
    this.stage.drawTop();
  }

  // Taps on a key: the tempo of the last ones, once there are four.
  tap() {
    const now = performance.now();
    if (this.taps.length && now - this.taps[this.taps.length - 1] > 2500) this.taps = [];
    this.taps = [...this.taps.slice(-15), now];
    if (this.taps.length < 4) return null;
    return (60000 * (this.taps.length - 1)) / (now - this.taps[0]);
  }

  steadyTempo(tempo) {
    const before = this.draft.rhythm;
    const first = before?.tempo_map ? before.tempo_map.seconds[0] - ((before.tempo_map.quarters[0] * 60) / tempo) : this.draft.ordered[0]?.[TIME] ?? 0;
    const tempo_map = steady(tempo, first, before?.tempo_map?.meters[0]);
    this.draft.setRhythm({ confidence: 1, steady: true, remark: "", tempo_map }, "Tempo by hand");
  }

  sayHit(row) {
    const map = this.draft?.rhythm?.tempo_map;
    const where = map ? positionOf(map, row[TIME]) : `${row[TIME].toFixed(3)} seconds`;
    say(`${words(row[DRUM])}, ${where}, velocity ${row[VELOCITY]}, confidence ${Math.round(100 * row[CONFIDENCE])} percent`);
  }
}

