// The study of what helps to tell drums apart: charts of its networks, tables, pictures.

import { get } from "./api.js";
import { choice, el, swatch, words } from "./dom.js";
import { curves } from "./charts.js";

const MIDDLE = { family: "cnn", formulation: "multi-class", per_class: "160", augment: "full", after_ms: "250.0", spectrogram: "mel", patience: "1" };
const ACROSS = [["per_class", "one-shots of each drum"], ["after_ms", "milliseconds of sound after the attack"], ["multiply_adds", "cost, multiply-adds of a window"], ["patience", "times as many steps"]];
const CURVES = [["formulation", "the formulation"], ["family", "the family of networks"], ["augment", "augmentation"], ["spectrogram", "the spectrogram"]];
const MEASURES = { accuracy: "accuracy", macro_f: "F, mean over drums", calibration_error: "calibration error", f_kick: "F of kicks", f_snare: "F of snares", f_hihat: "F of hi-hats", f_tom: "F of toms", f_cymbal: "F of cymbals" };
const CLASSES = ["kick", "snare", "hihat", "tom", "cymbal"];

export class Study {
  asked = { across: "per_class", curve: "formulation", measure: "accuracy", family: "cnn", table: 0 };

  constructor() {
    this.node = el("section", { class: "card across", "aria-label": "The study", hidden: true });
  }

  async show() {
    if (this.data) return;
    this.data = await get("training/study").catch(() => null); // a plain install may lack it
    this.node.hidden = !this.data;
    if (this.data) this.#draw();
  }

  #draw() {
    this.explored = el("div", { class: "halves" });
    this.table = el("div", { class: "wide" });
    const ask = (label, options, name, act) => choice(label, options, String(this.asked[name]), (value) => { this.asked[name] = value; act(); });
    const explore = () => this.#explore();
    const pictures = this.data.pictures.map((name) => {
      const title = words(name.replace(".png", ""));
      return el("figure", {}, el("a", { href: `api/training/study/${name}`, target: "_blank" }, el("img", { src: `api/training/study/${name}`, alt: `Picture of the study: ${title}`, loading: "lazy" })), el("figcaption", { class: "hint" }, title));
    });
    this.node.replaceChildren(
      el("h3", {}, "The study: what matters in drum classification"),
      el("p", { class: "lede" }, this.data.short),
      el("div", { class: "row roomy" },
        ask("Show", Object.entries(MEASURES), "measure", explore), ask("Against", ACROSS, "across", explore),
        ask("A curve for each of", CURVES, "curve", explore), ask("With the family", ["cnn", "dense"], "family", explore)),
      this.explored,
      el("div", { class: "row" }, ask("All tables", this.data.tables.map((table, i) => [String(i), table.title]), "table", () => this.#drawTable())),
      this.table,
      el("details", {}, el("summary", {}, "Pictures"), el("div", { class: "gallery" }, pictures)));
    this.#explore();
    this.#drawTable();
  }

  // Networks that differ from the reference network only in the chosen property.
  #cells() {
    const { across, curve, family } = this.asked;
    const free = new Set([curve, across === "multiply_adds" ? "family" : across]);
    const middle = { ...MIDDLE, family };
    return this.data.cells.filter((cell) => this.data.varied.every((name) => free.has(name) || cell[name] === middle[name]));
  }

  #explore() {
    const { across, curve, measure } = this.asked;
    const cells = this.#cells();
    const series = {};
    for (const cell of cells) (series[nameOf(curve, cell[curve])] ??= []).push([Number(cell[across]), cell[measure]]);
    for (const own of Object.values(series)) own.sort((a, b) => a[0] - b[0]);
    const low = Math.min(...cells.map((cell) => cell[measure]));
    const [xName, yName] = [ACROSS.find(([key]) => key === across)[1], MEASURES[measure]];
    const chart = curves(`${yName} against ${xName}`, series, { from: Math.max(0, low - 0.05), log: across === "multiply_adds", ticks: true, xName, yName });
    const best = [...cells].sort((a, b) => b.accuracy - a.accuracy)[0];
    this.explored.replaceChildren(
      el("div", {}, chart, el("p", { class: "hint" }, `${cells.length} networks, each the mean of 3 seeds, on 185 one-shots of kits that are in no training data. Unless stated otherwise: multi-class, 160 one-shots of each drum, augmented, 250 ms.`)),
      best ? confusionsOf(best) : "");
  }

  #drawTable() {
    const { head, rows } = this.data.tables[Number(this.asked.table)];
    this.table.replaceChildren(el("table", {},
      el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), rest.map((text) => el("td", {}, text)))))));
    this.table.tabIndex = 0;
    this.table.setAttribute("role", "region");
    this.table.setAttribute("aria-label", "Table of the study");
  }
}

function nameOf(curve, value) {
  if (curve !== "augment") return value;
  return value === "full" ? "all augmentation" : value === "none" ? "none" : `all but ${words(value)}`;
}

function confusionsOf(cell) {
  const most = Math.max(...cell.confusion.flat());
  const head = el("tr", {}, el("th", { scope: "col" }, "played \\ detected"), CLASSES.map((name) => el("th", { scope: "col" }, words(name))));
  const rows = cell.confusion.map((row, i) => el("tr", {}, el("th", { scope: "row" }, swatch(CLASSES[i]), words(CLASSES[i])), row.map((count, j) => {
    const td = el("td", {}, count || "\u00b7");
    td.style.background = `color-mix(in srgb, var(--${i === j ? "good" : "bad"}) ${Math.round((45 * count) / most)}%, transparent)`;
    return td;
  })));
  return el("div", { class: "wide" }, el("h4", {}, `Confusions of the best shown: ${cell.family}, ${cell.formulation}, ${cell.accuracy.toFixed(3)}`), el("table", {}, el("thead", {}, head), el("tbody", {}, rows)));
}
