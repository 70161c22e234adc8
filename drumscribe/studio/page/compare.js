// Compares a draft with a reference or another draft, and models by their measured scores.

import { get, post, send } from "./api.js";
import { attempt, choice, el, field, latest, note, refill, swatch, words } from "./dom.js";
import { frontier } from "./charts.js";
import { model } from "./model.js";

export class Comparing {
  constructor(views) {
    this.views = views;
    this.draft = null;
    this.against = "";
    this.reference = null;
    this.tolerance = 50;
    this.askCard = el("section", { class: "card", "aria-label": "What to compare" });
    this.scoreCard = el("section", { class: "card across", "aria-live": "polite", "aria-label": "Figures", hidden: true });
    this.chartCard = el("section", { class: "card", "aria-label": "Frontier", hidden: true });
    this.modelCard = el("section", { class: "card across", "aria-label": "Models" });
    this.node = el("div", { class: "page" },
      el("header", {}, el("h2", {}, "How accurate is it?"), el("p", {}, "Compare a draft with a reference (MIDI, or labels as text), or with another draft of the song. Click a figure to see and hear its errors.")),
      el("div", { class: "cards" }, this.askCard, this.chartCard, this.scoreCard, this.modelCard));
    model.on("songs", () => { if (this.#offer !== this.#offered) this.#drawAsk(); });
    this.#drawModels();
  }

  show() {
    const stage = this.views.get("transcribe")?.stage;
    this.draft ??= stage?.draft?.id ?? null;
    this.#drawAsk();
  }

  get #drafts() {
    return [...model.songs.values()].flatMap((song) => song.drafts.map((draft) => ({ ...draft, name: `${song.name}: ${draft.label}${draft.position ? ", edited" : ""}` })));
  }

  // Redraws the card when the choices change.
  get #offer() { return JSON.stringify(this.#drafts.map((one) => [one.id, one.name])); }
  #offered = null;

  #drawAsk() {
    const drafts = this.#drafts;
    this.#offered = this.#offer;
    if (!drafts.length) { refill(this.askCard, el("h3", {}, "Compare"), el("p", { class: "hint" }, "Transcribe a song first.")); return; }
    this.draft = drafts.some((one) => one.id === this.draft) ? this.draft : drafts[drafts.length - 1].id;
    const song = drafts.find((one) => one.id === this.draft).song;
    const others = drafts.filter((one) => one.song === song && one.id !== this.draft).map((one) => [String(one.id), one.name]);
    const file = el("input", { type: "file", hidden: true, accept: ".mid,.midi,.txt,.csv,.json", "aria-label": "Reference", onchange: () => this.#take(file.files[0]) });
    const tolerance = el("input", { type: "number", min: 1, max: 500, value: this.tolerance, onblur: () => setTimeout(() => this.#drawAsk()), onchange: () => { this.tolerance = Number(tolerance.value); } });
    refill(this.askCard,
      el("h3", {}, "Compare"),
      choice("Draft", drafts.map((one) => [String(one.id), one.name]), String(this.draft), (id) => { this.draft = Number(id); this.against = ""; this.#drawAsk(); }),
      choice("Compare with", [["", this.reference ? `file: ${this.reference.name}` : "a reference file"], ...others], this.against, (id) => { this.against = id; }),
      el("div", { class: "row" }, el("button", { onclick: () => file.click() }, "Choose a file"), file, field("Tolerance, ms", tolerance)),
      el("button", { class: "main", onclick: () => this.#compare() }, "Compare"));
  }

  async #take(file) {
    const taken = await attempt(() => send("references", file, file.name));
    if (!taken) return;
    this.reference = { key: taken.reference, name: file.name };
    this.against = "";
    this.#drawAsk();
    await this.#compare();
  }

  async #compare() {
    const body = { draft: this.draft, tolerance: this.tolerance / 1000 };
    if (this.against) body.against = Number(this.against);
    else if (this.reference) body.reference = this.reference.key;
    else { note("Choose a reference file, or another draft.", "error"); return; }
    await this.views.get("transcribe")?.stage.draft?.saved;
    const scores = await this.#scored(() => post("scores", body));
    if (scores) this.#drawScores(scores, body.draft);
  }

  #scored = latest();

  // Requests and shows the scores of a draft.
  #drawScores(scores, draft) {
    const figure = (value) => (value === null ? "\u2013" : value.toFixed(3));
    const count = (list, name) => list.filter(([, one]) => name === "micro" || name === "onset" || one === name).length;
    const rows = scores.rows.map((row) => {
      const name = row.name === "micro" ? "all drums" : row.name === "onset" ? "any onset" : words(row.name);
      const errors = (kind) => {
        const n = count(scores[kind], row.name);
        if (row.name === "onset") return "";
        return el("button", { class: "figure", disabled: !n, "aria-label": `${n} ${kind}, ${name}: show`, onclick: () => this.#see(draft, scores, kind, row.name) }, n);
      };
      const mark = model.instruments.includes(row.name) ? swatch(row.name) : "";
      return el("tr", {}, el("th", { scope: "row" }, mark, name), [row.precision, row.recall, row.f].map((value) => el("td", {}, figure(value))),
        el("td", {}, row.reference), el("td", {}, errors("missing")), el("td", {}, errors("false")), el("td", {}, row.offset_median_ms === null ? "\u2013" : `${row.offset_median_ms.toFixed(1)} ms`));
    });
    const head = ["Drum", "Precision", "Recall", "F", "Played", "Missing", "False", "Late by"].map((text) => el("th", { scope: "col" }, text));
    const micro = scores.rows.find((row) => row.name === "micro");
    const big = (value, text) => el("div", {}, el("b", {}, value), el("small", {}, text));
    const confused = scores.confused.slice(0, 6).map(([missed, heard, n]) => el("li", {}, `${n} \u00d7 ${words(missed)} heard as ${words(heard)}`));
    this.scoreCard.hidden = false;
    this.scoreCard.replaceChildren(
      el("h3", {}, "Figures"),
      el("div", { class: "verdict" }, big(figure(micro?.f ?? null), "F of all drums"), big(scores.edits === null ? "\u2013" : scores.edits.toFixed(1), "edits per 100 notes"), big(scores.missing.length, "missing"), big(scores.false.length, "false")),
      el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows))),
      confused.length ? el("ul", { class: "plain" }, confused) : "");
  }

  // Shows the errors of a figure on the stage, at the first of them.
  #see(draft, scores, kind, name) {
    const own = ([, one]) => name === "micro" || one === name;
    const errors = { missing: scores.missing.filter(own), false: scores.false.filter(own) };
    const song = this.#drafts.find((one) => one.id === draft)?.song;
    this.views.go("transcribe").showErrors(song, draft, errors, errors[kind][0]?.[0]);
  }

  async #drawModels() {
    const found = await attempt(() => get("models"));
    if (!found) return;
    const measured = found.models.filter((one) => one.measured?.held_out?.produced);
    const dots = measured.map((one) => ({ name: one.name, x: one.measured.multiply_adds, y: one.measured.held_out.produced.micro }));
    const rows = found.models.map((one) => el("tr", {}, el("th", { scope: "row" }, one.name), el("td", {}, one.version), el("td", {}, `${(one.kilobytes / 1000).toFixed(1)} MB`),
      el("td", {}, one.measured?.held_out?.produced?.micro?.toFixed(3) ?? "\u2013"), el("td", {}, one.measured?.held_out?.dry?.micro?.toFixed(3) ?? "\u2013"), el("td", {}, one.licence), el("td", { class: "text" }, one.description)));
    const head = ["Model", "Version", "Size", "F, full songs", "F, drums alone", "Licence", ""].map((text) => el("th", { scope: "col" }, text));
    this.chartCard.hidden = dots.length < 2;
    if (dots.length > 1) {
      const chart = frontier("F of each model against its multiply-adds per second of sound", dots, "multiply-adds per second of sound", "F, full songs");
      this.chartCard.replaceChildren(el("h3", {}, "Accuracy against cost"), chart);
    }
    this.modelCard.replaceChildren(el("h3", {}, "Models"),
      el("p", { class: "lede" }, "Measured at release on held-out rendered songs; the figures of real recordings are in the README."),
      el("div", { class: "wide" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows))));
  }
}
