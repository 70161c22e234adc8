// The readings of a rhythm, each with its probability, and buttons that change the current one.

import { el, say } from "./dom.js";
import { barsLater, beatsPerBar, scaled, tempoText, temposOf } from "./tempo.js";

const TEMPO_LIMITS = [20, 400]; // as in tempo_map.py
const LIKELY = [[0.9, "almost certain"], [0.5, "likely"], [0.2, "quite possible"], [0, "unlikely"]];

const likely = (probability) => LIKELY.find(([least]) => probability >= least)[1];

// The readings to choose from, if there are several.
export function readingList(draft) {
  const { readings, rhythm } = draft;
  if (readings.length < 2) return null;
  const items = readings.map((reading, i) => {
    const checked = !rhythm?.altered && (rhythm?.reading ?? 0) === i;
    const take = () => { draft.read(i); say(`${tempoText(draft.rhythm)}, ${reading.relation}`); };
    const input = el("input", { type: "radio", name: "reading", checked, onchange: take, "data-key": `reading ${i}` });
    const how = `${tempoText(reading)} \u00b7 ${likely(reading.probability)}, ${Math.round(100 * reading.probability)}\u00a0%`;
    return el("label", { class: "inline" }, input, el("span", {}, el("b", {}, reading.relation || "as detected"), el("small", {}, how)));
  });
  return el("fieldset", { class: "readings" }, el("legend", {}, "Possible readings"), items);
}

export function faster(draft, factor, text) {
  const map = draft.rhythm?.tempo_map;
  const fits = map && temposOf(map).every((tempo) => tempo * factor >= TEMPO_LIMITS[0] && tempo * factor <= TEMPO_LIMITS[1]);
  const set = () => draft.setRhythm({ ...draft.rhythm, tempo_map: scaled(map, factor), shift: 0 }, `${text} the tempo`);
  return el("button", { disabled: !fits, onclick: set }, text);
}

// Shifts bars a beat earlier or later; a whole bar of shifts changes nothing.
export function byBeats(draft, by) {
  const map = draft.rhythm?.tempo_map;
  const beats = map ? beatsPerBar(map) : 1;
  const text = by < 0 ? "earlier" : "later";
  const set = () => {
    const before = draft.rhythm.shift ?? 0;
    const shift = (before + by + beats) % beats;
    draft.setRhythm({ ...draft.rhythm, tempo_map: barsLater(map, shift - before), shift }, `Shift bars a beat ${text}`);
  };
  return el("button", { disabled: beats < 2, onclick: set, "aria-label": `Shift bars a beat ${text}` }, text);
}
