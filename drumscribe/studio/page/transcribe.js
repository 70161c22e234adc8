// The transcribing view: songs at the side, the stage with its transport, the inspector.

import { post } from "./api.js";
import { attempt, clock, el, field, latest, note, refill, words } from "./dom.js";
import { Draft } from "./draft.js";
import { Editor } from "./editor.js";
import { Inspector } from "./inspector.js";
import { onKey } from "./keys.js";
import { model } from "./model.js";
import { Player } from "./player.js";
import { Pointer, toolButtons } from "./pointer.js";
import { CONFIDENCE, DRUM, TIME, VELOCITY } from "./rows.js";
import { SongList } from "./songs.js";
import { Stage } from "./stage.js";
import { positionOf } from "./tempo.js";

const REMEMBERED = "drumscribe-place";

export class Transcribing {
  constructor() {
    this.stage = new Stage();
    this.player = new Player();
    this.editor = new Editor(this.stage, this.player);
    this.pointer = new Pointer(this.stage, this.editor);
    this.songs = new SongList((id) => this.choose(id));
    this.inspector = new Inspector(this);
    this.transport = el("div", { class: "transport", role: "group", "aria-label": "Playing" });
    this.status = el("div", { class: "status" });
    this.empty = el("div", { class: "empty" });
    this.stage.node.append(this.empty);
    const stage = el("section", { class: "stage", "aria-label": "Stage" }, this.transport, this.stage.node, this.status);
    this.node = el("div", { class: "transcribe" }, this.songs.node, stage, this.inspector.node);
    this.#listen();
    this.drawTransport();
    this.#drawStatus();
    this.#drawEmpty();
    this.#reopen();
  }

  show(song, draft) {
    if (song) this.choose(Number(song), draft ? Number(draft) : null);
  }

  // Opens the user's chosen song, and moves the focus to its stage.
  async choose(id, draft = null) {
    this.songs.node.classList.remove("unfolded");
    this.stage.top.focus({ preventScroll: true });
    await this.open(id, draft);
  }

  // Opens a song, with one of its drafts or its newest. A call that a later one overtakes shows nothing, and never ends.
  async open(id, draft = null) {
    if (!model.songs.has(id)) return;
    const underway = this.songs.current === id ? this.#opening : null;
    this.songs.current = id;
    this.songs.draw();
    const { drafts } = model.songs.get(id);
    const wanted = draft ?? underway ?? placeIn(id).draft;
    const chosen = drafts.find((one) => one.id === wanted) ?? drafts[drafts.length - 1];
    this.#opening = chosen?.id ?? null;
    const { draft: shown } = this.stage;
    const kept = chosen && chosen.id === shown?.id && !shown.failed;
    const loaded = await this.#load(() => (kept ? shown : chosen && Draft.load(chosen.id)));
    this.#opening = null;
    const song = model.songs.get(id); // as it is by now
    if (!song) return;
    this.#show(song, loaded ?? null);
    if (!chosen && !model.jobOf(id)) await attempt(() => post(`songs/${id}/hear`, {}));
  }

