// A draft: the detected hits, and the edits made to them. Each edit is saved at once, and can always be undone.

import { get, post } from "./api.js";
import { note } from "./dom.js";
import { Emitter, model } from "./model.js";
import { CONFIDENCE, DRUM, ID, TIME, changed, inOrder } from "./rows.js";

const TIE = 1e-6; // as in documents.py
const SAME_S = 0.03; // two hits of a drum that are closer are one, as kits take it

export const movedThreshold = (threshold, sensitivity) => {
  const calibrated = Math.min(1 - 1e-3, Math.max(1e-3, threshold));
  return 1 / (1 + Math.exp(-(Math.log(calibrated / (1 - calibrated)) + 8 * (0.5 - sensitivity))));
};

// Readings are kept once, in the edit that found them: the rhythm of an hour has many beats.
const withoutReadings = (rhythm) => {
  if (!rhythm) return rhythm;
  const { readings, ...alone } = rhythm;
  return alone;
};

export class Draft extends Emitter {
  static async load(id) {
    await Draft.#allSaved; // edits on their way belong to it
    return new Draft(await get(`drafts/${id}`));
  }

  static #allSaved = Promise.resolve();

  constructor(data) {
    super();
    Object.assign(this, { id: data.id, song: data.song, label: data.label, model: data.model, kit: data.kit });
    Object.assign(this, { duration: data.duration, thresholds: data.thresholds, candidates: data.rows, facts: data.facts, ownSounds: data.own_sounds });
    this.edits = data.edits;
    this.revision = data.revision; // of the server: a change that another page made first is not written over
    this.position = 0;
    this.rhythm = data.rhythm;
    this.heard = data.rhythm;
    this.sensitivity = {};
    this.rows = new Map(data.rows.filter((row) => this.#isPicked(row, 0.5)).map((row) => [row[ID], row]));
    while (this.position < data.position) this.#do(this.edits[this.position]);
    this.saved = Promise.resolve();
    this.unsaved = 0;
  }

  get previewing() { return this.#shown !== null; }
  get canUndo() { return this.position > 0; }
  get canRedo() { return this.position < this.edits.length; }

  // All rows in order of time; and those of each drum.
  get ordered() {
    this.#ordered ??= [...this.rows.values()].sort(inOrder);
    return this.#ordered;
  }

  get lanes() {
    if (!this.#lanes) {
      this.#lanes = new Map();
      for (const row of this.ordered) {
        if (!this.#lanes.has(row[DRUM])) this.#lanes.set(row[DRUM], []);
        this.#lanes.get(row[DRUM]).push(row);
      }
    }
    return this.#lanes;
  }

  newId() {
    const used = [this.candidates.length, ...this.edits.flatMap((edit) => edit.added.map((row) => row[ID] + 1)), ...[...this.rows.keys()].map((id) => id + 1)];
    return used.reduce((most, id) => Math.max(most, id), 0);
  }

  add(rows, label = "Add") {
    return this.commit({ label, removed: [], added: rows, set: {} });
  }

  remove(ids, label = "Delete") {
    return this.commit({ label, removed: ids.map((id) => this.rows.get(id)).filter(Boolean), added: [], set: {} });
  }

  // Changes rows: `change` takes a row and gives its columns that change.
  change(ids, label, change) {
    const removed = ids.map((id) => this.rows.get(id)).filter(Boolean);
    return this.commit({ label, removed, added: removed.map((row) => changed(row, change(row))), set: {} });
  }

  // All readings of the last detected rhythm, the likeliest first.
  get readings() {
    const found = this.edits.slice(0, this.position).map((edit) => edit.set.rhythm?.[1]).filter((rhythm) => rhythm?.readings);
    return (found.pop() ?? this.heard)?.readings ?? [];
  }

  // Uses one of the readings.
  read(i) {
    const { probability, relation, ...reading } = this.readings[i];
    return this.#toRhythm({ ...reading, reading: i }, i ? `Use the reading: ${relation}` : "Use the likeliest reading");
  }

  // Sets a newly detected rhythm, with its readings.
  found(rhythm) {
    return this.#toRhythm(rhythm, "Find the tempo");
  }

  // Sets a rhythm by hand. The detected readings can still be chosen.
  setRhythm(rhythm, label) {
    return this.#toRhythm({ ...withoutReadings(rhythm), reading: this.rhythm?.reading ?? 0, altered: true }, label);
  }

  #toRhythm(rhythm, label) {
    const placed = [...this.rows.values()].filter((row) => row[6] !== null); // places in quarters of the old rhythm
    const added = placed.map((row) => changed(row, { 6: null }));
    return this.commit({ label, removed: placed, added, set: { rhythm: [withoutReadings(this.rhythm), rhythm] } });
  }

  // The edit that selects one instrument's hits again at a sensitivity; corrections by hand stay.
  picking(instrument, sensitivity) {
    const touched = this.#touched();
    const removed = [];
    const added = [];
    for (const row of this.candidates) {
      if (model.instrumentOf(row[DRUM]) !== instrument || touched.has(row[ID])) continue;
      const wanted = this.#isPicked(row, sensitivity);
      if (wanted && !this.rows.has(row[ID])) added.push(row);
      if (!wanted && this.rows.has(row[ID])) removed.push(this.rows.get(row[ID]));
    }
    const after = { ...this.sensitivity, [instrument]: sensitivity };
    return { label: `Sensitivity of ${instrument}`, removed, added, set: { sensitivity: [this.sensitivity, after] } };
  }

  // The same for a draft with a kit, from rows of a new transcription at all these sensitivities, of which one is new.
  pickingAnew(heard, instrument, after) {
    const touched = this.#touched();
    const place = (row, by = 0) => `${row[DRUM]} ${Math.round(row[TIME] / SAME_S) + by}`;
    const byHand = new Set(this.#editedRows().flatMap((row) => [-1, 0, 1].map((by) => place(row, by))));
    const here = new Map([...this.rows.values()].filter((row) => !touched.has(row[ID])).map((row) => [`${row[DRUM]} ${row[TIME].toFixed(4)}`, row]));
    const added = [];
    for (const row of heard) {
      if (here.delete(`${row[DRUM]} ${row[TIME].toFixed(4)}`) || byHand.has(place(row))) continue;
      added.push(changed(row, { [ID]: this.newId() + added.length }));
    }
    return { label: `Sensitivity of ${instrument}`, removed: [...here.values()], added, set: { sensitivity: [this.sensitivity, after] } };
  }

  // Shows an edit without keeping it; null shows what is kept again.
  preview(edit) {
    if (this.#shown) this.#unset(this.#shown);
    this.#shown = edit;
    if (edit) this.#set(edit);
    this.#tell();
  }

  commit(edit) {
    this.preview(null);
    if (!edit.removed.length && !edit.added.length && !Object.keys(edit.set).length) return edit;
    this.edits.length = this.position;
    this.edits.push(edit);
    this.#do(edit);
    this.#save("edits", { edit });
    this.#tell();
    return edit;
  }

  undo() {
    this.preview(null);
    if (!this.canUndo) return null;
    this.position -= 1;
    const edit = this.edits[this.position];
    this.#unset(edit);
    this.#save("position", { position: this.position });
    this.#tell();
    return edit;
  }

  redo() {
    this.preview(null);
    if (!this.canRedo) return null;
    const edit = this.edits[this.position];
    this.#do(edit);
    this.#save("position", { position: this.position });
    this.#tell();
    return edit;
  }

  #ordered = null;
  #lanes = null;
  #shown = null;

  #isPicked(row, sensitivity) {
    const threshold = this.thresholds?.[model.instrumentOf(row[DRUM])];
    return threshold === undefined || row[CONFIDENCE] >= movedThreshold(threshold, sensitivity) - TIE;
  }

  // Candidates that were corrected by hand, in edits that count.
  #touched() {
    return new Set(this.#editedRows().map((row) => row[ID]));
  }

  // All rows, as they were and as they became, of edits by hand.
  #editedRows() {
    const counted = this.edits.slice(0, this.position).filter((edit) => !edit.set.sensitivity);
    return counted.flatMap((edit) => [...edit.removed, ...edit.added]);
  }

  #do(edit) {
    this.#set(edit);
    this.position += 1;
  }

  #set(edit) {
    for (const row of edit.removed) this.rows.delete(row[ID]);
    for (const row of edit.added) this.rows.set(row[ID], row);
    if (edit.set.rhythm) [, this.rhythm] = edit.set.rhythm;
    if (edit.set.sensitivity) [, this.sensitivity] = edit.set.sensitivity;
    this.#ordered = this.#lanes = null;
  }

  #unset(edit) {
    for (const row of edit.added) this.rows.delete(row[ID]);
    for (const row of edit.removed) this.rows.set(row[ID], row);
    if (edit.set.rhythm) [this.rhythm] = edit.set.rhythm;
    if (edit.set.sensitivity) [this.sensitivity] = edit.set.sensitivity;
    this.#ordered = this.#lanes = null;
  }

  #tell() {
    this.emit("change");
  }

  // Saves one change after another, in order; none after one that failed, on which it is based.
  #save(what, change) {
    this.unsaved += 1;
    const send = async () => {
      if (this.failed) throw this.failed;
      this.revision = (await post(`drafts/${this.id}/${what}`, { revision: this.revision, ...change })).revision;
    };
    this.saved = this.saved.then(send).then(
      () => { this.unsaved -= 1; this.emit("saved"); },
      (error) => {
        this.failed = error;
        note(`Not saved: ${error.message}`, "error");
        this.emit("saved");
      },
    );
    Draft.#allSaved = Promise.all([Draft.#allSaved, this.saved]);
  }
}

export const unsureFirst = (rows) => [...rows].sort((a, b) => a[CONFIDENCE] - b[CONFIDENCE] || a[TIME] - b[TIME]);
