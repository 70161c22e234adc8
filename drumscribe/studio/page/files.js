// Export of files, and further drafts of the song: by another model, with a kit, or near a given tempo.

import { post, remove } from "./api.js";
import { attempt, choice, el, field, tick } from "./dom.js";
import { model } from "./model.js";

const TITLES = { mid: "MIDI", csv: "CSV", json: "JSON", audacity: "Audacity labels", reaper: "Reaper markers", musicxml: "MusicXML", dawproject: "DAWproject", rpp: "Reaper project", chart: "Clone Hero" };

export function exportPanel(view) {
  const { draft, song } = view.stage;
  const stem = song.name.replace(/^.*\//, "").replace(/\.[^.]*$/, "");
  const query = view.startAtBar ? "?start_at_bar=1" : "";
  const file = (path, name, title, hint) => {
    const link = el("a", { class: "button", href: `api/drafts/${draft.id}/${path}`, download: name, draggable: "true", title: "Click to save, or drag out of the window" }, title, el("small", {}, hint));
    link.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData("DownloadURL", `application/octet-stream:${name}:${link.href}`);
    });
    return link;
  };
  const formats = model.formats.map(({ name, ending }) => file(`export/${name}${query}`, `${stem}${ending}`, TITLES[name] ?? name.toUpperCase(), ending));
  return [
    el("div", { class: "files" }, formats),
    tick("MIDI starts on a bar line", view.startAtBar, (on) => { view.startAtBar = on; view.inspector.redraw("Export"); }),
    el("div", { class: "files" }, file("sound/drums", `${stem}-drums.wav`, "With drums", ".wav"), file("sound/clicks?split=1", `${stem}-clicks.wav`, "Left/right clicks", ".wav")),
  ];
}

export function draftPanel(view, asked) {
  const { song, draft } = view.stage;
  const drafts = song.drafts.map((one) => [String(one.id), `${one.label}${one.position ? `, ${one.position} edits` : ""}`]);
  const hear = async () => {
    const job = await attempt(() => post(`songs/${song.id}/hear`, clean(asked)));
    if (job) view.follow(job);
  };
  const more = draft && song.drafts.length > 1;
  return [
    drafts.length ? choice("Current draft", drafts, String(draft?.id), (id) => view.open(song.id, Number(id))) : null,
    more ? el("button", { onclick: () => discard(draft) }, "Discard this draft") : null,
    el("h3", {}, "Transcribe again"),
    el("div", { class: "row" },
      choice("Model", model.models.map((name) => [name, name]), asked.model || model.defaultModel, (value) => { asked.model = value === model.defaultModel ? "" : value; }),
      choice("Kit", [["", "none"], ...model.kits.map((name) => [name, name])], asked.kit, (value) => { asked.kit = value; })),
    el("div", { class: "row" },
      field("Approximate BPM", el("input", { type: "number", min: 20, max: 400, value: asked.tempo, onchange: (event) => { asked.tempo = event.target.value; } })),
      field("Meter", el("input", { type: "text", placeholder: "4/4", value: asked.meter, onchange: (event) => { asked.meter = event.target.value.trim(); } }))),
    tick("Also other percussion", asked.percussion, (on) => { asked.percussion = on; }),
    el("button", { onclick: hear }, "Transcribe again"),
    el("p", { class: "hint" }, "This makes a new draft; your other drafts stay as they are."),
  ].filter(Boolean);
}

async function discard(draft) {
  if (window.confirm("Discard this draft and its edits?")) await attempt(() => remove(`drafts/${draft.id}`));
}

const clean = (asked) => Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
