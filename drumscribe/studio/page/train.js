// Training: a small network on a folder of samples, with progress, stop, continue, comparison and a trial on a song.

import { post } from "./api.js";
import { attempt, choice, el, field, latest, refill, words } from "./dom.js";
import { curves } from "./charts.js";
import { model } from "./model.js";
import { Study } from "./study.js";

const FAMILIES = ["cnn", "dense", "tcn", "crnn", "rnn", "lstm", "gru", "transformer"];
const FORMULATIONS = [["multi-class", "which drum is it (multi-class)"], ["multi-label", "any at once (multi-label)"], ["binary", "each or not (binary)"]];

export class Training {
  asked = { name: "mine", samples: "", family: "cnn", formulation: "multi-class", steps: 300, classes: ["kick", "snare", "hihat", "tom", "cymbal"] };

  constructor() {
    this.askCard = el("section", { class: "card", "aria-label": "New run" });
    this.saysCard = el("section", { class: "card", "aria-label": "What was read", hidden: true });
    this.runsCard = el("section", { class: "card across", "aria-label": "Runs" });
    this.triedCard = el("section", { class: "card across", "aria-label": "Tried", hidden: true });
    this.songChoice = el("div", { class: "row", hidden: true });
    this.study = new Study();
    this.node = el("div", { class: "page" },
      el("header", {}, el("h2", {}, "Train a network"), el("p", {}, "Train a small network on your own folder of samples to tell drums apart. This is for learning and experiments: the bundled models transcribe better.")),
      el("div", { class: "cards" }, this.askCard, this.saysCard, this.runsCard, this.triedCard, this.study.node));
    model.on("jobs", (job) => { if (!job || job.kind === "train") this.#drawRuns(); });
    model.on("songs", () => this.#drawRuns());
    this.#drawAsk();
    this.#drawRuns();
  }

  show() {
    this.#drawRuns();
    this.study.show();
  }

  #drawAsk() {
    if (!model.trains) {
      this.askCard.replaceChildren(el("h3", {}, "Not installed"), el("p", { class: "lede" }, model.hosted ? "A hosted studio does not train." : "Training needs more packages: "), model.hosted ? "" : el("pre", {}, 'pip install "drumscribe[train]"'));
      return;
    }
    const text = (label, name, props = {}) => {
      const input = el("input", { type: "text", value: this.asked[name], ...props, onchange: () => { this.asked[name] = input.value; } });
      return field(label, input);
    };
    this.askCard.replaceChildren(
      el("h3", {}, "New run"),
      text("Folder of samples on this machine; file or folder names give the drum", "samples", { placeholder: "such as ~/samples" }),
      el("div", { class: "row" }, text("Name", "name", { maxlength: 30 }), text("Steps", "steps", { type: "number", min: 50 })),
      el("fieldset", { class: "chips" }, el("legend", {}, "Drums to tell apart"), model.instruments.map((name) => this.#drum(name))),
      choice("Question", FORMULATIONS, this.asked.formulation, (value) => { this.asked.formulation = value; }),
      choice("Family of networks", FAMILIES, this.asked.family, (value) => { this.asked.family = value; }),
      el("div", { class: "row" },
        el("button", { onclick: () => this.#ask("inspect", "What is in the folder") }, "Read the folder"),
        el("button", { onclick: () => this.#ask("costs", "What each family costs") }, "Costs"),
        el("button", { class: "main", onclick: () => attempt(() => post("training/runs", this.asked)) }, "Start")));
  }

  #drum(name) {
    const box = el("input", { type: "checkbox", checked: this.asked.classes.includes(name), onchange: () => {
      this.asked.classes = model.instruments.filter((one) => (one === name ? box.checked : this.asked.classes.includes(one)));
    } });
    return el("label", {}, box, words(name));
  }

  async #ask(what, title) {
    this.saysCard.hidden = false;
    this.saysCard.replaceChildren(el("h3", {}, title), el("p", { class: "hint" }, "One moment \u2026"));
    const said = await this.#said(() => post(`training/${what}`, this.asked));
    this.saysCard.replaceChildren(el("h3", {}, title), said ? el("pre", { tabindex: 0 }, said.lines.join("\n")) : "");
  }

  #said = latest();
  #tried = latest();

  #drawRuns() {
    const runs = [...model.jobs.values()].filter((job) => job.kind === "train").reverse();
    if (!runs.length) { refill(this.runsCard, el("h3", {}, "Runs"), el("p", { class: "hint" }, "No runs yet.")); return; }
    const series = Object.fromEntries(runs.filter((job) => job.result?.curve?.length).slice(0, 5).map((job) => [`${job.options.name} (${job.options.family})`, job.result.curve]));
    const rows = runs.map((job) => el("tr", {}, el("th", { scope: "row" }, job.options.name), el("td", {}, `${job.options.family}, ${job.options.formulation}`),
      el("td", {}, stateOf(job)), el("td", {}, accuracyOf(job)), el("td", {}, this.#actions(job))));
    const head = ["Run", "Network", "State", "Held-out accuracy", ""].map((text) => el("th", { scope: "col" }, text));
    const best = runs.find((job) => job.result?.measured);
    refill(this.runsCard, el("h3", {}, "Runs"),
      curves("Loss by step, a curve for each run", series, { xName: "step", yName: "loss" }), this.#songToTry(runs),
      el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows))),
      best ? confusionsOf(best) : "");
  }

  #actions(job) {
    if (["waiting", "running"].includes(job.state)) return el("button", { "data-key": `stop-${job.id}`, onclick: () => attempt(() => post(`jobs/${job.id}/cancel`)) }, "Stop");
    if (job.state !== "done") return el("button", { "data-key": `on-${job.id}`, onclick: () => attempt(() => post(`jobs/${job.id}/again`)) }, "Continue");
    return model.songs.size ? el("button", { "data-key": `try-${job.id}`, onclick: () => this.#try(job) }, "Try on the song") : "";
  }

  // The song on which runs are tried: the user's choice, or the newest. Redrawn only if the songs change.
  #songToTry(runs) {
    const songs = [...model.songs.values()].map((song) => [String(song.id), song.name]);
    this.songChoice.hidden = !songs.length || !runs.some((job) => job.state === "done");
    if (songs.join() === this.offered) return this.songChoice;
    this.offered = songs.join();
    if (!model.songs.has(this.song)) this.song = [...model.songs.keys()].pop();
    this.songChoice.replaceChildren(choice("Song to try a run on", songs, String(this.song), (id) => { this.song = Number(id); }));
    return this.songChoice;
  }

  async #try(job) {
    const stage = model.songs.get(this.song);
    this.triedCard.hidden = false;
    this.triedCard.replaceChildren(el("h3", {}, `${job.options.name} on ${stage.name}`), el("p", { class: "hint" }, "Transcribing \u2026"));
    const said = await this.#tried(() => post("training/try", { name: job.options.name, song: stage.id }));
    const lines = (said?.found ?? []).slice(0, 400).map((row) => `${Number(row.time).toFixed(3).padStart(9)} s   ${words(row.class).padEnd(12)} ${Number(row.probability).toFixed(2)}`);
    this.triedCard.replaceChildren(el("h3", {}, `${job.options.name} on ${stage.name}`), el("pre", { tabindex: 0 }, lines.join("\n") || "no hits"));
  }
}

function stateOf(job) {
  if (job.state === "running") return `${Math.round(100 * job.share)} %`;
  return job.state === "failed" ? job.message : job.state;
}

function accuracyOf(job) {
  const measured = job.result?.measured;
  const value = measured?.single?.accuracy ?? measured?.accuracy;
  return value === undefined ? "\u2013" : Number(value).toFixed(3);
}

function confusionsOf(job) {
  const single = job.result.measured.single ?? job.result.measured;
  const { confusion, classes } = single;
  if (!confusion?.length) return "";
  const head = el("tr", {}, el("th", { scope: "col" }, "played \\ detected"), classes.map((name) => el("th", { scope: "col" }, words(name))));
  const rows = confusion.map((row, i) => el("tr", {}, el("th", { scope: "row" }, words(classes[i])), row.map((value) => el("td", {}, value))));
  return el("div", { class: "wide" }, el("h3", {}, `Confusions of ${job.options.name}`), el("table", {}, el("thead", {}, head), el("tbody", {}, rows)));
}
