// The inspector: selection, sensitivity, tempo, quantisation, export, drafts.

import { get, post } from "./api.js";
import { attempt, choice, el, field, latest, note, refill, say, swatch, words } from "./dom.js";
import { exportPanel, draftPanel } from "./files.js";
import { model } from "./model.js";
import { CONFIDENCE, DRUM, ID, VELOCITY } from "./rows.js";
import { byBeats, faster, readingList } from "./readings.js";
import { tempoText } from "./tempo.js";

const GRIDS = ["1/4", "1/8", "1/16", "1/32", "1/8t", "1/16t", "1/8+1/8t", "1/16+1/8t"];

export class Inspector {
  quantising = { grid: "1/16", strength: 1, swing: "", window: "", smoothing: 0 };

  constructor(view) {
    this.view = view;
    this.node = el("aside", { class: "inspector", "aria-label": "Inspector" });
    this.opened = new Set(["Hits", "Sensitivity", "Tempo", "Export"]);
    model.on("kits", () => this.redraw("Draft"));
    this.draw();
  }

  get draft() { return this.view.stage.draft; }
  get editor() { return this.view.editor; }

  draw() {
    if (!this.view.stage.song) { this.node.replaceChildren(el("div", { class: "body hint" }, el("p", {}, "Here you correct the hits, set the tempo, and save files."))); return; }
    const panels = this.draft ? [
      ["Hits", () => this.#hits()], ["Sensitivity", () => this.#sensitivity()], ["Tempo", () => this.#tempo()],
      ["Quantise", () => this.#quantise()], ["Export", () => exportPanel(this.view)],
    ] : [];
    this.asked = { model: this.draft?.facts?.model ?? "", kit: "", percussion: false, tempo: "", meter: "" };
    panels.push(["Draft", () => draftPanel(this.view, this.asked)]);
    this.bodies = new Map();
    this.node.replaceChildren(...panels.map(([name, make]) => this.#panel(name, make)));
  }

  // The selection or the draft has changed.
  selected() {
    if (!this.draft || !this.bodies || this.draft.previewing) return;
    const changed = this.draft.sensitivity !== this.#drawn ? ["Sensitivity"] : [];
    this.redraw("Hits", "Tempo", ...changed);
    if (this.apply) this.apply.disabled = !this.view.stage.ghosts?.length;
  }

  // Redraws some of the panels; the user's work in the others is not disturbed.
  redraw(...names) {
    for (const name of names) {
      const part = this.bodies?.get(name);
      if (part) refill(part.body, part.make());
    }
  }

  #drawn = null;

  #panel(name, make) {
    const body = el("div", { class: "body" }, make());
    this.bodies.set(name, { body, make });
    const panel = el("details", { open: this.opened.has(name) }, el("summary", {}, name), body);
    panel.addEventListener("toggle", () => { if (panel.open) this.opened.add(name); else this.opened.delete(name); });
    return panel;
  }

  #hits() {
    const rows = this.view.stage.selectedRows();
    const unsure = this.editor.unsure.length;
    const review = el("div", { class: "row" }, el("button", { class: "main", disabled: !unsure, onclick: () => this.editor.nextUnsure() }, `Next unsure (${unsure})`));
    const lanes = [...this.draft.lanes.keys()];
    const pick = el("div", { class: "row" },
      choice("Select a drum", [["", "\u2014"], ...lanes.map((name) => [name, words(name)])], "", (name) => this.editor.selectWhere((row) => row[DRUM] === name)),
      choice("Confidence below", [["", "\u2014"], ["0.5", "50 %"], ["0.7", "70 %"], ["0.9", "90 %"]], "", (value) => this.editor.selectWhere((row) => row[CONFIDENCE] < Number(value))));
    if (!rows.length) return [review, pick, el("p", { class: "hint" }, "Click a hit, or drag a lasso around some. Double-click in a lane adds one.")];
    const drums = new Set(rows.map((row) => row[DRUM]));
    const drum = drums.size === 1 ? rows[0][DRUM] : "";
    const known = model.drums.map((one) => [one.name, words(one.name)]);
    const own = lanes.filter((name) => !model.drumByName.has(name)).map((name) => [name, name]);
    const velocity = Math.round(rows.reduce((sum, row) => sum + row[VELOCITY], 0) / rows.length);
    const slider = el("input", { type: "range", min: 1, max: 127, value: velocity, "aria-label": "Velocity", onchange: (event) => this.editor.setVelocity(Number(event.target.value)) });
    return [
      el("p", {}, el("b", {}, rows.length), rows.length === 1 ? " hit" : " hits"),
      choice("Drum", [...(drum ? [] : [["", "several"]]), ...known, ...own], drum, (name) => name && (model.drumByName.has(name) ? this.editor.toDrum(name) : this.editor.toOwn(name))),
      el("div", { class: "slider" }, "Velocity", slider, el("output", {}, velocity)),
      el("div", { class: "row" }, el("button", { onclick: () => this.editor.keepAndGoOn() }, "Right, next"), el("button", { onclick: () => this.editor.remove() }, "Delete"),
        el("button", { onclick: () => this.#teach(drums), title: "Make a kit that learns these drums from this song" }, "Teach these")),
      this.#ownSound(), review, pick,
    ];
  }

  // "These are my clap": gives the selection a name of the player's own.
  #ownSound() {
    const name = el("input", { type: "text", placeholder: "such as clap", maxlength: 40 });
    const set = () => { if (name.value.trim()) this.editor.toOwn(name.value.trim().toLowerCase()); };
    return el("div", { class: "row" }, field("These are my own sound", name), el("button", { onclick: set }, "Name"));
  }

  // "These are my snare": opens the Teach page with the drums of the selection.
  #teach(drums) {
    model.toTeach = drums;
    window.location.hash = "teach";
  }

  #sensitivity() {
    this.#drawn = this.draft.sensitivity;
    const byKit = !this.draft.thresholds;
    const sliders = [...model.instruments, ...this.draft.ownSounds].map((instrument) => {
      const value = this.draft.sensitivity[instrument] ?? 0.5;
      const shown = el("output", {}, value.toFixed(2));
      const show = (event) => {
        shown.textContent = Number(event.target.value).toFixed(2);
        if (!byKit) this.draft.preview(this.draft.picking(instrument, Number(event.target.value)));
      };
      const keep = (event) => {
        if (byKit) { this.#hearAnew(instrument, Number(event.target.value)); return; }
        this.draft.preview(null);
        this.draft.commit(this.draft.picking(instrument, Number(event.target.value)));
        say(`${this.draft.rows.size} hits`);
      };
      const input = el("input", { type: "range", min: 0, max: 1, step: 0.02, value, "aria-label": `Sensitivity of ${words(instrument)}`, oninput: show, onchange: keep });
      return el("div", { class: "slider" }, el("span", {}, swatch(instrument), words(instrument)), input, shown);
    });
    this.listening = el("p", { class: "hint", role: "status" }, byKit ? "With a kit, the song is transcribed again when you let go. Your corrections stay." : "Further right finds more hits, and more false ones. Your corrections stay.");
    return [...sliders, this.listening];
  }

  // With a kit, another sensitivity needs a new transcription, whose hits replace those that were not corrected.
  // If a slider moves meanwhile, the song is transcribed once more, with all new values.
  async #hearAnew(instrument, value) {
    const { draft } = this;
    if (this.wanted?.draft !== draft) this.wanted = { draft, sensitivity: { ...draft.sensitivity } };
    const sensitivity = this.wanted.sensitivity = { ...this.wanted.sensitivity, [instrument]: value };
    this.listening.textContent = "Transcribing \u2026";
    const heard = await this.#anew(() => this.#hear(draft, sensitivity));
    this.wanted = null;
    const here = this.#asShown(draft);
    if (heard) here.commit(here.pickingAnew(heard.rows, instrument, sensitivity));
    if (here !== this.draft) return;
    if (!heard) this.redraw("Sensitivity"); // the slider goes back
    this.listening.textContent = heard ? `${here.rows.size} hits` : "The hits stay the same.";
    if (heard) say(`${here.rows.size} hits`);
  }

  async #hear(draft, sensitivity) {
    await draft.saved;
    const job = await post(`drafts/${draft.id}/repick`, { sensitivity });
    const ended = await model.endOf(job.id);
    if (ended.state === "failed") throw new Error(ended.message);
    return ended.state === "done" ? get(`drafts/${draft.id}/repick/${job.id}`) : null;
  }

  #anew = latest();

  #tempo() {
    const { draft } = this;
    const { rhythm } = draft;
    const map = rhythm?.tempo_map;
    const tempo = el("input", { type: "number", min: 20, max: 400, step: 0.1, value: this.tapped?.toFixed(1) ?? "" });
    this.tempoField = tempo;
    const meter = el("input", { type: "text", placeholder: map ? `${map.meters[0][1]}/${map.meters[0][2]}` : "4/4" });
    const find = () => this.#find(tempo, meter);
    const listed = readingList(draft); // which says how likely each is
    const sure = !map || (listed && !rhythm.altered) ? "" : rhythm.altered ? " by hand" : ` ${Math.round(100 * rhythm.confidence)} % sure`;
    return [
      el("p", { class: "big" }, tempoText(rhythm), el("small", {}, sure)),
      rhythm?.remark ? el("p", { class: "hint" }, rhythm.remark) : null,
      el("div", { class: "row" },
        faster(draft, 2, "Twice"), faster(draft, 0.5, "Half"), el("button", { onclick: () => this.tap(), title: "T" }, "Tap")),
      el("div", { class: "row level" }, "Shift bars a beat", byBeats(draft, -1), byBeats(draft, 1)),
      listed,
      el("div", { class: "row" }, field("Approximate BPM", tempo), field("Meter", meter)),
      el("div", { class: "row" }, el("button", { onclick: find }, "Find again"), el("button", { onclick: () => Number(tempo.value) >= 20 && this.editor.steadyTempo(Number(tempo.value)) }, "Set exactly")),
      el("p", { class: "hint" }, "With the tool Bar lines, drag the first downbeat to shift all bars, or another line to move it alone."),
    ].filter(Boolean);
  }