  // Shows the draft of a transcription job, unless another song is open by then.
  async follow(job) {
    model.know(job);
    const { state, result } = await model.endOf(job.id);
    if (state !== "done" || this.songs.current !== job.song) return;
    if (result.draft !== (this.#opening ?? this.stage.draft?.id)) await this.open(job.song, result.draft);
  }

  #load = latest();
  #opening = null; // the draft that is being loaded

  // Puts a song and its draft on the stage, at the last position of the user; or clears the stage.
  #show(song, draft) {
    const other = this.stage.song?.id !== song?.id;
    if (draft !== this.stage.draft) draft?.on("saved", () => this.#drawStatus());
    this.player.show(song, draft);
    this.stage.show(song, draft);
    if (song && other) {
      const place = placeIn(song.id);
      if (place.scale) this.stage.scroll.set(place.start, place.scale);
      this.player.position = this.stage.playhead = place.playhead ?? 0;
    }
    this.#keepPlace();
    this.node.classList.toggle("has-song", Boolean(song));
    this.songs.draw();
    this.inspector.draw();
    this.drawTransport();
    this.#drawStatus();
    this.#drawEmpty();
  }

  setSpeed(speed) {
    this.player.speed = speed;
    this.player.again();
    this.drawTransport();
  }

  toggleMetronome() {
    this.player.metronome = !this.player.metronome;
    this.player.again();
    this.drawTransport();
  }

  drawTransport() {
    const { player, editor, stage } = this;
    const toggle = (text, on, act, title) => el("button", { "aria-pressed": String(on), title, onclick: act, "data-key": text }, text);
    this.clock = el("div", { class: "time" });
    const kinds = [["drums", "Drums"], ["clicks", "Clicks"]].map(([value, text]) => el("option", { value, selected: player.kind === value }, text));
    refill(this.transport,
      el("button", { class: "main round", "data-key": "play", "aria-label": player.playing ? "Pause" : "Play", title: "Space", onclick: () => player.toggle() }, player.playing ? "\u275a\u275a" : "\u25b6"),
      this.clock,
      field("Recording \u2194 hits", el("input", { type: "range", min: 0, max: 1, step: 0.01, value: player.balance, "aria-label": "Balance of recording and hits", oninput: (event) => { player.balance = Number(event.target.value); player.setMix(); } })),
      el("div", { class: "group" },
        el("select", { "aria-label": "Hits sound as", onchange: (event) => { player.kind = event.target.value; player.again(); } }, kinds),
        toggle("L/R", player.apart, () => { player.apart = !player.apart; player.setMix(); this.drawTransport(); }, "Recording left, hits right"),
        toggle("Click", player.metronome, () => this.toggleMetronome(), "Metronome on the beats (M)"),
        toggle("\u00bd", player.speed === 0.5, () => this.setSpeed(player.speed === 1 ? 0.5 : 1), "Half speed, same pitch (H)"),
        toggle("Loop", Boolean(stage.loop), () => editor.loopBar(), "Loop this bar (L)")),
      toolButtons(this.pointer, () => this.drawTransport()),
      el("div", { class: "group" },
        toggle("Snap", editor.snap, () => { editor.snap = !editor.snap; this.drawTransport(); }, "Snap moves to sixteenths"),
        el("button", { "aria-label": "Undo", title: "Undo (Ctrl Z)", disabled: !stage.draft?.canUndo, onclick: () => editor.undo(), "data-key": "undo" }, "\u21b6"),
        el("button", { "aria-label": "Redo", title: "Redo (Ctrl Shift Z)", disabled: !stage.draft?.canRedo, onclick: () => editor.redo(), "data-key": "redo" }, "\u21b7"),
        el("button", { "aria-label": "Zoom out", onclick: () => stage.scroll.zoom(1 / 1.6), "data-key": "out" }, "\u2212"),
        el("button", { "aria-label": "Zoom in", onclick: () => stage.scroll.zoom(1.6), "data-key": "in" }, "+"),
        el("button", { title: "Whole song (F)", onclick: () => stage.scroll.fit(), "data-key": "fit" }, "Fit")));
    this.#clockText = null;
    this.#drawClock();
  }

  #drawClock() {
    const now = this.player.now();
    const map = this.stage.draft?.rhythm?.tempo_map;
    const where = map ? positionOf(map, now) : "";
    if (this.#clockText === `${now.toFixed(2)}${where}`) return;
    this.#clockText = `${now.toFixed(2)}${where}`;
    this.clock.replaceChildren(el("b", {}, clock(now, 2)), el("small", {}, where || "\u00a0"));
  }

  #clockText = "";

  #listen() {
    const { stage, player } = this;
    document.addEventListener("keydown", (event) => {
      if (!this.node.isConnected) return;
      onKey(event, { stage, editor: this.editor, player, pointer: this.pointer, view: this });
    });
    player.on("state", () => { this.drawTransport(); this.#follow(); });
    stage.on("select", () => { this.#drawStatus(); this.inspector.selected(); this.#drawHistory(); });
    stage.on("solo", () => { player.solo = stage.solo; player.again(); });
    stage.on("loop", () => { player.loop = stage.loop; player.again(); this.drawTransport(); });
    stage.on("seek", () => this.#drawClock());
    stage.scroll.on("change", () => this.#remember());
    window.addEventListener("pagehide", () => this.#keepPlace());
    model.on("songs", (id) => this.#songChanged(id));
    model.on("jobs", (job) => { if (job?.song === this.songs.current) this.#drawEmpty(); });
  }

  // Enables or disables undo and redo; the rest of the transport need not be redrawn.
  #drawHistory() {
    for (const [key, can] of [["undo", this.stage.draft?.canUndo], ["redo", this.stage.draft?.canRedo]]) {
      const button = this.transport.querySelector(`[data-key="${key}"]`);
      if (button) button.disabled = !can;
    }
  }

  // The open song, or one of its drafts, has been transcribed, drawn, or removed.
  #songChanged(id) {
    if (id !== this.songs.current) return;
    const song = model.songs.get(id);
    if (!song) {
      this.songs.current = null;
      this.#show(null, null);
      return;
    }
    const { draft } = this.stage;
    const shown = this.stage.song?.id === id;
    const has = (drafts, wanted) => drafts.some((one) => one.id === wanted);
    const newest = song.drafts[song.drafts.length - 1]?.id;
    const isNew = newest !== undefined && newest !== this.#opening && !(shown && has(this.stage.song.drafts, newest));
    if (isNew || (shown && draft && !this.#opening && !has(song.drafts, draft.id))) this.open(id, newest);
    else if (shown) {
      this.stage.song = song;
      if (!song.picture) this.stage.picture = null; // its file has changed
      if (song.picture && !this.stage.picture) this.stage.loadPicture();
      this.inspector.redraw("Draft");
    }
  }

  #follow() {
    const step = () => {
      this.#frame = 0;
      this.stage.playhead = this.player.now();
      this.#drawClock();
      if (!this.player.playing) { this.stage.drawTop(); return; }
      const { scroll } = this.stage;
      if (this.stage.playhead > scroll.end - 0.03 * (scroll.end - scroll.start) || this.stage.playhead < scroll.start) {
        scroll.set(this.stage.playhead - 0.05 * (scroll.end - scroll.start), scroll.scale);
      }
      this.stage.drawTop();
      this.#frame = requestAnimationFrame(step);
    };
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(step);
  }

  #frame = 0;

  #drawStatus() {
    const { draft } = this.stage;
    const chosen = draft ? this.stage.selectedRows() : [];
    const parts = [];
    if (chosen.length === 1) {
      const [row] = chosen;
      parts.push(el("span", {}, el("b", {}, words(row[DRUM])), ` at ${row[TIME].toFixed(3)} s`), el("span", {}, `velocity ${row[VELOCITY]}`), el("span", {}, `confidence ${Math.round(100 * row[CONFIDENCE])} %`));
    } else if (chosen.length) parts.push(el("span", {}, el("b", {}, chosen.length), " hits selected"));
    else if (draft) parts.push(el("span", {}, el("b", {}, draft.rows.size), " hits"), el("span", {}, `${this.editor.unsure.length} unsure`));
    const saved = !draft ? "" : draft.failed ? "Not saved" : draft.unsaved ? "Saving" : "All saved";
    this.status.replaceChildren(...parts, el("span", { class: "saved" }, saved));
  }

  #drawEmpty() {
    const song = model.songs.get(this.songs.current);
    this.empty.hidden = Boolean(this.stage.draft);
    if (!song) {
      this.empty.replaceChildren(el("h2", {}, "Drop a song, get its drums"), el("p", {}, "Recordings stay on the machine that runs this studio."), el("button", { class: "main", onclick: () => this.songs.input.click() }, "Choose recordings"));
      return;
    }
    const job = model.jobOf(song.id);
    const left = job ? model.secondsLeft(job) : null;
    const text = job?.state === "failed" ? job.message : job?.state === "cancelled" ? "Stopped" : left === null ? "Transcribing" : `Transcribing, ${Math.max(1, Math.round(left))} s left`;
    const working = job && (job.state === "running" || job.state === "waiting");
    this.empty.replaceChildren(el("h2", {}, song.name), el("p", { class: job?.state === "failed" ? "error" : "" }, text), working && el("progress", { value: job.share, max: 1, "aria-label": "Progress" }) || "");
  }

  // The position in a song is saved with a delay, because scrolling changes it often, and when the page closes.
  #remember() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#keepPlace(), 300);
  }

  #keepPlace() {
    const { scroll, song, draft } = this.stage;
    if (!song) return;
    const places = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}");
    places.last = song.id;
    places[song.id] = { start: scroll.start, scale: scroll.scale, draft: draft?.id, playhead: this.player.now() };
    localStorage.setItem(REMEMBERED, JSON.stringify(places));
  }

  #timer = 0;

  #reopen() {
    const { last } = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}");
    if (last && model.songs.has(last)) this.open(last);
  }

  // Shows the errors of a comparison, and goes to one of them.
  async showErrors(song, draft, errors, time) {
    await this.open(song, draft);
    if (this.stage.draft?.id !== draft) return;
    this.stage.errors = errors;
    if (time !== undefined) {
      this.stage.scroll.set(time - 1.5, 220);
      this.editor.seek(time);
    }
    this.stage.redraw();
    note("Rings are missing, crosses are false. N goes to the next one.");
  }
}

const placeIn = (id) => JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}")[id] ?? {};
