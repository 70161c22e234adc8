// Teaching: a kit from samples, from the microphone, or from a song that was corrected; and the results.

import { get, post, remove, send } from "./api.js";
import { attempt, choice, el, field, latest, note, refill, swatch, tick, words } from "./dom.js";
import { Recorder } from "./recorder.js";
import { filesAndFolders, ofFolder } from "./songs.js";
import { model } from "./model.js";

const NAME = /^[\p{L}\p{N} .+&#_-]{1,40}$/u;

export class Teaching {
  listed = { kits: [], samples: {} };

  constructor(views) {
    this.views = views;
    this.kit = "mine";
    this.sound = "snare";
    this.only = false;
    this.chosen = new Map(); // the sounds of a draft that are learned
    this.recorder = new Recorder();
    this.samplesCard = el("section", { class: "card", "data-own-drop": "", "aria-label": "Samples" });
    this.songCard = el("section", { class: "card", "aria-label": "From a song" });
    this.outcomeCard = el("section", { class: "card across", "aria-live": "polite", "aria-label": "What was learned" });
    this.kitsCard = el("section", { class: "card across", "aria-label": "Kits" });
    this.node = el("div", { class: "page" },
      el("header", {}, el("h2", {}, "Teach it your sounds"), el("p", {}, "Three strokes of a sound are enough to begin with, ten are plenty. A kit is kept only if it detects your sounds better than the model alone.")),
      el("div", { class: "cards" }, this.samplesCard, this.songCard, this.outcomeCard, this.kitsCard));
    this.samplesCard.addEventListener("drop", (event) => this.#dropped(event));
    this.#makeSamples();
    model.on("jobs", (job) => { if (!job || job.kind === "teach") this.#jobChanged(job); });
    model.on("songs", () => this.#drawSong());
  }

  async show() {
    if (model.toTeach) {
      const lanes = this.views.get("transcribe")?.stage.laneNames ?? [];
      this.chosen = new Map(lanes.map((drum) => [drum, model.toTeach.has(drum)]));
      model.toTeach = null;
    }
    this.#drawSong();
    this.#drawOutcome();
    await this.#list();
  }

  // Loads the lists of kits and samples.
  async #list() {
    this.listed = await this.#lists(() => get("kits")) ?? this.listed;
    this.#drawSamples();
    this.#drawKits();
  }

  #lists = latest();

  // Makes the fields, which stay, and the parts between them that are redrawn.
  #makeSamples() {
    const files = el("input", { type: "file", multiple: true, hidden: true, accept: "audio/*", "aria-label": "Samples", onchange: () => { this.#take([...files.files].map((file) => [file, null])); files.value = ""; } });
    const folder = el("input", { type: "file", webkitdirectory: true, hidden: true, "aria-label": "Folder of samples", onchange: () => { this.#take(ofFolder(folder.files)); folder.value = ""; } });
    const sound = el("input", { type: "text", value: this.sound, maxlength: 40, list: "sounds", onchange: () => { this.sound = sound.value.trim().toLowerCase(); } });
    const names = el("datalist", { id: "sounds" }, model.drums.map((drum) => el("option", { value: drum.name })));
    const level = el("b");
    this.recorder.onlevel = (value) => { level.style.width = `${Math.min(100, value * 130)}%`; };
    this.kitField = this.#kitField();
    this.takenNote = el("p", { class: "hint", role: "status" });
    this.record = el("button", { onclick: () => this.#record() });
    this.samples = el("div");
    this.learn = el("button", { class: "main", onclick: () => this.#teach({ name: this.kit, only: this.only }) }, "Learn this kit");
    this.clear = el("button", { onclick: () => this.#clear() }, "Remove samples");
    this.samplesCard.append(
      el("h3", {}, "From samples or the microphone"),
      el("p", { class: "lede" }, "Single strokes, or a recording of strokes with rests between them, which is cut."),
      el("div", { class: "row" }, field("Kit", this.kitField), field("Sound", sound)), names,
      el("div", { class: "drop" }, el("p", {}, "Drop samples of this sound here, or folders, one for each sound and named after it"),
        el("div", { class: "row" }, el("button", { onclick: () => files.click() }, "Choose files"), el("button", { onclick: () => folder.click() }, "Choose a folder")), this.takenNote, files, folder),
      el("div", { class: "record" }, this.record, el("div", { class: "level", "aria-hidden": "true" }, level)),
      this.samples,
      tick("Detect only these sounds (tapping, beatboxing)", this.only, (on) => { this.only = on; }),
      el("div", { class: "row" }, this.learn, this.clear));
    this.#drawSamples();
  }

  // Both cards teach the same kit.
  #kitField() {
    const kit = el("input", { type: "text", value: this.kit, maxlength: 40, onchange: () => {
      if (NAME.test(kit.value)) this.kit = kit.value;
      this.#drawSamples();
      this.#drawSong();
    } });
    return kit;
  }

  #drawSamples() {
    const samples = Object.entries(this.listed.samples[this.kit] ?? {});
    const rows = samples.map(([name, count]) => el("li", {}, `${words(name)}: ${count} ${count === 1 ? "file" : "files"}`));
    this.samples.replaceChildren(rows.length ? el("ul", { class: "plain" }, rows) : el("p", { class: "hint" }, "No samples yet."));
    this.learn.disabled = !rows.length;
    this.clear.hidden = !rows.length;
    if (document.activeElement !== this.kitField) this.kitField.value = this.kit;
    this.record.textContent = this.recorder.on ? "Stop and keep" : "Record";
    this.record.setAttribute("aria-pressed", String(this.recorder.on));
  }

  async #record() {
    if (!this.recorder.on) {
      this.record.disabled = true;
      await attempt(() => this.recorder.start());
      this.record.disabled = false;
      this.#drawSamples();
      return;
    }
    const wav = this.recorder.stop();
    this.#drawSamples();
    await this.#take([[new File([wav], `take-${Date.now()}.wav`, { type: "audio/wav" }), null]]);
  }

  async #dropped(event) {
    event.preventDefault();
    document.body.classList.remove("dragging");
    await this.#take(await filesAndFolders(event.dataTransfer));
  }

  // Takes samples. The folder of a sample names its sound; without one, the sound in the field is used.
  async #take(samples) {
    const { kit, sound: written } = this;
    const failed = [];
    let done = 0;
    for (const [file, folder] of samples) {
      const sound = soundOf(folder) ?? (written || "snare");
      const path = `samples/${encodeURIComponent(kit)}/${encodeURIComponent(sound)}`;
      try {
        await send(path, file, file.name);
      } catch (error) {
        failed.push(error.message);
      }
      done += 1;
      if (samples.length > 8) this.takenNote.textContent = `${done} of ${samples.length} samples`;
    }
    this.takenNote.textContent = "";
    for (const message of failed.slice(0, 3)) note(message, "error");
    if (failed.length > 3) note(`and ${failed.length - 3} more could not be taken`, "error");
    if (!samples.length) note("There are no recordings.", "error");
    await this.#list();
  }

  async #clear() {
    await attempt(() => remove(`samples/${encodeURIComponent(this.kit)}`));
    await this.#list();
  }

  #drawSong() {
    const stage = this.views.get("transcribe")?.stage;
    const draft = stage?.draft;
    if (!draft) {
      refill(this.songCard, el("h3", {}, "From a song you corrected"), el("p", { class: "hint" }, "Open a song under Transcribe, correct its hits, and come back: it teaches the next ones."));
      return;
    }
    const lanes = stage.laneNames.map((drum) => [drum, draft.lanes.get(drum) ?? []]).filter(([, rows]) => rows.length >= 3);
    const chips = lanes.map(([drum, rows]) => {
      const box = el("input", { type: "checkbox", checked: this.chosen.get(drum) ?? true, onchange: () => this.chosen.set(drum, box.checked) });
      return el("label", {}, box, swatch(model.instrumentOf(drum)), `${words(drum)} (${rows.length})`);
    });
    const name = this.#kitField();
    const learn = () => {
      const sounds = lanes.map(([drum]) => drum).filter((drum) => this.chosen.get(drum) ?? true);
      draft.saved.then(() => this.#teach({ name: name.value, draft: draft.id, sounds }));
    };
    refill(this.songCard,
      el("h3", {}, "From a song you corrected"),
      el("p", { class: "lede" }, stage.song.name),
      field("Kit", name), el("div", { class: "chips" }, chips),
      el("p", { class: "hint" }, "Sounds of your own, such as a clap, are named under Transcribe: select their hits and type a name."),
      el("button", { class: "main", disabled: !lanes.length, onclick: learn }, "Learn from this song"));
  }

  async #teach(body) {
    if (!NAME.test(body.name ?? "")) { note("Give the kit a name.", "error"); return; }
    await attempt(() => post("kits", body));
  }

  async #jobChanged(job) {
    this.#drawOutcome();
    if (!job || job.state === "done") await Promise.all([this.#list(), attempt(() => model.refreshKits())]);
  }

  // The job of the kit that is being taught, or was taught last.
  #drawOutcome() {
    const job = [...model.jobs.values()].filter((one) => one.kind === "teach").pop();
    this.outcomeCard.hidden = !job;
    if (!job) return;
    const title = el("h3", {}, `What was learned: ${job.options.name}`);
    if (job.state !== "done") {
      const text = job.state === "failed" ? job.message : job.state === "cancelled" ? "Stopped." : "Learning \u2026";
      const stop = ["waiting", "running"].includes(job.state) ? el("button", { onclick: () => attempt(() => post(`jobs/${job.id}/cancel`)) }, "Stop") : "";
      refill(this.outcomeCard, title, el("p", { class: job.state === "failed" ? "error" : "" }, text), stop);
      return;
    }
    const { result } = job;
    const better = result.expected > result.alone;
    const figure = (value, text, kind = "") => el("div", {}, el("b", { class: kind }, value.toFixed(2)), el("small", {}, text));
    const bars = result.sounds.map((sound) => {
      const f = (2 * sound.precision * sound.recall) / Math.max(1e-9, sound.precision + sound.recall);
      const bar = el("b");
      bar.style.width = `${100 * f}%`;
      return el("div", { class: "meter" }, el("span", {}, words(sound.name)), el("i", {}, bar), el("span", {}, f.toFixed(2)));
    });
    const confused = result.confused.map(([a, b]) => el("li", {}, `${words(a)} and ${words(b)} can hardly be told apart`));
    refill(this.outcomeCard, title,
      el("div", { class: "verdict" }, figure(result.expected, "F with the kit", better ? "up" : "down"), figure(result.alone, "F of the model alone"),
        el("div", {}, el("b", {}, result.kit ? "kept" : "not kept"), el("small", {}, result.kit ? `as ${result.kit}` : "the model alone is better"))),
      el("div", {}, bars), el("ul", { class: "plain" }, [...confused, ...result.notes.map((line) => el("li", {}, line))]),
      result.kit ? this.#tryIt(result.kit) : "");
  }

  // Transcribes a song with the kit, so that the user can compare both drafts.
  #tryIt(kit) {
    const songs = [...model.songs.values()];
    if (!songs.length) return "";
    let song = this.views.get("transcribe")?.stage.song?.id ?? songs[0].id;
    const hear = async () => {
      const job = await attempt(() => post(`songs/${song}/hear`, { kit }));
      if (!job) return;
      const view = this.views.go("transcribe");
      view.choose(song);
      view.follow(job);
    };
    return el("div", { class: "row" }, choice("Try it on", songs.map((one) => [String(one.id), one.name]), String(song), (id) => { song = Number(id); }), el("button", { class: "main", onclick: hear }, "Transcribe with this kit"));
  }

  #drawKits() {
    const kits = this.listed.kits.map((kit) => el("tr", {},
      el("td", {}, kit.name), el("td", {}, kit.error ?? kit.sounds.map((sound) => words(sound.name)).join(", ")),
      el("td", {}, kit.made ?? ""), el("td", {}, el("button", { "aria-label": `Delete the kit ${kit.name}`, onclick: () => this.#delete(kit.name) }, "Delete"))));
    refill(this.kitsCard, el("h3", {}, "Kits"), kits.length
      ? el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, ["Kit", "Hears", "Made", ""].map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, kits)))
      : el("p", { class: "hint" }, "No kits yet."));
  }

  async #delete(name) {
    if (!window.confirm(`Delete the kit ${name}?`)) return;
    await attempt(() => remove(`kits/${encodeURIComponent(name)}`));
    await Promise.all([this.#list(), attempt(() => model.refreshKits())]);
  }
}

// The sound that a folder is named after: a drum's, or the player's own; null without a folder.
function soundOf(folder) {
  if (!folder) return null;
  const name = folder.trim().toLowerCase().slice(0, 40);
  const drum = name.replace(/[\s-]+/g, "_");
  return model.drumByName.has(drum) ? drum : name;
}