  async #find(tempo, meter) {
    const { draft } = this;
    const wanted = { tempo: Number(tempo.value) || null, meter: meter.value.trim() || null };
    await draft.saved;
    const found = await this.#found(() => post(`drafts/${draft.id}/rhythm`, wanted));
    if (found) this.#asShown(draft).found(found.rhythm);
  }

  #found = latest();

  // The draft on the stage, which may have been reopened meanwhile.
  #asShown(draft) {
    return this.draft?.id === draft.id ? this.draft : draft;
  }

  tap() {
    const tempo = this.editor.tap();
    if (!tempo) { say("tap"); return; }
    this.tapped = tempo;
    if (this.tempoField?.isConnected) this.tempoField.value = tempo.toFixed(1);
  }

  #quantise() {
    const { quantising } = this;
    const number = (label, name, placeholder, factor, props = {}) => field(label, el("input", {
      type: "number", placeholder, value: quantising[name] === "" ? "" : quantising[name] / factor, ...props,
      onchange: (event) => { quantising[name] = event.target.value === "" ? "" : Number(event.target.value) * factor; },
    }));
    this.report = el("p", { class: "hint" }, "Flams and rolls are kept; swing stays as it is played unless you set it.");
    this.apply = el("button", { class: "main", disabled: true, onclick: () => this.#applyQuantising() }, "Apply");
    return [
      choice("Grid", GRIDS, quantising.grid, (grid) => { quantising.grid = grid; }),
      el("div", { class: "row" }, number("Strength, %", "strength", "100", 0.01, { min: 0, max: 100 }), number("Swing, %", "swing", "as played", 0.01, { min: 50, max: 75 })),
      el("div", { class: "row" }, number("Within, ms", "window", "any", 0.001, { min: 0 }), number("Even velocities, %", "smoothing", "0", 0.01, { min: 0, max: 100 })),
      el("div", { class: "row" }, el("button", { onclick: () => this.#preview() }, "Preview"), this.apply),
      this.report,
    ];
  }

  // A preview shows the current hits: if they are edited before it comes, it is requested again.
  async #preview() {
    const { draft } = this;
    await draft.saved;
    const before = draft.ordered;
    const found = await this.#previewed(() => post(`drafts/${draft.id}/quantise`, this.quantising));
    if (!found || draft !== this.draft) return;
    if (draft.ordered !== before) { this.#preview(); return; }
    this.view.stage.ghosts = found.rows;
    this.view.stage.redraw();
    this.report.textContent = `${found.report}. Green is where hits would go.`;
    this.apply.disabled = !found.rows.length;
  }

  #previewed = latest();

  #applyQuantising() {
    const moved = this.view.stage.ghosts;
    this.draft.commit({ label: "Quantise", removed: moved.map((row) => this.draft.rows.get(row[ID])), added: moved, set: {} });
    note(`${moved.length} hits quantised`);
  }
}

